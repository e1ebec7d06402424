#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/nearest.h"
#include "base/tls_server_yaml.h"
#include "config/reader.h"
#include "model/matcher.h"

namespace mread::config {
namespace {

using yaml::Mapping;
using yaml::Node;

// By name of a backend: where it stands.
using Places = std::map<std::string, std::string>;

// The entries that are to get a name, with their places.
using Nameless = std::vector<std::pair<size_t, Node>>;

struct Names {
  Places given;
  Nameless missing;
};

void read_backends(const Node& node, Config& config, Names& names) {
  for (const Node& entry : node.sequence()) {
    auto [backend, endpoint] = read_backend(entry, config.warnings);
    // Each read asks all, and groups and reloads compare them with one another.
    constexpr size_t most_backends = 10'000;
    if (config.backends.size() >= most_backends) entry.error("more than 10000 backends");
    if (backend.name.empty()) {
      names.missing.emplace_back(config.backends.size(), entry);
    } else {
      const auto [known, fresh] =
          names.given.emplace(backend.name, fmt::format("{}:{}", entry.file(), entry.line()));
      if (!fresh) {
        entry.error(fmt::format(
            "a second backend is called \"{}\" (the first is in {}): give each its own name",
            backend.name, known->second));
      }
    }
    config.backends.push_back(std::move(backend));
    config.endpoints.push_back(std::move(endpoint));
  }
}

// Names that the file gives come first, so that they mean what they say. The first backend at an
// address has it for a name, whatever is added behind it.
void name_the_nameless(const Names& names, Config& config) {
  std::set<std::string> taken;
  for (const auto& [name, place] : names.given) taken.insert(name);
  std::map<std::string, size_t> next;
  for (const auto& [index, entry] : names.missing) {
    merger::Backend& backend = config.backends[index];
    const std::string& default_name = config.endpoints[index].default_name;
    size_t& number = next.try_emplace(default_name, 1).first->second;
    const bool is_first = number == 1;
    do {
      backend.name = number == 1 ? default_name : fmt::format("{}-{}", default_name, number);
      ++number;
    } while (!taken.insert(backend.name).second);
    if (is_first && backend.name == default_name) continue;
    config.warnings.push_back(fmt::format(
        "{}: \"{}\" is another backend's name: this one is called \"{}\"; give it a name",
        entry.place(), default_name, backend.name));
  }
}

void read_discovery(const Node& node, Config& config, Names& names) {
  Discovery discovery;
  Mapping mapping = node.mapping();
  const Node file = mapping.require("file");
  discovery.file = read_path(file);
  if (const auto refresh = mapping.find("refresh")) {
    discovery.refresh = refresh->duration();
    if (discovery.refresh <= std::chrono::milliseconds(0))
      refresh->error("refresh must be more than 0");
  }
  mapping.finish();
  const Node list = Node::load(discovery.file);
  read_backends(list, config, names);
  config.warnings.insert(config.warnings.end(), list.remarks().begin(), list.remarks().end());
  config.discovery = std::move(discovery);
}

merger::HedgeAfter read_hedge_after(const Node& node, const merger::Group& group) {
  if (group.wait == merger::Group::Wait::all) {
    node.error(
        "hedge_after takes \"wait: need\": with \"wait: all\" every member is asked at once");
  }
  if (group.need == group.members.size()) {
    node.error(fmt::format("nobody is left to hedge with: need is {} of {} members", group.need,
                           group.members.size()));
  }
  merger::HedgeAfter after;
  const std::string word = node.string();
  if (!word.empty() && word.front() == 'p') {
    after.quantile = std::stod(node.one_of({"p50", "p90", "p95", "p99"}).substr(1)) / 100;
    return after;
  }
  after.delay = node.duration();
  if (after.delay <= std::chrono::milliseconds(0)) {
    node.error("hedge_after must be more than 0; without it all members are asked at once");
  }
  return after;
}

merger::Group read_group(const Node& node, const Config& config, std::vector<bool>& taken) {
  merger::Group group;
  Mapping mapping = node.mapping();
  group.name = mapping.require("name").string();
  if (group.name.empty()) node.error("a group needs a name");
  std::vector<std::string> names;
  for (const merger::Backend& backend : config.backends) names.push_back(backend.name);
  const Node members = mapping.require("members");
  for (const Node& member : members.sequence()) {
    const std::string name = member.string();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const std::string near = nearest(name, names);
      member.error(
          fmt::format("no backend is called \"{}\"{}", name,
                      near.empty() ? std::string() : fmt::format(", did you mean \"{}\"?", near)));
    }
    const auto index = static_cast<size_t>(found - names.begin());
    if (taken[index]) member.error(fmt::format("backend \"{}\" is in a group already", name));
    taken[index] = true;
    group.members.push_back(index);
  }
  if (group.members.empty()) members.error("a group needs at least one member");
  std::sort(group.members.begin(), group.members.end());
  if (const auto need = mapping.find("need")) {
    const int64_t count = need->integer();
    if (count < 1 || static_cast<uint64_t>(count) > group.members.size()) {
      need->error(
          fmt::format("need must be between 1 and the group's {} members", group.members.size()));
    }
    group.need = static_cast<size_t>(count);
  }
  if (const auto wait = mapping.find("wait")) {
    group.wait = wait->one_of({"all", "need"}) == "all" ? merger::Group::Wait::all
                                                        : merger::Group::Wait::need;
  }
  if (const auto after = mapping.find("hedge_after"))
    group.hedge_after = read_hedge_after(*after, group);
  mapping.finish();
  return group;
}

}  // namespace

void read_all_backends(Mapping& mapping, Config& config) {
  Names names;
  const auto discovery = mapping.find("discovery");
  const auto remote_read = discovery ? mapping.find("remote_read") : mapping.require("remote_read");
  if (remote_read) read_backends(*remote_read, config, names);
  if (discovery) read_discovery(*discovery, config, names);
  if (config.backends.empty())
    (remote_read ? *remote_read : *discovery).error("remote_read must name at least one backend");
  name_the_nameless(names, config);
}

void read_groups(const std::optional<Node>& node, Config& config) {
  std::vector<bool> taken(config.backends.size());
  std::set<std::string> names;
  if (node) {
    for (const Node& entry : node->sequence()) {
      merger::Group group = read_group(entry, config, taken);
      if (!names.insert(group.name).second)
        entry.error(fmt::format("a second group is called \"{}\"", group.name));
      config.groups.push_back(std::move(group));
    }
  }
  for (size_t i = 0; i < config.backends.size(); ++i) {
    if (taken[i]) continue;
    const std::string& name = config.backends[i].name;
    if (names.count(name) > 0) {
      node->error(fmt::format(
          "a group is called \"{}\", as is a backend that is in no group: give one another name",
          name));
    }
    config.groups.push_back({name, {i}, 1, merger::Group::Wait::all, std::nullopt});
  }
  for (size_t g = 0; g < config.groups.size(); ++g) {
    for (const size_t member : config.groups[g].members) config.backends[member].group = g;
  }
}

merger::Route read_route(const Node& node, const Config& config) {
  merger::Route route;
  Mapping mapping = node.mapping();
  const Node match = mapping.require("match");
  const std::string text = match.string();
  size_t offset = 0;
  auto matchers = model::parse_selector(text, &offset);
  if (!matchers) match.error_at(offset, matchers.error().context);
  route.match = *std::move(matchers);
  std::vector<std::string> names;
  for (const merger::Group& group : config.groups) names.push_back(group.name);
  const Node groups = mapping.require("groups");
  for (const Node& entry : groups.sequence()) {
    const std::string name = entry.string();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const std::string near = nearest(name, names);
      entry.error(
          fmt::format("no group is called \"{}\"{}", name,
                      near.empty() ? std::string() : fmt::format(", did you mean \"{}\"?", near)));
    }
    route.groups.push_back(static_cast<size_t>(found - names.begin()));
  }
  if (route.groups.empty()) groups.error("a route needs at least one group");
  mapping.finish();
  return route;
}

}  // namespace mread::config
