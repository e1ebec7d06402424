#include <algorithm>

#include <fmt/format.h>

#include "base/nearest.h"
#include "config/reader.h"

namespace mread::config {
namespace {

// InfluxDB 1.x answers remote reads nowhere else, and nobody else there.
constexpr std::string_view influxdb_path = "/api/v1/prom/read";

bool is_influxdb(const std::string& url) {
  return url.substr(0, url.find_first_of("?#")).ends_with(influxdb_path);
}

}  // namespace

void read_anchor_regex(const std::optional<yaml::Node>& node, Config& config) {
  if (!node) {
    for (size_t i = 0; i < config.backends.size(); ++i) {
      config.backends[i].anchor_regex = is_influxdb(config.endpoints[i].url);
    }
    return;
  }
  std::vector<std::string> names;
  for (const merger::Backend& backend : config.backends) names.push_back(backend.name);
  for (const yaml::Node& entry : node->sequence()) {
    const std::string name = entry.string();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const std::string near = nearest(name, names);
      entry.error(
          fmt::format("no backend is called \"{}\"{}", name,
                      near.empty() ? std::string() : fmt::format(", did you mean \"{}\"?", near)));
    }
    config.backends[static_cast<size_t>(found - names.begin())].anchor_regex = true;
  }
}

}  // namespace mread::config
