#include <algorithm>

#include <boost/url/parse.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/nearest.h"
#include "config/reader.h"
#include "model/labels.h"

namespace mread::config {
namespace {

using yaml::Mapping;
using yaml::Node;

size_t backend_called(const Node& node, const std::string& name, const Config& config) {
  std::vector<std::string> names;
  for (const merger::Backend& backend : config.backends) names.push_back(backend.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    const std::string near = nearest(name, names);
    node.error(
        fmt::format("no backend is called \"{}\"{}", name,
                    near.empty() ? std::string() : fmt::format(", did you mean \"{}\"?", near)));
  }
  return static_cast<size_t>(found - names.begin());
}

std::chrono::milliseconds positive(const Node& node, const char* key) {
  const auto value = node.duration();
  if (value <= std::chrono::milliseconds(0)) node.error(fmt::format("{} must be more than 0", key));
  return value;
}

}  // namespace

merger::PruneSettings read_prune(const Node& node, const Config& config) {
  merger::PruneSettings settings;
  Mapping mapping = node.mapping();
  if (const auto refresh = mapping.find("refresh"))
    settings.refresh = positive(*refresh, "refresh");
  if (const auto settle = mapping.find("settle")) settings.settle = settle->duration();
  if (const auto timeout = mapping.find("timeout"))
    settings.timeout = positive(*timeout, "timeout");
  if (const auto by = mapping.find("by"))
    settings.by_series = by->one_of({"labels", "series"}) == "series";
  if (const auto values = mapping.find("values")) {
    settings.values = values->count();
    if (settings.values == 0) values->error("values must be more than 0");
  }
  if (const auto memory = mapping.find("memory")) {
    settings.memory = memory->bytes();
    // The places of values are kept in 32 bits.
    if (settings.memory == 0 || settings.memory > 1ULL << 30)
      memory->error("memory must be between 1 byte and 1GiB");
  }
  if (const auto except = mapping.find("except")) {
    for (const Node& entry : except->sequence()) {
      settings.except.push_back(backend_called(entry, entry.string(), config));
    }
  }
  if (const auto api = mapping.find("api")) {
    Mapping paths = api->mapping();
    for (const Mapping::Entry& entry : paths.entries()) {
      const std::string path = entry.value.string();
      if (!boost::urls::parse_origin_form(path) || path.find('?') != std::string::npos) {
        entry.value.error("want a path on the backend's host, like /api/v1");
      }
      settings.api.emplace_back(backend_called(entry.key_node, entry.key, config), path);
    }
  }
  mapping.finish();
  return settings;
}

std::string describe_prune(const Config& config) {
  const merger::PruneSettings& prune = *config.prune;
  std::string except;
  for (const size_t backend : prune.except) {
    except += (except.empty() ? "" : ", ") + model::quote(config.backends[backend].name);
  }
  std::string api;
  for (const auto& [backend, path] : prune.api) {
    api += (api.empty() ? "" : ", ") + model::quote(config.backends[backend].name) + ": " +
           model::quote(path);
  }
  return fmt::format(
      "prune: {{refresh: {}, settle: {}, timeout: {}, by: {}, values: {}, memory: {}, except: "
      "[{}], api: {{{}}}}}\n",
      format_duration(prune.refresh), format_duration(prune.settle), format_duration(prune.timeout),
      prune.by_series ? "series" : "labels", prune.values, prune.memory, except, api);
}

}  // namespace mread::config
