#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace mread::net {

namespace asio = boost::asio;

/// Lets coroutines of one strand wait for each other: `while (!condition) co_await event.wait();`.
/// Waiting begins without giving way, so no notification is lost between the check and the wait.
///
/// Used on one strand only.
class Event {
 public:
  explicit Event(const asio::any_io_executor& strand);
  /// Wakes all that wait now.
  void notify();
  /// Completes at the next notify(), or with false when the waiting coroutine is or was cancelled.
  asio::awaitable<bool> wait();

 private:
  asio::steady_timer timer_;
};

}  // namespace mread::net
