#include "net/event.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mread::net {

Event::Event(const asio::any_io_executor& strand)
    : timer_(strand, asio::steady_timer::time_point::max()) {}

void Event::notify() { timer_.cancel(); }

asio::awaitable<bool> Event::wait() {
  const auto before = co_await asio::this_coro::cancellation_state;
  if (before.cancelled() != asio::cancellation_type::none) co_return false;
  const auto [code] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  static_cast<void>(code);
  const auto after = co_await asio::this_coro::cancellation_state;
  co_return after.cancelled() == asio::cancellation_type::none;
}

}  // namespace mread::net
