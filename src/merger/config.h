#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/memory_limit.h"
#include "base/transport_settings.h"
#include "base/yaml.h"
#include "merger/config_credentials.h"
#include "merger/config_headers.h"
#include "merger/config_web.h"
#include "merger/routes.h"

namespace mread::merger {

/// One entry of `remote_read:`, with Prometheus's own defaults.
struct Backend {
  /// Unique. Where the file gives none: HOST:PORT of the URL, and of further ones HOST:PORT-2, HOST:PORT-3 …
  std::string name;
  std::string default_name;  ///< HOST:PORT of the URL
  std::string url;           ///< http or https, without userinfo, as it is asked
  /// Not empty: Prometheus takes the entry, and no read can succeed with it. Every read fails with this text.
  std::string unusable;
  std::chrono::milliseconds timeout{60'000};
  HeaderPairs headers;                   ///< sent with every request
  std::vector<HttpHeader> http_headers;  ///< likewise, behind `headers`
  Credentials credentials;
  /// The backend is asked only by queries that carry each of these as an equality matcher.
  std::vector<std::pair<std::string, std::string>> required_matchers;
  uint64_t chunked_read_limit = 50'000'000;  ///< bytes of one frame
  bool follow_redirects = true;
  bool enable_http2 = true;            ///< accepted; this client speaks HTTP/1.1
  bool read_recent = false;            ///< accepted; the core has no data of its own, so it always asks
  bool filter_external_labels = true;  ///< accepted; the core has no external labels
  /// It looks for regular expressions anywhere in a value, and has to be told where they begin and end.
  bool anchor_regex = false;
  TransportSettings transport;  ///< TLS and proxy
  size_t group = 0;             ///< index in Config::groups
};

/// When another member of a group is asked beside one that has not answered yet (merger/hedge.h).
struct HedgeAfter {
  std::chrono::milliseconds delay{0};
  double quantile = 0;  ///< of that member's own recent latency; 0: `delay` counts
};

/// Backends that hold the same data.
struct Group {
  std::string name;
  std::vector<size_t> members;  ///< indices in Config::backends, in the order of `remote_read`
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
  gapfill,  ///< those of one replica, its gaps filled from the others (merger/gap_fill.h)
};

/// Which chunk encodings a streamed answer may have.
enum class ChunkEncodings {
  compatible,  ///< those that every Prometheus reads; others are rewritten, and lose their start timestamps
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
  // Applied by the server, not by the machine.
  uint64_t concurrent_reads = 64;
  uint64_t queue = 512;                          ///< reads that may wait for one of them
  std::chrono::milliseconds queue_wait{30'000};  ///< for how long
  bool single_flight = true;                     ///< reads that ask the same share one fan-out
  uint64_t total_bytes_in_flight = 4ULL << 30;   ///< of all reads together
  /// Client connections at once; never more than half of the file descriptors.
  uint64_t connections = 4096;
  uint64_t request_bodies = 64;          ///< being read at once
  uint64_t request_bytes = 64ULL << 20;  ///< of the bodies of all requests until they are decoded
  uint64_t warnings = 1024;              ///< requests that wait for the warnings of their reads
  /// A client that takes less than this [bytes/s] while others wait is given up after `client_patience`.
  uint64_t client_rate = 64ULL << 10;
  std::chrono::milliseconds client_patience{10'000};

  uint64_t queries = 100;        ///< in one request
  uint64_t matchers = 1'000;     ///< of all queries of one request
  uint64_t queries_at_once = 8;  ///< of one request: so many are asked at the same time

  uint64_t series = 5'000'000;            ///< in one answer
  uint64_t samples = 500'000'000;         ///< in one answer
  uint64_t bytes_in_flight = 1ULL << 30;  ///< of memory, received and not yet sent on, of one read
  std::chrono::milliseconds query_range = std::chrono::hours(24 * 400);

  bool total_bytes_given = false;  ///< by the file
  bool bytes_given = false;
  std::string share_of;  ///< of which the two are a half and a quarter, where they are
};

/// When a backend that fails is left alone, and how it is found to be back (merger/breaker.h).
struct HealthSettings {
  std::chrono::milliseconds probe{5'000};  ///< between two probes, and what one may take
  size_t open_after = 3;                   ///< failures in a row
  std::string path = "/-/ready";           ///< of a probe, on the backend's host; empty: there are no probes
  /// A backend that has not begun to answer for so long has failed, though nobody waits for it any more.
  std::chrono::milliseconds hung_after{10'000};
};

/// What is learned of the backends, and how long it takes until all that they store is there (merger/prune.h).
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

/// A file with more entries of `remote_read:`, which changes while the server runs.
struct Discovery {
  std::string file;
  std::chrono::milliseconds refresh{5'000};  ///< how often it is looked at
};

/// An mread.yml. DESIGN.md has the file's documented form.
struct Config {
  std::string listen = "127.0.0.1:9095";
  std::vector<Backend> backends;  ///< of `remote_read:`, then those of `discovery:`
  std::vector<Group> groups;      ///< those of the file, in its order, then one for each backend that is in none
  std::vector<Route> routes;      ///< a group that no route names may hold anything
  /// Taken off every series before merging. The query is sent on as it is, so that a matcher on one of them chooses
  /// among the replicas and still finds their data.
  std::vector<std::string> replica_labels;
  Dedup dedup = Dedup::union_;
  OnConflict on_conflict = OnConflict::first;
  ChunkEncodings chunk_encodings = ChunkEncodings::compatible;
  uint64_t repair_limit = 256ULL << 20;  ///< bytes held to sort the answer of a backend that is known to be unsorted
  bool verify_chunks = false;            ///< chunks are read before they are passed on
  PartialPolicy partial = PartialPolicy::group;
  Limits limits;
  std::optional<Discovery> discovery;
  std::optional<HealthSettings> health;  ///< none: every read asks every backend
  std::optional<PruneSettings> prune;    ///< none: a backend may hold anything
  WebSettings web;                       ///< of the server itself
  std::string query_log_file;            ///< empty: none
  /// What is taken, and has no effect or not the one that it seems to have: "FILE:LINE:COLUMN: …", no secrets.
  std::vector<std::string> warnings;

  /// Parses and checks. Unknown keys, duplicates, wrong types and what this version does not support yet are
  /// yaml::ConfigError with their place. The file of `discovery:` is read as well; a relative path begins where the
  /// configuration is.
  static Config parse(std::string text, std::string file_name);
  static Config load(const std::string& path);
  static Config from_yaml(const yaml::Node& root);

  /// Where the file gives no total_bytes_in_flight, it is not more than half of what the process may have, and
  /// bytes_in_flight not more than a quarter.
  void fit_into(const MemoryLimit& memory);

  /// What the configuration means, defaults filled in, as YAML. Secrets, and values of headers and of URL
  /// parameters, which may be some, are left out.
  std::string describe() const;
};

const char* to_string(OnConflict on_conflict);
/// "p95", or a duration.
std::string to_string(const HedgeAfter& after);
const char* to_string(Dedup dedup);
const char* to_string(ChunkEncodings encodings);
const char* to_string(PartialPolicy policy);

}  // namespace mread::merger
