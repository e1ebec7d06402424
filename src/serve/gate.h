#pragma once

#include <cstdint>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace mread::serve {

namespace asio = boost::asio;

/// Lets at most so many reads run at once; the others wait in order of arrival. Safe to use from several threads; it
/// outlives its places.
class Gate {
  struct State;
  struct Waiter;

 public:
  /// A place in the queue, and then inside. Destroying it gives it up. Used on one strand.
  class Place {
   public:
    Place(std::shared_ptr<State> state, std::shared_ptr<Waiter> waiter);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    /// Completes with true once inside; with false when the coroutine was cancelled, or give_up() was called.
    asio::awaitable<bool> wait();
    void give_up();

   private:
    std::shared_ptr<State> state_;
    std::shared_ptr<Waiter> waiter_;
  };

  /// 0: any number.
  explicit Gate(uint64_t places);
  /// Reads that are inside or wait stay. `queue`: how many may wait; 0: any number.
  void set_places(uint64_t places, uint64_t queue);
  /// Null where too many wait already.
  std::unique_ptr<Place> queue(const asio::any_io_executor& strand);
  uint64_t inside() const;
  uint64_t waiting() const;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace mread::serve
