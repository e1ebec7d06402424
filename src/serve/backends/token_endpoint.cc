#include "serve/backends/token_endpoint.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/duration.h"
#include "base/secret_file.h"
#include "net/nothrow.h"

namespace mread::serve {
namespace {

using namespace asio::experimental::awaitable_operators;

constexpr uint64_t body_limit_bytes = 1ULL << 20;

asio::awaitable<Result<net::Response>> exchange(net::Client& client, net::ClientRequest request) {
  auto stream = co_await client.open(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()));
  auto body = co_await net::read_all(**stream, body_limit_bytes);
  if (!body) co_return fail(std::move(body.error()));
  co_return net::Response{(*stream)->head(), std::move(*body)};
}

}  // namespace

TokenEndpoint::TokenEndpoint(net::Client& client, config::OAuth2 settings,
                             std::chrono::milliseconds timeout)
    : client_(client), settings_(std::move(settings)), timeout_(timeout) {
  const auto request = token_request(settings_, "", style_);
  place_ = request.url.authority() + request.url.target.substr(0, request.url.target.find('?'));
}

asio::awaitable<Result<AccessToken>> TokenEndpoint::ask() {
  std::string secret = settings_.client_secret.text;
  if (!settings_.client_secret.file.empty()) {
    auto read = read_secret_file(settings_.client_secret.file);
    if (!read)
      co_return fail(Errc::environment, "oauth2 client_secret_file: " + read.error().to_string());
    secret = std::move(*read);
  }
  // The files of TLS are read when they are first needed, so that a bad one fails only the
  // backends with these settings.
  if (!transport_) {
    auto made = net::Transport::create(settings_.transport);
    if (!made) co_return fail(Errc::environment, "oauth2: " + made.error().to_string());
    transport_ = std::move(*made);
  }
  auto first = co_await ask_in_style(secret, style_);
  if (first || style_is_known_ || !first.error().is(Errc::environment)) {
    style_is_known_ = style_is_known_ || first.has_value();
    co_return first;
  }
  auto second = co_await ask_in_style(secret, ClientStyle::body);
  if (second) {
    style_ = ClientStyle::body;
    style_is_known_ = true;
    co_return second;
  }
  // Reports the error that tells more.
  const bool told = first.error().context.find("invalid_client") != std::string::npos;
  if (told || !second.error().is(Errc::environment)) co_return first;
  co_return second;
}

asio::awaitable<Result<AccessToken>> TokenEndpoint::ask_in_style(std::string secret,
                                                                 ClientStyle style) {
  const std::string prefix = "oauth2: " + place_;
  auto request = token_request(settings_, secret, style);
  request.transport = transport_;
  asio::steady_timer timer(co_await asio::this_coro::executor, timeout_);
  auto finished =
      co_await (exchange(client_, std::move(request)) || timer.async_wait(net::nothrow));
  auto* response = std::get_if<0>(&finished);
  if (response == nullptr) {
    co_return fail(Errc::unavailable, prefix + ": no answer within " + format_duration(timeout_));
  }
  if (!*response) {
    const Error& error = response->error();
    // "host:port: …" stands there already.
    std::string what = error.to_string();
    const std::string authority = place_.substr(0, place_.find('/')) + ": ";
    if (what.starts_with(authority)) what.erase(0, authority.size());
    co_return fail(error.is(Errc::canceled) ? Errc::canceled : Errc::unavailable,
                   prefix + ": " + what);
  }
  auto token = read_token((*response)->head.status, (*response)->body);
  if (!token) co_return fail(token.error().in(prefix));
  co_return token;
}

}  // namespace mread::serve
