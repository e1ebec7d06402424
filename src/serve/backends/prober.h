#pragma once

#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/strand.hpp>

#include "base/clock.h"
#include "net/client.h"
#include "net/task_group.h"
#include "serve/backends/circuits.h"

namespace mread::serve {

namespace asio = boost::asio;

/// Probes backends that are suspect or whose circuit is open, each by a task of its own, which ends
/// when neither is so any more. Any response with a status below 500 counts as an answer: a backend
/// need not know the path.
///
/// Safe to use from several threads; stop() before it goes, and before the client goes.
class Prober : public std::enable_shared_from_this<Prober> {
 public:
  /// What is to be known about one backend.
  struct Target {
    net::ClientRequest request;
    std::chrono::milliseconds timeout;
    std::function<void(bool answered)> ended;  ///< after each probe
  };

  /// `clock` outlives it.
  Prober(const asio::any_io_executor& executor, net::Client& client,
         const Clock& clock = real_clock());
  /// Probes `backend` while Circuits wants it; nothing where somebody does already.
  void watch(std::shared_ptr<Circuits> circuits, size_t backend, Target target);
  /// Cancels all probes and completes when they have ended; none begins after it.
  asio::awaitable<void> stop();

 private:
  asio::awaitable<void> probe_until_closed(std::shared_ptr<Circuits> circuits, size_t backend,
                                           Target target);

  asio::any_io_executor strand_;
  net::Client& client_;
  const Clock& clock_;
  net::TaskGroup tasks_;
};

}  // namespace mread::serve
