#include "net/dial.h"

#include <algorithm>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/duration.h"

namespace mread::net {
namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
using Clock = std::chrono::steady_clock;
using Code = boost::system::error_code;
using Endpoint = asio::generic::stream_protocol::endpoint;

// A name being resolved. getaddrinfo cannot be interrupted, so the coroutine waits on the timer, and leaves when it is
// cancelled; what the resolver says later is dropped with this.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver(executor), woken(executor) {}
  asio::ip::tcp::resolver resolver;
  asio::steady_timer woken;
  bool done = false;
  Code code;
  std::vector<Endpoint> endpoints;
};

asio::awaitable<Result<std::vector<Endpoint>>> resolve(Url url, Clock::time_point deadline) {
  const std::string place = url.authority();
  if (url.scheme == Url::Scheme::unix_socket) {
    if (url.host.size() >= 108) co_return fail(Errc::config, place + ": a socket's path has less than 108 bytes");
    co_return std::vector<Endpoint>{asio::local::stream_protocol::endpoint(url.host)};
  }
  Code code;
  if (const auto address = asio::ip::make_address(url.host, code); !code) {
    co_return std::vector<Endpoint>{asio::ip::tcp::endpoint(address, url.port)};
  }
  const auto executor = co_await asio::this_coro::executor;
  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->woken.expires_at(deadline);
  lookup->resolver.async_resolve(
      url.host, std::to_string(url.port), asio::ip::resolver_base::numeric_service,
      asio::bind_executor(executor, [lookup](Code error, const asio::ip::tcp::resolver::results_type& found) {
        lookup->done = true;
        lookup->code = error;
        for (const auto& entry : found) lookup->endpoints.emplace_back(entry.endpoint());
        lookup->woken.cancel();
      }));
  if (!lookup->done) {
    const auto [ignored] = co_await lookup->woken.async_wait(nothrow);
    static_cast<void>(ignored);
  }
  if (!lookup->done) {
    lookup->resolver.cancel();
    const auto state = co_await asio::this_coro::cancellation_state;
    const bool cancelled = state.cancelled() != asio::cancellation_type::none;
    co_return fail(connection_error(cancelled ? Errc::canceled : Errc::deadline, place, "name lookup"));
  }
  if (lookup->code) co_return fail(lookup->code, place);
  if (lookup->endpoints.empty()) co_return fail(Errc::not_found, place + ": the name has no address");
  co_return std::move(lookup->endpoints);
}

}  // namespace

Error connection_error(Code code, const std::string& place, std::string_view doing) {
  if (code == make_error_code(Errc::deadline)) {
    return {Errc::deadline, place + ": " + std::string(doing) + " took too long"};
  }
  if (code == make_error_code(Errc::canceled)) return {Errc::canceled, place + ": " + std::string(doing) + " canceled"};
  return {code, place};
}

asio::awaitable<Result<std::shared_ptr<Connection>>> dial(Url url, std::shared_ptr<asio::ssl::context> tls,
                                                          std::chrono::milliseconds timeout) {
  const auto executor = co_await asio::this_coro::executor;
  const auto deadline = Clock::now() + timeout;
  auto endpoints = co_await resolve(url, deadline);
  if (!endpoints) co_return fail(std::move(endpoints.error()));
  Code code;
  for (size_t i = 0; i < endpoints->size(); ++i) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    const auto share = std::max(left / static_cast<int>(endpoints->size() - i), std::chrono::milliseconds(1));
    const auto connection = std::make_shared<Connection>(Connection::Socket(executor));
    connection->arm(executor, share);
    code = co_await connection->connect((*endpoints)[i]);
    if (!code && url.scheme == Url::Scheme::https) code = co_await connection->secure(*tls, url.host);
    connection->disarm();
    if (!code) co_return connection;
    if (code == make_error_code(Errc::canceled)) break;
  }
  if (code == make_error_code(Errc::deadline)) {
    co_return fail(Errc::deadline, url.authority() + ": no connection within " + format_duration(timeout));
  }
  co_return fail(connection_error(code, url.authority(), "connecting"));
}

}  // namespace mread::net
