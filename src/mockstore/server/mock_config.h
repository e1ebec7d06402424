#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/yaml.h"
#include "mockstore/server/forward_proxy.h"
#include "mockstore/store/store_config.h"
#include "mockstore/store/token_book.h"

namespace mread::mockstore {

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
///   hostnames: [mock.internal]     # that control interfaces are reached by, in addition to addresses and
///   localhost interval: 15s                  # both are the stores' defaults; the interval's own
///   default is 15s start_timestamp: now-1h stores:
///     a: {listen: 127.0.0.1:9001, input_series: […], faults: […]}
///   token_servers: {t: {listen: 127.0.0.1:9002, client_id: me, client_secret: s}}
///   proxies:
///     p: {listen: 127.0.0.1:3128}    # forward_proxy.h
/// or, without `stores:` and `proxies:`, the keys of a single store, whose name is "mock" or
/// `name`. Throws ConfigError.
MockConfig parse_mock_config(const yaml::Node& node, int64_t now_ms);

}  // namespace mread::mockstore
