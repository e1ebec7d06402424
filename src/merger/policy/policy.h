#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/matcher.h"

namespace mread::merger {

/// What a read needs to know of a backend. Where it is, and how it is reached, the driver knows.
struct Backend {
  std::string name;  ///< unique
  std::chrono::milliseconds timeout{60'000};
  /// The backend is asked only by queries that carry each of these as an equality matcher.
  std::vector<std::pair<std::string, std::string>> required_matchers;
  uint64_t chunked_read_limit = 50'000'000;  ///< bytes of one frame
  /// It looks for regular expressions anywhere in a value, and has to be told where they begin and
  /// end.
  bool anchor_regex = false;
  size_t group = 0;  ///< index in Policy::groups
};

/// When another member of a group is asked while one has not answered yet
/// (merger/members/hedge.h).
struct HedgeAfter {
  std::chrono::milliseconds delay{0};
  double quantile = 0;  ///< of that member's own recent latency; 0: `delay` counts
};

/// Backends that hold the same data.
struct Group {
  std::string name;
  std::vector<size_t> members;  ///< indices in Policy::backends, in the order of `remote_read`
  size_t need = 1;              ///< how many members must answer, under `partial: group`
  enum class Wait {
    all,   ///< for every member, up to its own deadline
    need,  ///< for the first `need` complete answers; the others are dropped
  } wait = Wait::all;
  /// With Wait::need only: `need` members are asked at first. None: all at once.
  std::optional<HedgeAfter> hedge_after;
};

/// Which of several different samples at one timestamp is kept.
enum class OnConflict {
  first,  ///< of the backend that stands first in `remote_read`
  max,    ///< the largest value; a NaN loses against any number
  min,    ///< the smallest value; a NaN loses against any number
  live,   ///< the first that is not a staleness marker
};

/// What is made of the samples that the backends of one group have of a series.
enum class Dedup {
  union_,   ///< all of them, one a timestamp
  gapfill,  ///< those of one replica, its gaps filled from the others (merger/combine/gap_fill.h)
};
/// Every one there is; messages list them in this order.
inline constexpr Dedup all_dedup[] = {Dedup::union_, Dedup::gapfill};

/// Which chunk encodings a streamed answer may have.
enum class ChunkEncodings {
  compatible,  ///< those that every Prometheus reads; others are rewritten, and lose their start
               ///< timestamps
  newer,       ///< those of Prometheus 3.14 as well, which older ones fail on
};

/// When a read fails.
enum class PartialPolicy {
  all,    ///< any failed backend fails the read
  group,  ///< a group in which fewer than `need` members answered fails the read
  any,    ///< never, before the first byte is sent
};

/// What a read may cost; 0 means no limit.
struct Limits {
  uint64_t queries = 100;        ///< in one request
  uint64_t matchers = 1'000;     ///< of all queries of one request
  uint64_t queries_at_once = 8;  ///< of one request: so many are asked at the same time

  uint64_t series = 5'000'000;            ///< in one answer
  uint64_t samples = 500'000'000;         ///< in one answer
  uint64_t bytes_in_flight = 1ULL << 30;  ///< of memory, received and not yet sent on, of one read
  /// Of the samples that a query asks for, which may be far less than its own range. Off: a range
  /// that is declared is no work, and a client that lists labels declares all of time.
  std::chrono::milliseconds query_range{0};
};

/// When a backend that fails is left alone, and how it is found to be back
/// (merger/members/breaker.h).
struct HealthSettings {
  std::chrono::milliseconds probe{5'000};  ///< between two probes, and what one may take
  size_t open_after = 3;                   ///< failures in a row
  std::string path = "/-/ready";  ///< of a probe, on the backend's host; empty: there are no probes
  /// A backend that has not begun to answer for so long has failed, though nobody waits for it any
  /// more.
  std::chrono::milliseconds hung_after{10'000};
};

/// What is learned of the backends, and how long it takes until all that they store is there
/// (merger/select/prune.h).
struct PruneSettings {
  std::chrono::milliseconds refresh{60'000};
  /// A sample may be stored so long after its timestamp.
  std::chrono::milliseconds settle{300'000};
  std::chrono::milliseconds timeout{30'000};  ///< of one refresh
  bool by_series = false;                     ///< list the series, in place of each label's values
  uint64_t values = 50'000;                   ///< of one label; one that has more may have any
  uint64_t memory = 16ULL << 20;              ///< of what is known of one backend
  std::vector<size_t> except;                 ///< backends of which nothing is learned
  /// By backend: the path of its labels API, where the file gives one.
  std::vector<std::pair<size_t, std::string>> api;

  bool learns(size_t backend) const;
  std::optional<std::string> api_of(size_t backend) const;
};

/// One entry of `routes:`: the series that satisfy `match` may be in these groups.
struct Route {
  std::vector<model::Matcher> match;
  std::vector<size_t> groups;  ///< indices in Policy::groups
};

/// All that decides what a read asks, and what is made of the answers.
struct Policy {
  std::vector<Backend> backends;  ///< in the order of the configuration, which decides ties
  std::vector<Group> groups;      ///< each backend is in one
  std::vector<Route> routes;      ///< a group that no route names may hold anything
  /// Taken off every series before merging. The query is sent on as it is, so that a matcher on one
  /// of them chooses among the replicas and still finds their data.
  std::vector<std::string> replica_labels;
  Dedup dedup = Dedup::union_;
  OnConflict on_conflict = OnConflict::first;
  ChunkEncodings chunk_encodings = ChunkEncodings::compatible;
  /// Bytes held to sort the answer of a backend that is known to be unsorted.
  uint64_t repair_limit = 256ULL << 20;
  bool verify_chunks = false;  ///< chunks are read before they are passed on
  PartialPolicy partial = PartialPolicy::group;
  Limits limits;
  std::optional<PruneSettings> prune;  ///< none: a backend may hold anything
};

const char* to_string(OnConflict on_conflict);
/// "p95", or a duration.
std::string to_string(const HedgeAfter& after);
const char* to_string(Dedup dedup);
const char* to_string(ChunkEncodings encodings);
const char* to_string(PartialPolicy policy);

}  // namespace mread::merger
