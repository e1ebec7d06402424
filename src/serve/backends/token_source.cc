#include "serve/backends/token_source.h"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/duration.h"
#include "base/secret_file.h"
#include "net/event.h"
#include "net/transport.h"

namespace mread::serve {
namespace {

using Clock = std::chrono::steady_clock;
using namespace asio::experimental::awaitable_operators;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);
constexpr uint64_t body_limit_bytes = 1ULL << 20;

asio::awaitable<Result<net::Response>> exchange(net::Client& client, net::ClientRequest request) {
  auto stream = co_await client.open(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()));
  auto body = co_await net::read_all(**stream, body_limit_bytes);
  if (!body) co_return fail(std::move(body.error()));
  co_return net::Response{(*stream)->head(), std::move(*body)};
}

}  // namespace

class TokenSources::Source final : public net::Authorizer,
                                   public std::enable_shared_from_this<Source> {
 public:
  Source(std::shared_ptr<TokenSources> owner, config::OAuth2 settings,
         std::chrono::milliseconds timeout)
      : owner_(std::move(owner)), settings_(std::move(settings)), timeout_(timeout) {
    const auto request = token_request(settings_, "", style_);
    place_ = request.url.authority() + request.url.target.substr(0, request.url.target.find('?'));
  }

  bool is_for(const config::OAuth2& settings, std::chrono::milliseconds timeout) const {
    return settings_ == settings && timeout_ == timeout;
  }

  asio::awaitable<Result<std::string>> authorization() override {
    const auto self = shared_from_this();
    const auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor);
    {
      const std::lock_guard lock(mutex_);
      if (auto token = cache_.usable(Clock::now())) co_return std::move(*token);
      waiters_.push_back(waiter);
      if (!fetching_) {
        fetching_ = true;
        owner_->begin(self);
      }
    }
    for (bool going_on = true;;) {
      {
        const std::lock_guard lock(mutex_);
        if (waiter->outcome) co_return std::move(*waiter->outcome);
        if (!going_on) {
          std::erase(waiters_, waiter);
          co_return fail(Errc::canceled, "waiting for a token");
        }
      }
      going_on = co_await waiter->done.wait();
    }
  }

  bool refused(const std::string& value) override {
    const std::lock_guard lock(mutex_);
    return cache_.refused(value, Clock::now());
  }

  asio::awaitable<void> fetch() {
    const auto self = shared_from_this();
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto asked_at = Clock::now();
    auto token = co_await ask();
    deliver(std::move(token), asked_at);
  }

  void give_up() { deliver(fail(Errc::canceled, "shutting down"), Clock::now()); }

 private:
  // `outcome` is guarded by the source's mutex, `done` belongs to the strand.
  struct Waiter {
    explicit Waiter(const asio::any_io_executor& any_executor)
        : strand(any_executor), done(any_executor) {}
    asio::any_io_executor strand;
    net::Event done;
    std::optional<Result<std::string>> outcome;
  };

  asio::awaitable<Result<AccessToken>> ask() {
    std::string secret = settings_.client_secret.text;
    if (!settings_.client_secret.file.empty()) {
      auto read = read_secret_file(settings_.client_secret.file);
      if (!read)
        co_return fail(Errc::environment, "oauth2 client_secret_file: " + read.error().to_string());
      secret = std::move(*read);
    }
    // Files of TLS are read when they are first needed: they are no business of the other backends.
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
    // The one that tells more.
    const bool told = first.error().context.find("invalid_client") != std::string::npos;
    if (told || !second.error().is(Errc::environment)) co_return first;
    co_return second;
  }

  asio::awaitable<Result<AccessToken>> ask_in_style(std::string secret, ClientStyle style) {
    const std::string prefix = "oauth2: " + place_;
    auto request = token_request(settings_, secret, style);
    request.transport = transport_;
    asio::steady_timer timer(co_await asio::this_coro::executor, timeout_);
    auto finished =
        co_await (exchange(owner_->client_, std::move(request)) || timer.async_wait(nothrow));
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

  void deliver(Result<AccessToken> token, Clock::time_point asked_at) {
    const std::lock_guard lock(mutex_);
    fetching_ = false;
    for (const auto& waiter : std::exchange(waiters_, {})) {
      if (token) {
        waiter->outcome = token->authorization;
      } else {
        waiter->outcome = fail(token.error());
      }
      asio::post(waiter->strand, [waiter] { waiter->done.notify(); });
    }
    if (token) cache_.fetched(std::move(*token), asked_at);
  }

  const std::shared_ptr<TokenSources> owner_;
  const config::OAuth2 settings_;
  const std::chrono::milliseconds timeout_;
  std::string place_;  // "host:port/path", for errors.
  // Of fetch(), of which there is one at a time.
  std::shared_ptr<const net::Transport> transport_;
  ClientStyle style_ = ClientStyle::header;
  bool style_is_known_ = false;
  std::mutex mutex_;  // What follows.
  TokenCache cache_;
  std::vector<std::shared_ptr<Waiter>> waiters_;
  bool fetching_ = false;
};

TokenSources::TokenSources(const asio::any_io_executor& executor, net::Client& client)
    : strand_(asio::make_strand(executor)), client_(client), tasks_(strand_) {}

std::shared_ptr<net::Authorizer> TokenSources::source(const config::OAuth2& settings,
                                                      std::chrono::milliseconds timeout) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sources_, [](const auto& known) { return known.expired(); });
  for (const auto& known : sources_) {
    if (auto source = known.lock(); source && source->is_for(settings, timeout)) return source;
  }
  auto source = std::make_shared<Source>(shared_from_this(), settings, timeout);
  sources_.push_back(source);
  return source;
}

void TokenSources::begin(std::shared_ptr<Source> source) {
  asio::post(strand_, [self = shared_from_this(), source = std::move(source)] {
    if (self->tasks_.closed()) {
      source->give_up();
    } else {
      self->tasks_.spawn(source->fetch());
    }
  });
}

asio::awaitable<void> TokenSources::stop() {
  const auto self = shared_from_this();
  co_await tasks_.close();
}

}  // namespace mread::serve
