#pragma once

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/clock.h"
#include "net/client.h"
#include "net/event.h"
#include "net/task_group.h"
#include "serve/catalog/catalog_source.h"
#include "serve/catalog/catalogs.h"

namespace mread::serve {

/// Learns what backends hold, each by a task of its own, which ends when its catalogs are retired.
/// At most two refresh at a time, on one strand: reads do not wait for them.
///
/// Safe to use from several threads; stop() before it goes, and before the client goes.
class Learner : public std::enable_shared_from_this<Learner> {
 public:
  /// What is to be known about one backend.
  struct Target {
    CatalogSource source;
    std::chrono::milliseconds timeout;             ///< of one refresh
    std::chrono::milliseconds refresh;             ///< between two that succeed
    std::function<bool()> may_ask;                 ///< false while the backend's circuit is open
    std::function<bool(const Error&)> means_gone;  ///< whether the backend cannot be reached
    /// After each refresh; null where it has succeeded.
    std::function<void(const Error*)> ended;
  };

  /// `clock` outlives it.
  Learner(const asio::any_io_executor& executor, net::Client& client,
          const Clock& clock = real_clock());
  /// Keeps the catalog of `backend` fresh. Once for each backend of `catalogs`.
  void keep(std::shared_ptr<Catalogs> catalogs, size_t backend, Target target);
  /// Cancels all refreshes and completes when they have ended; none begins after it.
  asio::awaitable<void> stop();

 private:
  asio::awaitable<void> learn_again_and_again(std::shared_ptr<Catalogs> catalogs, size_t backend,
                                              Target target);
  asio::awaitable<void> refresh(Catalogs& catalogs, size_t backend, Target& target);

  asio::any_io_executor strand_;
  net::Client& client_;
  const Clock& clock_;
  net::TaskGroup tasks_;
  net::Event slot_free_;
  int refreshing_ = 0;
};

}  // namespace mread::serve
