#pragma once

#include <memory>
#include <vector>

#include <spdlog/logger.h>

#include "base/clock.h"
#include "config/config.h"
#include "net/browser_guard.h"
#include "net/client.h"
#include "serve/backends/circuits.h"
#include "serve/backends/hedging.h"
#include "serve/backends/prober.h"
#include "serve/backends/token_source.h"
#include "serve/backends/transports.h"
#include "serve/catalog/catalogs.h"
#include "serve/catalog/learner.h"
#include "serve/observe/backend_board.h"
#include "serve/observe/conflict_board.h"
#include "serve/observe/limited_log.h"
#include "serve/observe/metrics.h"
#include "serve/observe/query_log.h"
#include "serve/read/gate.h"
#include "serve/read/memory_budget.h"
#include "serve/read/read_sharing.h"
#include "serve/read/subscriber.h"

namespace mread::serve {

/// What outlives every configuration.
struct Services {
  const Clock& clock;
  net::Client& client;
  Gate& gate;
  MemoryBudget& memory_budget;
  Metrics& metrics;
  ConflictBoard& conflicts;
  std::shared_ptr<Prober> prober;
  std::shared_ptr<TokenSources> tokens;
  std::shared_ptr<Learner> learner;
  LimitedLog& log;
  std::shared_ptr<spdlog::logger> logger;
};

/// A configuration, and what is known of its backends. A read keeps the one that it began with to
/// its end, whatever is loaded meanwhile. Safe to use from several threads.
class Generation {
 public:
  /// `previous` may be null; what it knows of backends of the same name and URL is taken over.
  /// Errors: the query log cannot be opened; a file of TLS settings cannot be used. Throws
  /// yaml::ConfigError where a backend's URL cannot be used.
  static Result<std::shared_ptr<Generation>> create(config::Config config, Services services,
                                                    const Generation* previous);
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;

  const config::Config& config() const { return config_; }
  /// What the server's own port speaks with now; null: plain HTTP.
  const std::shared_ptr<net::TlsSource>& web_tls() const { return transports_.web_tls; }
  BackendBoard& board() { return board_; }
  const Hedging& hedging() const { return hedging_; }
  Circuits& circuits() { return *circuits_; }
  const ReadSharing& sharing() const { return shared_reads_; }
  const Catalogs& catalogs() const { return *catalogs_; }
  QueryLog* query_log() const { return query_log_.get(); }
  /// Knows the host names that this server is reached by.
  const net::BrowserGuard& guard() const { return guard_; }
  /// Standings with the state of the circuits and the catalogs.
  std::vector<BackendStanding> standings() const;
  /// Brings the metrics up to date that are states.
  void show_states() const;
  /// A subscriber of a shared read for this request: its own, or, where that may be shared, one
  /// that is under way. The generation outlives it.
  std::unique_ptr<Subscriber> subscriber(const asio::any_io_executor& strand,
                                         const model::ReadRequest& request,
                                         const net::Headers& passed_on, const Asker& asker);
  /// Takes over from `previous`, which is not probed any more.
  void take_over(const Generation* previous);

 private:
  Generation(config::Config config, Transports transports, Services services,
             const Generation* previous);
  SharedReadHooks shared_read_hooks(merger::ReadIdentity who, merger::ClientClass client);
  /// Counts and logs what a fan-out has shown, and has backends probed where that is due.
  void learn(const merger::Outcome& outcome, Circuits::Admission& admission);
  void probe(size_t backend);
  void keep_catalog(size_t backend);

  const config::Config config_;
  const Transports transports_;
  const Services services_;
  const std::shared_ptr<Circuits> circuits_;
  const std::shared_ptr<Catalogs> catalogs_;
  const std::shared_ptr<const Metrics::Backends> metrics_;
  const ReadContext context_;
  const net::BrowserGuard guard_;
  BackendBoard board_;
  Hedging hedging_;
  ReadSharing shared_reads_;
  std::unique_ptr<QueryLog> query_log_;
};

}  // namespace mread::serve
