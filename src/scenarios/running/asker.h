#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/matcher.h"
#include "scenarios/checks/judge.h"
#include "scenarios/checks/query_answer.h"
#include "scenarios/engine/engine.h"
#include "scenarios/nodes/node_kind.h"

namespace mread::scenarios {

/// Asks the nodes of one test. An answer is a value, also with an error; a connection that fails is
/// an answer with an error too, as a user of the node would see it. Safe to use from several
/// threads.
class Asker {
 public:
  virtual ~Asker() = default;

  virtual QueryAnswer instant(const std::string& node, const std::string& expr, int64_t time_ms,
                              milliseconds timeout, std::stop_token stop) = 0;
  virtual QueryAnswer range(const std::string& node, const std::string& expr, int64_t start_ms,
                            int64_t end_ms, milliseconds step, milliseconds timeout,
                            std::stop_token stop) = 0;
  virtual ReadAnswer read(const std::string& node, const std::vector<model::Matcher>& matchers,
                          int64_t start_ms, int64_t end_ms, bool stream, milliseconds timeout,
                          std::stop_token stop) = 0;

  /// The alerts that an Alertmanager holds, those that match.
  virtual AlertsAnswer alerts(const std::string& node, const std::vector<model::Matcher>&,
                              milliseconds, std::stop_token) {
    return {.error = node + " holds no alerts", .alerts = {}};
  }

  /// How many reads a mock or a real Prometheus has been asked since it started.
  virtual Result<size_t> requests(const std::string& node, std::stop_token stop) = 0;
  /// The journal of a mock, as JSON. A mock that does not answer within a second gives an error.
  virtual Result<std::string> journal(const std::string& mock, std::stop_token) {
    return fail(Errc::unsupported, mock + " has no journal");
  }
  /// Puts faults (a JSON list) on a mock in place of those it has; an empty list takes all off.
  virtual Result<void> set_faults(const std::string& mock, const std::string& faults,
                                  std::stop_token stop) = 0;
  /// Writes series into a real Prometheus.
  virtual Result<void> write(const std::string& node, const std::vector<model::Series>& series,
                             std::stop_token stop) = 0;
};

/// The port that answers queries and reads, and the control port (faults, journal) of a mock, or of
/// the proxy in front of a node. It stays open when a fault closes the first.
struct NodePorts {
  uint16_t main = 0;
  uint16_t admin = 0;
  ReadCounter read_counter = ReadCounter::none;
  std::string read_target = "/api/v1/read";  ///< NodeKind::read_target()
};

/// The reads that a Prometheus counts in its /metrics.
size_t reads_in_metrics(std::string_view exposition);

/// The nodes of a topology over HTTP.
std::unique_ptr<Asker> make_http_asker(const Topology& topology,
                                       std::map<std::string, NodePorts> ports);

}  // namespace mread::scenarios
