#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/yaml.h"
#include "mockstore/notation/input_series.h"
#include "net/http.h"
#include "scenarios/engine/engine.h"

namespace mread::scenarios {

/// What a node needs to know of its run, beside its own lines in the file.
struct NodeContext {
  std::filesystem::path
      cache_dir;  ///< where ci/setup put Prometheus and node_exporter (EngineOptions::cache_dir)
  /// The mread program that mocks and mergers run; by default this very program.
  std::filesystem::path mread_program = "/proc/self/exe";
  mockstore::Clock clock;  ///< of every input_series: the scenario's start_timestamp and interval
  int64_t now_ms = 0;      ///< of the run: what tsdb_age counts back from
  uint64_t seed = 0;
};

/// Which other nodes a node's lines name.
struct NodeUses {
  std::set<std::string> named;    ///< anywhere: as a target, a file's text, what it reads
  std::vector<std::string> read;  ///< over remote read, in the order of its configuration
};

/// A node as its lines in a scenario say, checked as far as it can be without a machine: unknown
/// keys, a config that is no mapping, a URL that names no node. Immutable; safe to use from several
/// threads.
class NodeKind {
 public:
  virtual ~NodeKind() = default;

  const std::string& name() const { return name_; }
  virtual std::string kind()
      const = 0;  ///< "prometheus" | "mock" | "merger" | "node_exporter" | "influxdb" | "container"
  /// As written ("v3.5"); empty where the kind has none or the file gives none (the newest there is
  /// then runs).
  virtual std::string version() const { return {}; }
  /// The ports under which other nodes name it; the first is the one that is asked for readiness
  /// and queries.
  virtual std::vector<uint16_t> ports() const = 0;
  /// Path and query under which the node itself answers remote reads.
  virtual std::string read_target() const { return "/api/v1/read"; }
  /// Reads others over remote read: has a `remote_read` in its config.
  virtual bool reads_remotely() const { return false; }
  /// Files of the node's folder worth keeping as artefacts of a run (Topology::read_file): its
  /// query log.
  virtual std::vector<std::string> kept_files() const { return {}; }
  /// The data that the node holds by its own lines (mock, prometheus, influxdb); external labels
  /// are not added.
  virtual const std::vector<mockstore::InputSeries>& input_series() const;

  /// Which nodes its configuration names.
  virtual const NodeUses& uses() const;
  /// The names of the series that its rules make: those of `record:`, and ALERTS and
  /// ALERTS_FOR_STATE for alerts.
  virtual const std::set<std::string>& series_of_rules() const;
  /// The time of its last sample by input_series(), which INT64_MIN stands for where there is none.
  /// Nothing where it cannot be told: the node makes samples itself, or has a clock of its own.
  virtual std::optional<int64_t> last_sample_ms(const mockstore::Clock& clock) const;

  /// The exact version that version() stands for on this machine ("3.5.3"); empty for kinds without
  /// one. Errors: Errc::environment, naming the versions that are there.
  virtual Result<std::string> resolve_version(const NodeContext& context) const;
  /// Errors: Errc::environment where the machine lacks the program.
  virtual Result<NodeSpec> make_spec(const NodeContext& context) const = 0;
  /// Puts the node's data into it once it runs, at `url` (Topology::url(name(), ports()[0])). Done
  /// when all of it can be read. Most kinds have nothing to do.
  virtual Result<void> feed(const NodeContext& context, const net::Url& url,
                            std::stop_token stop) const;

 protected:
  explicit NodeKind(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
};

/// A Prometheus that has no lines in a file: the union oracle. `version` as in a scenario; empty is
/// the newest.
Result<NodeSpec> oracle_prometheus(const std::string& name, const std::string& version,
                                   const NodeContext& context);

}  // namespace mread::scenarios
