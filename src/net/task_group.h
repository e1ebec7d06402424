#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace mread::net {

namespace asio = boost::asio;

/// Owns coroutines that run at the same time as their owner, on the owner's strand: each can be
/// cancelled, and join() waits until all have ended. Tasks may refer to their owner's state as long
/// as the owner joins before it ends. An exception ends its task and is dropped: tasks report by
/// other means.
///
/// Used on one strand only, but for close().
class TaskGroup {
 public:
  using Id = uint64_t;

  explicit TaskGroup(asio::any_io_executor strand);
  /// Cancels what is left, without waiting for it.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// The task begins at the strand's next turn.
  Id spawn(asio::awaitable<void> task);
  /// Cancels one task (cancellation_type::terminal); nothing where it has ended.
  void cancel(Id id);
  void cancel_all();
  /// Completes when no task is left, also when the caller is cancelled meanwhile (the tasks are
  /// then cancelled too).
  asio::awaitable<void> join();
  /// For good: closed() is true from now on, so that the owner spawns nothing more, all tasks are
  /// cancelled, and it completes as join() does. Called from any strand; the owner outlives it.
  asio::awaitable<void> close();
  bool closed() const;
  size_t size() const;

 private:
  asio::awaitable<void> close_on_strand();

  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace mread::net
