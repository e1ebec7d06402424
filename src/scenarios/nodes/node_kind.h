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

/// What a node needs to know about its run, in addition to its own lines in the file.
struct NodeContext {
  /// Where ci/setup put Prometheus and the other programs (EngineOptions::cache_dir)
  std::filesystem::path cache_dir;
  /// The mread program that mocks and mergers run; by default this very program.
  std::filesystem::path mread_program = "/proc/self/exe";
  mockstore::TimeGrid grid;  ///< of every input_series: the scenario's start_timestamp and interval
  int64_t now_ms = 0;        ///< of the run: what tsdb_age counts back from
  uint64_t seed = 0;
};

/// The other nodes that a node's lines name.
struct NodeUses {
  std::set<std::string> named;    ///< anywhere: as a target, a file's text, what it reads
  std::vector<std::string> read;  ///< over remote read, in the order of its configuration
};

/// The order in which nodes start: data first, then what merges it, then what queries both.
enum class StartRank { data, merger, query };

/// Where a node tells how many remote reads it has been asked.
enum class ReadCounter {
  none,
  journal,  ///< of `mread mock`, on the control port
  metrics,  ///< of Prometheus, at /metrics
};

/// A node as its lines in a scenario say, checked as far as possible without a machine: unknown
/// keys, a config that is not a mapping, a URL that names no node. Code outside nodes/ asks these
/// functions and compares no kind by its name. Immutable; safe to use from several threads.
class NodeKind {
 public:
  virtual ~NodeKind() = default;

  const std::string& name() const { return name_; }
  virtual std::string kind() const = 0;  ///< NodeKindEntry::word
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
  virtual StartRank start_rank() const {
    return reads_remotely() ? StartRank::query : StartRank::data;
  }
  /// Stores samples that a remote read returns: the union oracle reads it.
  virtual bool holds_data() const { return false; }
  /// Holds the same samples from start to end, so one read tells all of them.
  virtual bool data_is_fixed() const { return false; }
  /// `read:` checks may ask it.
  virtual bool answers_reads() const { return true; }
  /// Evaluates PromQL: `expr:` checks may ask it.
  virtual bool knows_promql() const { return false; }
  /// Tells which alerts it was sent: `alerts:` checks may ask it.
  virtual bool holds_alerts() const { return false; }
  /// It carries out faults itself.
  virtual bool accepts_faults() const { return false; }
  /// A proxy in front of it can carry out faults: it answers reads, and has one port.
  bool can_have_front() const {
    return !accepts_faults() && answers_reads() && ports().size() == 1;
  }
  /// Answers remote reads from what it reads of others, so who reads both reads the data twice.
  virtual bool forwards_reads() const { return false; }
  /// A scenario without a node that reads or checks this one looks like a mistake.
  virtual bool wants_a_reader() const { return true; }
  virtual ReadCounter read_counter() const { return ReadCounter::none; }
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
  /// The time of its last sample by input_series(); INT64_MIN if it has no samples. Empty if it is
  /// unknown: the node makes samples itself, or has a start of its own.
  virtual std::optional<int64_t> last_sample_ms(const mockstore::TimeGrid& grid) const;

  /// The exact version for version() on this machine ("3.5.3"); empty for kinds without versions.
  /// Errors: Errc::environment, naming the versions that are there.
  virtual Result<std::string> resolve_version(const NodeContext& context) const;
  /// Errors: Errc::environment where the machine lacks the program.
  virtual Result<NodeSpec> make_spec(const NodeContext& context) const = 0;
  /// Writes the node's data into it once it runs, at `url` (Topology::url(name(), ports()[0])).
  /// Returns when all of it can be read. Most kinds have nothing to do.
  virtual Result<void> feed(const NodeContext& context, const net::Url& url,
                            std::stop_token stop) const;

 protected:
  explicit NodeKind(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
};

/// A Prometheus without lines in a file: the union oracle. `version` as in a scenario; empty is the
/// newest.
Result<NodeSpec> oracle_prometheus(const std::string& name, const std::string& version,
                                   const NodeContext& context);

}  // namespace mread::scenarios
