#include "mockstore/store/store_config.h"

#include <algorithm>

#include "base/duration.h"
#include "base/timestamp.h"
#include "base/tls_server_yaml.h"
#include "mockstore/faults/parse_fault.h"

namespace mread::mockstore {
namespace {

net::ListenAddress read_address(const yaml::Node& node) {
  auto address = net::parse_listen_address(node.string());
  if (!address) node.error(address.error().context);
  return *address;
}

// "7s", "-7s".
std::chrono::milliseconds read_offset(const yaml::Node& node) {
  const std::string text = node.string();
  if (!text.starts_with("-")) return node.duration();
  const auto duration = parse_duration(std::string_view(text).substr(1));
  if (!duration) node.error(duration.error().context);
  return -*duration;
}

model::LabelSet read_labels(const yaml::Node& node) {
  model::LabelSet labels;
  yaml::Mapping mapping = node.mapping();
  for (const auto& [name, name_node, value] : mapping.entries()) {
    if (name.empty()) name_node.error("a label name is missing");
    labels.set(name, value.string());
  }
  return labels;
}

// What describes data, or how they are answered, is the upstream's own matter.
void refuse_keys_of_data(yaml::Mapping& mapping) {
  for (const char* key :
       {"input_series", "interval", "start_timestamp", "sample_offset", "external_labels",
        "behaves_like", "chunk_encodings", "streamed", "max_samples", "sink"}) {
    if (const auto node = mapping.find(key))
      node->error(std::string("a store with an upstream has its data and its answers: remove ") +
                  key + ", or upstream");
  }
}

}  // namespace

int64_t read_start(const yaml::Node& node, int64_t now_ms) {
  const auto start = parse_timestamp(node.string(), now_ms);
  if (!start) node.error(start.error().context);
  return *start;
}

std::chrono::milliseconds read_interval(const yaml::Node& node) {
  const auto interval = node.duration();
  if (interval.count() <= 0) node.error("the interval must be above 0");
  return interval;
}

StoreConfig parse_store(yaml::Mapping& mapping, std::string name, const StoreDefaults& defaults) {
  StoreConfig store;
  store.name = std::move(name);
  store.interval = defaults.interval;
  store.start_ms = defaults.start_ms;
  if (const auto node = mapping.find("listen")) store.listen = read_address(*node);
  store.admin_listen = {store.listen.host, 0};
  if (const auto node = mapping.find("admin_listen")) store.admin_listen = read_address(*node);
  if (const auto node = mapping.find("tls")) store.tls = read_tls_server(*node);
  if (const auto node = mapping.find("read_path")) {
    store.read_path = node->string();
    if (!store.read_path.starts_with("/") || store.read_path.starts_with("/-/"))
      node->error("a path begins with / and not with /-/");
  }
  if (const auto node = mapping.find("upstream")) {
    refuse_keys_of_data(mapping);
    store.upstream = read_upstream(*node, store.read_path);
  }
  if (const auto node = mapping.find("sink")) store.sink = node->boolean();
  if (const auto node = mapping.find("input_series"); node && !node->is_null())
    store.input_series = read_input_series(*node);
  if (const auto node = mapping.find("interval")) store.interval = read_interval(*node);
  if (const auto node = mapping.find("start_timestamp"))
    store.start_ms = read_start(*node, defaults.now_ms);
  if (const auto node = mapping.find("sample_offset")) store.sample_offset = read_offset(*node);
  if (const auto node = mapping.find("external_labels")) store.external_labels = read_labels(*node);
  if (const auto node = mapping.find("behaves_like"))
    store.behaves_like = node->one_of({"v2.42", "v3.5"}) == "v2.42" ? PrometheusVersion::v2_42
                                                                    : PrometheusVersion::v3_5;
  if (const auto node = mapping.find("chunk_encodings"))
    store.encodings =
        node->one_of({"compatible", "newer"}) == "newer" ? Encodings::newer : Encodings::compatible;
  if (const auto node = mapping.find("streamed")) store.answer.streamed = node->boolean();
  if (const auto node = mapping.find("max_samples")) store.answer.max_samples = node->count();
  if (const auto node = mapping.find("max_bytes_in_frame")) {
    store.answer.max_bytes_in_frame = node->bytes();
    if (store.answer.max_bytes_in_frame > (1ULL << 40)) node->error("must be at most 1TiB");
  }
  if (const auto node = mapping.find("journal_size"))
    store.journal_size = std::max<uint64_t>(node->count(), 1);
  if (const auto node = mapping.find("faults")) store.faults = parse_faults(*node);
  store.auth = read_store_auth(mapping, defaults.books);
  return store;
}

StoreConfig parse_store(const yaml::Node& node, std::string name, const StoreDefaults& defaults) {
  yaml::Mapping mapping = node.mapping();
  StoreConfig store = parse_store(mapping, std::move(name), defaults);
  mapping.finish();
  return store;
}

}  // namespace mread::mockstore
