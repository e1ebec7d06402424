#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <spdlog/logger.h>

#include "merger/config.h"
#include "net/client.h"
#include "net/server.h"
#include "serve/backend_board.h"
#include "serve/gate.h"
#include "serve/metrics.h"
#include "serve/query_log.h"
#include "serve/read_session.h"

namespace mread::serve {

/// `mread serve` behind its socket: the read endpoint over the backends of one configuration, and the pages about it.
/// Hand handler() to a net::Server, and drain that before this goes. Safe to use from several threads.
class Service {
 public:
  /// Errors: the query log cannot be opened, a backend's URL cannot be used.
  static Result<std::unique_ptr<Service>> create(merger::Config config, std::shared_ptr<spdlog::logger> logger);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  net::Handler handler();
  /// From now on /-/ready says 503, so that a balancer looks elsewhere; all else goes on.
  void set_leaving() { leaving_ = true; }
  const merger::Config& config() const { return config_; }

 private:
  Service(merger::Config config, std::shared_ptr<spdlog::logger> logger);

  asio::awaitable<void> handle(net::ServerRequest request, net::ResponseWriter& writer);
  asio::awaitable<void> read(net::ServerRequest request, net::ResponseWriter& writer);
  void finish_read(const model::ReadRequest& request, const ReadReport& report, const std::string& peer);

  const merger::Config config_;
  const std::shared_ptr<spdlog::logger> logger_;
  const std::chrono::system_clock::time_point started_;
  net::Client client_;
  Gate gate_;
  Metrics metrics_;
  BackendBoard board_;
  std::unique_ptr<QueryLog> query_log_;
  ReadContext context_;
  std::atomic<bool> leaving_{false};
};

}  // namespace mread::serve
