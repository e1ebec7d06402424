#include "net/dial.h"

#include <algorithm>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/duration.h"
#include "net/head_text.h"
#include "net/message_parser.h"
#include "net/tls_error.h"

namespace mread::net {
namespace {

using Clock = std::chrono::steady_clock;
using Code = boost::system::error_code;
using Endpoint = asio::generic::stream_protocol::endpoint;

struct Endpoints {
  std::vector<Endpoint> list;
  bool is_kept = false;  // They were known before, and may have changed since.
};

std::chrono::milliseconds time_left(Clock::time_point deadline) {
  return std::max(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()),
                  std::chrono::milliseconds(0));
}

asio::awaitable<Result<Endpoints>> find_endpoints(Url url, std::shared_ptr<Resolver> resolver,
                                                  Clock::time_point deadline) {
  const std::string place = url.authority();
  Endpoints endpoints;
  if (url.scheme == Url::Scheme::unix_socket) {
    if (url.host.size() >= 108)
      co_return fail(Errc::config, place + ": a socket's path has less than 108 bytes");
    endpoints.list.emplace_back(asio::local::stream_protocol::endpoint(url.host));
    co_return endpoints;
  }
  Code code;
  if (const auto address = asio::ip::make_address(url.host, code); !code) {
    endpoints.list.emplace_back(asio::ip::tcp::endpoint(address, url.port));
    co_return endpoints;
  }
  auto found = co_await resolver->resolve(url.host, time_left(deadline));
  if (!found) {
    Error& error = found.error();
    if (!error.context.empty()) co_return fail(error.in(place));
    co_return fail(error.code, place);
  }
  for (const auto& address : found->addresses)
    endpoints.list.emplace_back(asio::ip::tcp::endpoint(address, url.port));
  endpoints.is_kept = found->is_kept;
  co_return endpoints;
}

constexpr uint32_t proxy_head_limit_bytes = 64U << 10;

// One attempt at one address, which ends at `deadline`.
class Attempt {
 public:
  Attempt(const Route& route, std::shared_ptr<Connection> connection, Clock::time_point deadline)
      : route_(route),
        connection_(std::move(connection)),
        deadline_(deadline),
        place_(route.url.authority()) {
    if (route.proxy) at_ = place_ + ": proxy " + route.proxy->url.authority();
  }

  asio::awaitable<Result<void>> run(Endpoint endpoint) {
    connection_->arm(co_await asio::this_coro::executor, left());
    auto reached = co_await reach(endpoint);
    connection_->disarm();
    co_return reached;
  }

 private:
  std::chrono::milliseconds left() const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
    return std::max(left, std::chrono::milliseconds(1));
  }

  asio::awaitable<Result<void>> reach(Endpoint endpoint) {
    if (const auto code = co_await connection_->connect(endpoint); code)
      co_return fail(explain(code));
    if (route_.proxy && route_.proxy->url.scheme == Url::Scheme::https) {
      const auto code = co_await connection_->secure(route_.tls, route_.proxy->url.host);
      if (code) co_return fail(explain(code));
    }
    if (route_.url.scheme != Url::Scheme::https) co_return Result<void>();
    if (route_.proxy) {
      if (auto tunneled = co_await tunnel(); !tunneled) co_return tunneled;
      at_.clear();
    }
    if (const auto code = co_await connection_->secure(route_.tls, route_.tls_name); code)
      co_return fail(explain(code));
    co_return Result<void>();
  }

  // `at_` is who is at fault now. A proxy's failure is not the server's: its words keep the proxy's
  // name.
  Error explain(Code code) const {
    Error error =
        connection_error(code, at_.empty() ? place_ : at_, "connecting", connection_->failure());
    if (at_.empty() || error.code.category() != boost::system::system_category()) return error;
    return {Errc::unavailable, error.to_string()};
  }

  asio::awaitable<Result<void>> tunnel() {
    RequestHead head{"CONNECT", place_, {}};
    head.headers.add("Host", place_);
    head.headers.add("User-Agent", "mread/" MREAD_VERSION);
    for (const auto& [name, value] : route_.connect_headers.fields()) head.headers.set(name, value);
    if (!route_.proxy->authorization.empty())
      head.headers.set("Proxy-Authorization", route_.proxy->authorization);
    const std::string text = to_wire(head);
    if (const auto code = co_await connection_->write(text, left()); code)
      co_return fail(explain(code));
    // The write has used the watchdog.
    connection_->arm(co_await asio::this_coro::executor, left());
    co_return co_await read_answer();
  }

  asio::awaitable<Result<void>> read_answer() {
    ResponseParser parser(proxy_head_limit_bytes);
    parser.expect_no_body();
    while (!parser.has_head()) {
      Code code = boost::beast::http::error::need_more;
      const auto input = connection_->input();
      if (!input.empty()) connection_->consume(parser.feed(input, nullptr, 0, code));
      if (parser.has_head()) break;
      if (code && code != boost::beast::http::error::need_more) {
        co_return fail(Errc::malformed, at_ + ": not an HTTP response (" + code.message() + ")");
      }
      if (code = co_await connection_->fill(); code) {
        if (code == asio::error::eof)
          co_return fail(Errc::truncated, at_ + ": connection closed without an answer");
        co_return fail(explain(code));
      }
    }
    const auto& answer = parser.head();
    if (answer.status / 100 == 2) {
      // The server does not speak first: what is here now would pass for its encrypted words.
      if (connection_->input().empty()) co_return Result<void>();
      co_return fail(Errc::malformed, at_ + ": it speaks in the server's place");
    }
    co_return fail(proxy_refusal(route_, answer.status));
  }

  const Route& route_;
  const std::shared_ptr<Connection> connection_;
  const Clock::time_point deadline_;
  const std::string place_;
  std::string at_;
};

}  // namespace

Error connection_error(Code code, const std::string& place, std::string_view doing,
                       const std::string& failure) {
  if (code == make_error_code(Errc::deadline)) {
    return {Errc::deadline, place + ": " + std::string(doing) + " took too long"};
  }
  if (code == make_error_code(Errc::canceled))
    return {Errc::canceled, place + ": " + std::string(doing) + " canceled"};
  if (is_tls_error(code))
    return {tls_failure(), place + ": TLS: " + (failure.empty() ? tls_reason(code) : failure)};
  return {code, place};
}

Error proxy_refusal(const Route& route, int status) {
  return {Errc::unavailable, route.url.authority() + ": proxy " + route.proxy->url.authority() +
                                 ": " + std::to_string(status) + " " +
                                 std::string(reason_phrase(status))};
}

namespace {

using Dialed = Result<std::shared_ptr<Connection>>;

// One endpoint after the other; each gets its share of the time.
asio::awaitable<Dialed> try_each(const Route& route, std::vector<Endpoint> endpoints,
                                 Clock::time_point deadline) {
  const auto executor = co_await asio::this_coro::executor;
  Error error(Errc::deadline, "");
  for (size_t i = 0; i < endpoints.size(); ++i) {
    const auto left = time_left(deadline);
    if (left.count() == 0) break;
    const auto share =
        std::max(left / static_cast<int>(endpoints.size() - i), std::chrono::milliseconds(1));
    const auto connection = std::make_shared<Connection>(Connection::Socket(executor));
    Attempt attempt(route, connection, Clock::now() + share);
    auto reached = co_await attempt.run(endpoints[i]);
    if (reached) co_return connection;
    error = std::move(reached.error());
    if (error.is(Errc::canceled)) break;
  }
  co_return fail(std::move(error));
}

}  // namespace

asio::awaitable<Dialed> dial(Route route, std::chrono::milliseconds timeout,
                             std::shared_ptr<Resolver> resolver) {
  if (!resolver) resolver = Resolver::shared();
  const auto deadline = Clock::now() + timeout;
  const std::string place = route.url.authority();
  const Url& first_hop = route.proxy ? route.proxy->url : route.url;
  auto endpoints = co_await find_endpoints(first_hop, resolver, deadline);
  if (!endpoints) {
    if (!route.proxy) co_return fail(std::move(endpoints.error()));
    co_return fail(endpoints.error().in(place + ": proxy"));
  }
  auto dialed = co_await try_each(route, endpoints->list, deadline);
  if (dialed) co_return dialed;
  resolver->doubt(first_hop.host);
  if (endpoints->is_kept && !dialed.error().is(Errc::canceled)) {
    // The host may have moved since.
    auto again = co_await find_endpoints(first_hop, resolver, deadline);
    if (again && again->list != endpoints->list) {
      dialed = co_await try_each(route, std::move(again->list), deadline);
      if (dialed) co_return dialed;
      resolver->doubt(first_hop.host);
    }
  }
  if (dialed.error().is(Errc::deadline)) {
    const std::string through =
        route.proxy ? " through proxy " + route.proxy->url.authority() : std::string();
    co_return fail(Errc::deadline,
                   place + ": no connection within " + format_duration(timeout) + through);
  }
  co_return dialed;
}

}  // namespace mread::net
