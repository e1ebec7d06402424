#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>
#include <spdlog/logger.h>

#include "config/config.h"
#include "net/client.h"
#include "net/server.h"
#include "serve/backends/prober.h"
#include "serve/catalog/learner.h"
#include "serve/clients/client_authentication.h"
#include "serve/clients/page_shelf.h"
#include "serve/file_watch.h"
#include "serve/generation.h"
#include "serve/observe/conflict_board.h"
#include "serve/observe/limited_log.h"
#include "serve/observe/metrics.h"
#include "serve/observe/status_page.h"
#include "serve/read/bodies.h"
#include "serve/read/gate.h"
#include "serve/read/request_decoder.h"
#include "serve/warnings.h"

namespace mread::serve {

/// `mread serve` behind its socket: the read endpoint over the backends of one configuration, and
/// the pages about it. listen() gives the server; before this goes, drain that, then stop(). Safe
/// to use from several threads.
class Service {
 public:
  /// Errors: the query log cannot be opened, a backend's URL cannot be used. `clock` outlives it.
  static Result<std::unique_ptr<Service>> create(const asio::any_io_executor& executor,
                                                 config::Config config,
                                                 std::shared_ptr<spdlog::logger> logger,
                                                 Warnings::Limits warnings = {},
                                                 const Clock& clock = real_clock());
  /// Where reload() gets a configuration from; it may throw. From now on a change of the file of
  /// `discovery:` is a reload. Call it once, before listen().
  void set_source(std::function<config::Config()> source);
  /// Loads the configuration again. Reads that begin from now on use it; those under way end with
  /// the old one. What is known of backends of the same name and URL stays. A change of `listen` is
  /// logged, and has no effect. Errors: why the new one is refused, whatever was thrown; the old
  /// one stays in force. It is logged and counted.
  Result<void> reload();
  /// The same on the loader's thread, one after another: reading files and building a configuration
  /// takes the threads of the reads no time.
  asio::awaitable<Result<void>> reload_aside();
  void start_reload();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Listens, with the service behind it and `web` before it: the screen, who may send a body, how
  /// many may be connected, and who is told of handshakes that failed and of clients that were cut
  /// are the service's own.
  Result<std::unique_ptr<net::Server>> listen(const asio::any_io_executor& executor,
                                              net::ServerOptions options = {});
  /// From now on /-/ready says 503, so that a balancer looks elsewhere; all else goes on.
  void set_leaving() { leaving_ = true; }
  /// Ends the work that goes on apart from the reads.
  asio::awaitable<void> stop();
  /// Requests on the warnings endpoint that wait for their read.
  size_t warnings_waiting() const { return warnings_.waiting(); }
  /// The one that new reads begin with.
  std::shared_ptr<Generation> generation() const;

 private:
  Service(const asio::any_io_executor& executor, std::shared_ptr<spdlog::logger> logger,
          Warnings::Limits warnings, const Clock& clock);

  asio::awaitable<std::optional<net::Refusal>> screen(const net::RequestHead& head);
  asio::awaitable<net::BodyPermit> admit(const net::RequestHead& head, std::string peer,
                                         bool is_there);
  asio::awaitable<void> handle(net::ServerRequest request, net::ResponseWriter& writer);
  asio::awaitable<void> read(net::ServerRequest request, net::ResponseWriter& writer);
  asio::awaitable<void> warn(net::ServerRequest request, net::ResponseWriter& writer);
  asio::awaitable<std::optional<DecodedRequest>> decode(net::ServerRequest request,
                                                        net::ResponseWriter& writer);
  asio::awaitable<void> send_page(bool is_metrics, net::ResponseWriter& writer);
  void finish_read(Generation& generation, const model::ReadRequest& request,
                   const ReadReport& report, const std::string& peer);
  asio::awaitable<Result<void>> reload_here();
  static asio::awaitable<void> idle_loader();
  Result<void> load();
  void apply_limits(const config::Config& config);
  Services services();

  const Clock& clock_;
  const std::shared_ptr<spdlog::logger> logger_;
  LimitedLog log_;
  const std::chrono::system_clock::time_point started_;
  net::Client client_;
  Gate gate_;
  MemoryBudget memory_budget_;
  Metrics metrics_;
  ConflictBoard conflicts_;
  ClientAuthentication client_authentication_;
  Bodies bodies_;
  RequestDecoder decoder_;
  PageShelf pages_;
  Warnings warnings_;
  const std::shared_ptr<Prober> prober_;
  const std::shared_ptr<TokenSources> tokens_;
  const std::shared_ptr<Learner> learner_;
  std::function<config::Config()> source_;
  std::mutex loading_;  // One reload at a time.
  const std::shared_ptr<FileWatch> discovery_watch_;
  mutable std::mutex mutex_;
  std::shared_ptr<Generation> generation_;  // Guarded by mutex_, as is:
  std::optional<RefusedReload> refused_;    // The last reload, where it was refused.
  std::atomic<bool> leaving_{false};
  asio::thread_pool loader_{1};  // Last, so that a reload under way ends before what it uses.
};

}  // namespace mread::serve
