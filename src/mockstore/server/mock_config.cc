#include "mockstore/server/mock_config.h"

#include <chrono>
#include <utility>

#include "base/host_names.h"

namespace mread::mockstore {
namespace {

constexpr std::chrono::hours default_age{1};

}  // namespace

MockConfig parse_mock_config(const yaml::Node& node, int64_t now_ms) {
  MockConfig config;
  yaml::Mapping mapping = node.mapping();
  if (const auto seed = mapping.find("seed")) config.seed = static_cast<uint64_t>(seed->integer());
  StoreDefaults defaults;
  defaults.now_ms = now_ms;
  defaults.start_ms = now_ms - std::chrono::milliseconds(default_age).count();
  if (const auto names = mapping.find("hostnames")) config.hostnames = read_host_names(*names);
  config.token_servers = read_token_servers(mapping);
  defaults.books = config.token_servers;
  const auto stores = mapping.find("stores");
  const auto proxies = mapping.find("proxies");
  if (proxies) {
    yaml::Mapping named = proxies->mapping();
    for (const auto& [name, name_node, proxy] : named.entries()) {
      if (name.empty()) name_node.error("a proxy needs a name");
      config.proxies.push_back(parse_forward_proxy(proxy, name));
      config.proxies.back().hostnames = config.hostnames;
    }
  }
  if (!stores && !config.proxies.empty()) {
    mapping.finish();
    return config;
  }
  if (!stores) {
    const auto name = mapping.find("name");
    config.stores.push_back(parse_store(mapping, name ? name->string() : "mock", defaults));
    config.stores.back().hostnames = config.hostnames;
    mapping.finish();
    return config;
  }
  if (const auto interval = mapping.find("interval")) defaults.interval = read_interval(*interval);
  if (const auto start = mapping.find("start_timestamp"))
    defaults.start_ms = read_start(*start, now_ms);
  mapping.finish();
  yaml::Mapping named = stores->mapping();
  for (const auto& [name, name_node, store] : named.entries()) {
    if (name.empty()) name_node.error("a store needs a name");
    config.stores.push_back(parse_store(store, name, defaults));
    config.stores.back().hostnames = config.hostnames;
  }
  if (config.stores.empty()) stores->error("no store is configured");
  return config;
}

}  // namespace mread::mockstore
