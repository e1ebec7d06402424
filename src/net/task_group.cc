#include "net/task_group.h"

#include <exception>
#include <map>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/nothrow.h"

namespace mread::net {
namespace {

// Begins at the strand's next turn, so that spawning never runs the task inside its owner's call.
asio::awaitable<void> begin_later(asio::awaitable<void> task) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto strand = co_await asio::this_coro::executor;
  co_await asio::post(strand, nothrow);
  co_await asio::this_coro::throw_if_cancelled(true);
  co_await std::move(task);
}

}  // namespace

struct TaskGroup::State {
  explicit State(asio::any_io_executor any_executor)
      : strand(std::move(any_executor)), ended(strand, asio::steady_timer::time_point::max()) {}

  asio::any_io_executor strand;
  asio::steady_timer ended;
  std::map<Id, asio::cancellation_signal> tasks;
  Id next = 0;
  bool closed = false;
};

TaskGroup::TaskGroup(asio::any_io_executor strand)
    : state_(std::make_shared<State>(std::move(strand))) {}

TaskGroup::~TaskGroup() { cancel_all(); }

TaskGroup::Id TaskGroup::spawn(asio::awaitable<void> task) {
  const Id id = state_->next++;
  auto& signal = state_->tasks[id];
  const auto on_end = [state = state_, id](std::exception_ptr) {
    state->tasks.erase(id);
    state->ended.cancel();
  };
  try {
    asio::co_spawn(state_->strand, begin_later(std::move(task)),
                   asio::bind_cancellation_slot(signal.slot(), on_end));
  } catch (...) {
    // join() would wait for it.
    state_->tasks.erase(id);
    throw;
  }
  return id;
}

void TaskGroup::cancel(Id id) {
  const auto found = state_->tasks.find(id);
  if (found != state_->tasks.end()) found->second.emit(asio::cancellation_type::terminal);
}

void TaskGroup::cancel_all() {
  for (auto& [id, signal] : state_->tasks) signal.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> TaskGroup::join() {
  const auto state = state_;
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  bool told = false;
  while (!state->tasks.empty()) {
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (!told && cancellation.cancelled() != asio::cancellation_type::none) {
      told = true;
      for (auto& [id, signal] : state->tasks) signal.emit(asio::cancellation_type::terminal);
    }
    const auto [code] = co_await state->ended.async_wait(nothrow);
    static_cast<void>(code);
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
}

asio::awaitable<void> TaskGroup::close() {
  co_await asio::co_spawn(state_->strand, close_on_strand(), asio::use_awaitable);
}

asio::awaitable<void> TaskGroup::close_on_strand() {
  state_->closed = true;
  cancel_all();
  co_await join();
}

bool TaskGroup::closed() const { return state_->closed; }

size_t TaskGroup::size() const { return state_->tasks.size(); }

}  // namespace mread::net
