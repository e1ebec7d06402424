#include "serve/backends/token_source.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>

#include "net/event.h"
#include "serve/backends/token_endpoint.h"

namespace mread::serve {

class TokenSources::Source final : public net::Authorizer,
                                   public std::enable_shared_from_this<Source> {
 public:
  Source(std::shared_ptr<TokenSources> owner, config::OAuth2 settings,
         std::chrono::milliseconds timeout)
      : owner_(std::move(owner)), endpoint_(owner_->client_, std::move(settings), timeout) {}

  bool is_for(const config::OAuth2& settings, std::chrono::milliseconds timeout) const {
    return endpoint_.is_for(settings, timeout);
  }

  asio::awaitable<Result<std::string>> authorization() override {
    const auto self = shared_from_this();
    const auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor);
    {
      const std::lock_guard lock(mutex_);
      if (auto token = cache_.usable(now())) co_return std::move(*token);
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
    return cache_.refused(value, now());
  }

  asio::awaitable<void> fetch() {
    const auto self = shared_from_this();
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto asked_at = now();
    auto token = co_await endpoint_.ask();
    deliver(std::move(token), asked_at);
  }

  void give_up() { deliver(fail(Errc::canceled, "shutting down"), now()); }

 private:
  TimePoint now() const { return owner_->clock_.now(); }

  // `outcome` is guarded by the source's mutex, `done` belongs to the strand.
  struct Waiter {
    explicit Waiter(const asio::any_io_executor& any_executor)
        : strand(any_executor), done(any_executor) {}
    asio::any_io_executor strand;
    net::Event done;
    std::optional<Result<std::string>> outcome;
  };

  void deliver(Result<AccessToken> token, TimePoint asked_at) {
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
  TokenEndpoint endpoint_;  // Of fetch(), of which there is one at a time.
  std::mutex mutex_;        // What follows.
  TokenCache cache_;
  std::vector<std::shared_ptr<Waiter>> waiters_;
  bool fetching_ = false;
};

TokenSources::TokenSources(const asio::any_io_executor& executor, net::Client& client,
                           const Clock& clock)
    : strand_(asio::make_strand(executor)), client_(client), clock_(clock), tasks_(strand_) {}

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
