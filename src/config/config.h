#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/memory_limit.h"
#include "base/transport_settings.h"
#include "base/yaml.h"
#include "config/credentials.h"
#include "config/headers.h"
#include "config/web.h"
#include "merger/answer/client_class.h"
#include "merger/policy/policy.h"

namespace mread::config {

/// One entry of `remote_read:`, but for what merger::Backend has of it, with Prometheus's own
/// defaults.
struct Endpoint {
  std::string default_name;  ///< HOST:PORT of the URL
  std::string url;           ///< http or https, without userinfo, as it is asked
  /// Not empty: Prometheus takes the entry, and no read can succeed with it. Every read fails with
  /// this text.
  std::string unusable;
  HeaderPairs headers;                   ///< sent with every request
  std::vector<HttpHeader> http_headers;  ///< likewise, behind `headers`
  Credentials credentials;
  bool follow_redirects = true;
  bool enable_http2 = true;  ///< accepted; this client speaks HTTP/1.1
  bool read_recent = false;  ///< accepted; the core has no data of its own, so it always asks
  bool filter_external_labels = true;  ///< accepted; the core has no external labels
  TransportSettings transport;         ///< TLS and proxy
};

/// The part of `limits:` that the server applies, not a single read; 0 means no limit.
struct ServerLimits {
  uint64_t concurrent_reads = 64;
  uint64_t queue = 512;                          ///< reads that may wait for one of them
  std::chrono::milliseconds queue_wait{30'000};  ///< for how long
  bool read_sharing = true;                      ///< reads that ask the same share one fan-out
  uint64_t total_bytes_in_flight = 4ULL << 30;   ///< of all reads together
  /// Client connections at once; never more than half of the file descriptors.
  uint64_t connections = 4096;
  uint64_t request_bodies = 64;          ///< being read at once
  uint64_t request_bytes = 64ULL << 20;  ///< of the bodies of all requests until they are decoded
  uint64_t warnings = 1024;              ///< requests that wait for the warnings of their reads
  /// A client that takes less than this [bytes/s] while others wait is given up after
  /// `client_patience`.
  uint64_t client_rate = 64ULL << 10;
  std::chrono::milliseconds client_patience{10'000};

  bool total_bytes_given = false;  ///< by the file
  bool bytes_given = false;        ///< merger::Limits::bytes_in_flight, likewise
  std::string share_of;            ///< of which the two are a half and a quarter, where they are
};

/// Clients whose User-Agent begins with this text refuse what Prometheus of that generation
/// refuses.
struct ClientRule {
  std::string user_agent;  ///< not empty
  merger::ClientClass as = merger::ClientClass::v3_5;
};

/// A file with more entries of `remote_read:`, which changes while the server runs.
struct Discovery {
  std::string file;
  std::chrono::milliseconds refresh{5'000};  ///< how often it is looked at
};

/// An mread.yml. docs/reference/serve.md has the file's documented form. Backends are those of
/// `remote_read:`, then those of `discovery:`; groups those of the file, in its order, then one for
/// each backend that is in none. A backend's name is, where the file gives none, HOST:PORT of the
/// URL, and of further ones HOST:PORT-2, HOST:PORT-3 …
struct Config : merger::Policy {
  std::string listen = "127.0.0.1:9095";
  std::vector<Endpoint> endpoints;  ///< by backend
  ServerLimits server_limits;
  /// The first that fits counts, before what a Prometheus says of itself.
  std::vector<ClientRule> clients;
  std::optional<Discovery> discovery;
  std::optional<merger::HealthSettings> health;  ///< none: every read asks every backend
  WebSettings web;                               ///< of the server itself
  std::string query_log_file;                    ///< empty: none
  /// What is taken, and has no effect or not the one that it seems to have: "FILE:LINE:COLUMN: …",
  /// no secrets.
  std::vector<std::string> warnings;

  /// Parses and checks. Unknown keys, duplicates, wrong types and what this version does not
  /// support yet are yaml::ConfigError with their place. The file of `discovery:` is read as well;
  /// a relative path begins where the configuration is.
  static Config parse(std::string text, std::string file_name);
  static Config load(const std::string& path);
  static Config from_yaml(const yaml::Node& root);

  /// By its User-Agent.
  merger::ClientClass class_of(std::string_view user_agent) const;

  /// Where the file gives no total_bytes_in_flight, it is not more than half of what the process
  /// may have, and bytes_in_flight not more than a quarter.
  void fit_into(const MemoryLimit& memory);

  /// What the configuration means, defaults filled in, as YAML. Secrets, and values of headers and
  /// of URL parameters, which may be some, are left out.
  std::string describe() const;
};

}  // namespace mread::config
