#include "serve/gate.h"

#include <algorithm>
#include <deque>
#include <mutex>

#include <boost/asio/post.hpp>

#include "net/event.h"

namespace mread::serve {

// `stage` is guarded by the gate's mutex; the event belongs to the strand.
struct Gate::Waiter {
  explicit Waiter(const asio::any_io_executor& any_executor) : strand(any_executor), changed(any_executor) {}
  enum class Stage { queued, inside, left } stage = Stage::queued;
  asio::any_io_executor strand;
  net::Event changed;
};

struct Gate::State {
  uint64_t places = 0;
  uint64_t queue_places = 0;
  mutable std::mutex mutex;
  uint64_t inside = 0;
  std::deque<std::shared_ptr<Waiter>> queue;

  bool has_room() const { return places == 0 || inside < places; }

  // With the mutex held.
  void admit() {
    while (!queue.empty() && has_room()) {
      const auto next = std::move(queue.front());
      queue.pop_front();
      next->stage = Waiter::Stage::inside;
      ++inside;
      asio::post(next->strand, [next] { next->changed.notify(); });
    }
  }

  void leave(const std::shared_ptr<Waiter>& waiter) {
    const std::lock_guard lock(mutex);
    if (waiter->stage == Waiter::Stage::inside) {
      --inside;
    } else if (waiter->stage == Waiter::Stage::queued) {
      queue.erase(std::remove(queue.begin(), queue.end(), waiter), queue.end());
    }
    waiter->stage = Waiter::Stage::left;
    admit();
  }

  Waiter::Stage stage(const Waiter& waiter) const {
    const std::lock_guard lock(mutex);
    return waiter.stage;
  }
};

Gate::Place::Place(std::shared_ptr<State> state, std::shared_ptr<Waiter> waiter)
    : state_(std::move(state)), waiter_(std::move(waiter)) {}

Gate::Place::~Place() { state_->leave(waiter_); }

asio::awaitable<bool> Gate::Place::wait() {
  const auto state = state_;
  const auto waiter = waiter_;
  bool waiting = true;
  while (waiting && state->stage(*waiter) == Waiter::Stage::queued) waiting = co_await waiter->changed.wait();
  co_return waiting && state->stage(*waiter) == Waiter::Stage::inside;
}

void Gate::Place::give_up() {
  state_->leave(waiter_);
  waiter_->changed.notify();
}

Gate::Gate(uint64_t places) : state_(std::make_shared<State>()) { state_->places = places; }

void Gate::set_places(uint64_t places, uint64_t queue) {
  const std::lock_guard lock(state_->mutex);
  state_->places = places;
  state_->queue_places = queue;
  state_->admit();
}

std::unique_ptr<Gate::Place> Gate::queue(const asio::any_io_executor& strand) {
  auto waiter = std::make_shared<Waiter>(strand);
  const std::lock_guard lock(state_->mutex);
  const bool must_wait = !state_->has_room();
  if (must_wait && state_->queue_places != 0 && state_->queue.size() >= state_->queue_places) return nullptr;
  state_->queue.push_back(waiter);
  state_->admit();
  return std::make_unique<Place>(state_, std::move(waiter));
}

uint64_t Gate::inside() const {
  const std::lock_guard lock(state_->mutex);
  return state_->inside;
}

uint64_t Gate::waiting() const {
  const std::lock_guard lock(state_->mutex);
  return state_->queue.size();
}

}  // namespace mread::serve
