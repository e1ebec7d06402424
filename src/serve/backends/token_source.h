#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "config/credentials.h"
#include "net/authorizer.h"
#include "net/client.h"
#include "net/task_group.h"
#include "serve/backends/oauth2.h"

namespace mread::serve {

namespace asio = boost::asio;

/// Fetches OAuth 2.0 tokens, each by a task of its own, so that a read that is given up takes no
/// token away from the others that wait for it. Backends with the same settings share one token,
/// and it survives a reload.
///
/// Safe to use from several threads; stop() before it goes, and before the client goes.
class TokenSources : public std::enable_shared_from_this<TokenSources> {
 public:
  /// `clock` outlives it.
  TokenSources(const asio::any_io_executor& executor, net::Client& client,
               const Clock& clock = real_clock());
  /// What authorizes by a token of these settings. A request for a token takes at most `timeout`.
  std::shared_ptr<net::Authorizer> source(const config::OAuth2& settings,
                                          std::chrono::milliseconds timeout);
  /// Cancels what is under way and completes when that has ended; whoever waits for a token fails.
  asio::awaitable<void> stop();

 private:
  class Source;

  void begin(std::shared_ptr<Source> source);

  asio::any_io_executor strand_;
  net::Client& client_;
  const Clock& clock_;
  net::TaskGroup tasks_;  // On the strand.
  std::mutex mutex_;
  std::vector<std::weak_ptr<Source>> sources_;  // Guarded by mutex_.
};

}  // namespace mread::serve
