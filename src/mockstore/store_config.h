#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/transport_settings.h"
#include "base/yaml.h"
#include "mockstore/answer.h"
#include "mockstore/fault.h"
#include "mockstore/forward_proxy.h"
#include "mockstore/input_series.h"
#include "mockstore/store_auth.h"
#include "model/labels.h"
#include "net/listen_address.h"

namespace mread::mockstore {

/// One mock store, as configured.
struct StoreConfig {
  std::string name;
  net::ListenAddress listen;             ///< default 127.0.0.1:0
  net::ListenAddress admin_listen;       ///< default: the host of `listen`, any free port
  std::vector<std::string> hostnames;    ///< names that the control interface is reached by, beside those of both
  std::optional<TlsServerSettings> tls;  ///< of `listen`; the admin listener speaks plain HTTP
  std::string read_path = "/api/v1/read";
  bool sink = false;  ///< also takes alerts and scrapes, see Sink
  std::vector<InputSeries> input_series;
  std::chrono::milliseconds interval = default_interval;
  int64_t start_ms = 0;
  std::chrono::milliseconds sample_offset{0};
  model::LabelSet external_labels;
  Generation generation = Generation::v3_5;
  Encodings encodings = Encodings::compatible;
  AnswerOptions answer;
  StoreAuth auth;
  size_t journal_size = 10'000;
  std::vector<FaultRule> faults;
};

/// What a store takes where its own notation says nothing.
struct StoreDefaults {
  std::chrono::milliseconds interval = default_interval;
  int64_t start_ms = 0;
  int64_t now_ms = 0;  ///< what `now` means in start_timestamp
  TokenBooks books;    ///< whose tokens a store can want
};

/// Reads the keys of a store out of a mapping that may have others; whoever calls it calls finish(). Throws
/// ConfigError.
StoreConfig parse_store(yaml::Mapping& mapping, std::string name, const StoreDefaults& defaults);
/// The same for a mapping that is a store and nothing else.
StoreConfig parse_store(const yaml::Node& node, std::string name, const StoreDefaults& defaults);

/// A mock.yml.
struct MockConfig {
  uint64_t seed = 0;
  std::vector<std::string> hostnames;  ///< the stores and proxies have them too
  std::vector<StoreConfig> stores;
  TokenBooks token_servers;
  std::vector<ForwardProxyConfig> proxies;
};

/// Reads
///   seed: 42
///   hostnames: [mock.internal]     # that control interfaces are reached by, beside addresses and localhost
///   interval: 15s                  # both are the stores' defaults; the interval's own default is 15s
///   start_timestamp: now-1h
///   stores:
///     a: {listen: 127.0.0.1:9001, input_series: […], faults: […]}
///   token_servers: {t: {listen: 127.0.0.1:9002, client_id: me, client_secret: s}}
///   proxies:
///     p: {listen: 127.0.0.1:3128}    # forward_proxy.h
/// or, without `stores:` and `proxies:`, the keys of a single store, whose name is "mock" or `name`. Throws
/// ConfigError.
MockConfig parse_mock_config(const yaml::Node& node, int64_t now_ms);

}  // namespace mread::mockstore
