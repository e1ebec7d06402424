#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "merger/members/breaker.h"
#include "serve/observe/read_report.h"

namespace mread::serve {

/// What `mread serve` says of itself, in Prometheus's text format. Safe to use from several
/// threads.
class Metrics {
 public:
  /// The metrics of one configuration's backends.
  struct Backends;

  Metrics();
  ~Metrics();

  /// Those of backends and groups that were there before go on; those that no result holds any more
  /// are not shown any more. The result goes before this goes.
  std::shared_ptr<const Backends> bind(const config::Config& config);
  /// A read that was decoded and has ended, as its client saw it.
  void count(const ReadReport& report);
  /// What was seen of the backends; once for all reads that shared it.
  void count_fan_out(const merger::Outcome& outcome, const Backends& backends);
  void count_opened(const Backends& backends, size_t backend);
  void count_probe(const Backends& backends, size_t backend, bool answered);
  void set_circuit(const Backends& backends, size_t backend, merger::Breaker::State state);
  void count_refresh(const Backends& backends, size_t backend, bool learned);
  void set_catalog(const Backends& backends, size_t backend, const merger::Catalog& catalog);
  /// All circuits of these are in no state any more.
  void clear_circuits(const Backends& backends);
  /// A request on the read endpoint that was refused before it was a read (405, 400, 415).
  void count_refused(int status);
  /// A request on any path that web.basic_auth_users did not let in: "missing" (it named no user),
  /// "wrong", "busy".
  void count_unauthorized(const char* reason);
  /// A request for warnings that was answered: "complete", "partial", or "unmatched" where no read
  /// came.
  void count_warnings(const char* result);
  /// A line of the query log that could not be written.
  void count_query_log_lost();
  /// A configuration was loaded, or refused.
  void count_load(bool accepted, std::chrono::system_clock::time_point now);
  void set_reads(uint64_t running, uint64_t waiting, uint64_t held_bytes);
  void set_requests(uint64_t waiting_for_body, uint64_t waiting_for_decoding, uint64_t held_bytes);
  /// A client's connection was closed on it: "slow_head", "slow_body", "slow_answer", "slow_page",
  /// "evicted".
  void count_cut(std::string_view reason);
  /// A fan-out that had to make way for others (MemoryBudget).
  void count_given_up();

  /// The exposition; the process's own figures included.
  std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace mread::serve
