#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/transport_settings.h"
#include "base/yaml.h"
#include "mockstore/faults/fault.h"
#include "mockstore/notation/input_series.h"
#include "mockstore/store/store_answer.h"
#include "mockstore/store/store_auth.h"
#include "mockstore/store/upstream_config.h"
#include "model/labels.h"
#include "net/listen_address.h"

namespace mread::mockstore {

/// One mock store, as configured.
struct StoreConfig {
  std::string name;
  net::ListenAddress listen;        ///< default 127.0.0.1:0
  net::ListenAddress admin_listen;  ///< default: the host of `listen`, any free port
  /// further names of the control interface, in addition to the hosts of both listeners
  std::vector<std::string> hostnames;
  std::optional<TlsServerSettings> tls;  ///< of `listen`; the admin listener speaks plain HTTP
  std::string read_path = "/api/v1/read";
  bool sink = false;                       ///< also takes alerts and scrapes, see Sink
  std::optional<UpstreamConfig> upstream;  ///< answers come from it, and there is no data
  std::vector<InputSeries> input_series;
  std::chrono::milliseconds interval = default_interval;
  int64_t start_ms = 0;
  std::chrono::milliseconds sample_offset{0};
  model::LabelSet external_labels;
  PrometheusVersion behaves_like = PrometheusVersion::v3_5;
  Encodings encodings = Encodings::compatible;
  AnswerOptions answer;
  StoreAuth auth;
  size_t journal_size = 10'000;
  std::vector<FaultRule> faults;
};

/// Settings of a store whose own keys do not give them.
struct StoreDefaults {
  std::chrono::milliseconds interval = default_interval;
  int64_t start_ms = 0;
  int64_t now_ms = 0;  ///< what `now` means in start_timestamp
  TokenBooks books;    ///< whose tokens a store can want
};

/// Read `start_timestamp:`, relative to `now_ms`, and `interval:`. Throw ConfigError.
int64_t read_start(const yaml::Node& node, int64_t now_ms);
std::chrono::milliseconds read_interval(const yaml::Node& node);

/// Reads the keys of a store from a mapping that may have others; the caller calls finish(). Throws
/// ConfigError.
StoreConfig parse_store(yaml::Mapping& mapping, std::string name, const StoreDefaults& defaults);
/// The same for a mapping that is a store and nothing else.
StoreConfig parse_store(const yaml::Node& node, std::string name, const StoreDefaults& defaults);

}  // namespace mread::mockstore
