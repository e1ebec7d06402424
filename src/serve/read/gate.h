#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace mread::serve {

namespace asio = boost::asio;

/// Hands out a limited number of slots; who gets none waits for one in a queue.
///
/// Order   A free slot goes to the client that has the fewest; of several such clients to the one
///         whose turn was the longest ago; of one client's waiters to the first that came. So a
///         client with many in the queue holds a share of the slots while others wait, and all of
///         them if nobody does.
/// Full    If the queue is full, one more is let in only instead of the newest of the client that
///         has the most in it, and only if that client then still has as many as the new one's.
///
/// Safe to use from several threads; it outlives its slots.
class Gate {
  struct State;
  struct Waiter;

 public:
  enum class Entry {
    inside,
    late,      ///< it has waited too long
    made_way,  ///< for another client's, in a full queue
    given_up,  ///< give_up() was called, or the coroutine cancelled
  };

  /// A wait in the queue, and then a slot. Destroying it gives either up. Used on one strand.
  class Slot {
   public:
    Slot(std::shared_ptr<State> state, std::shared_ptr<Waiter> waiter);
    ~Slot();
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    /// Completes once inside, or when that is not to be. `longest`: the longest wait; 0: any.
    asio::awaitable<Entry> wait(std::chrono::milliseconds longest);
    void give_up();

   private:
    std::shared_ptr<State> state_;
    std::shared_ptr<Waiter> waiter_;
  };

  /// 0: any number.
  explicit Gate(uint64_t slots);
  /// Those that are inside or wait stay. `queue`: how many may wait; 0: any number.
  void set_slots(uint64_t slots, uint64_t queue);
  /// `client` tells clients apart (client_address()). Null where too many wait already.
  std::unique_ptr<Slot> queue(const asio::any_io_executor& strand, const std::string& client = {});
  uint64_t inside() const;
  uint64_t waiting() const;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace mread::serve
