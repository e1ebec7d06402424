#include "scenarios/nodes/node_directory.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/nearest.h"
#include "net/http.h"

namespace mread::scenarios {

namespace {

bool is_list(const yaml::Node& node) { return node.is_sequence(); }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string join(const std::vector<uint16_t>& ports) {
  std::string text;
  for (const uint16_t port : ports) text += (text.empty() ? "" : " and ") + std::to_string(port);
  return text;
}

}  // namespace

void NodeDirectory::set_external(std::vector<std::string> hosts) {
  for (const std::string& host : hosts) external_.insert(lower(host));
}

void NodeDirectory::set_sinks(std::vector<std::string> hosts, std::string sink) {
  for (const std::string& host : hosts) sinks_.insert(lower(host));
  sink_ = std::move(sink);
}

// With "*", a host that looks like a mistyped node name is still refused.
bool NodeDirectory::is_sink(const std::string& host, std::string_view port) const {
  if (sinks_.contains(host) || sinks_.contains(host + ":" + std::string(port))) return true;
  if (!sinks_.contains("*")) return false;
  std::vector<std::string> names;
  for (const auto& [name, ports] : ports_) names.push_back(name);
  return host == "localhost" || nearest(host, names).empty();
}

void NodeDirectory::add_alias(const std::string& alias, const std::string& node) {
  aliases_.emplace(lower(alias), node);
}

std::string NodeDirectory::owner_of(const std::string& name) const {
  if (const auto alias = aliases_.find(lower(name)); alias != aliases_.end()) return alias->second;
  return ports_.contains(name) ? name : std::string();
}

std::string NodeDirectory::placeholder_of_alias(const std::string& host,
                                                std::string_view port) const {
  auto alias = aliases_.find(host + ":" + std::string(port));
  if (port.empty() || alias == aliases_.end()) alias = aliases_.find(host);
  if (alias == aliases_.end()) return {};
  const std::vector<uint16_t>& ports = ports_.at(alias->second);
  if (ports.empty()) return {};
  uint16_t chosen = ports.front();
  for (const uint16_t own : ports) {
    if (std::to_string(own) == port) chosen = own;
  }
  return "{{node:" + alias->second + ":" + std::to_string(chosen) + "}}";
}

void NodeDirectory::refuse(const yaml::Node& place, size_t offset, const std::string& host) const {
  std::vector<std::string> names;
  for (const auto& [name, ports] : ports_) names.push_back(name);
  const bool looks_like_a_node =
      host.find_first_of(".:[]") == std::string::npos && host != "localhost";
  const std::string hint = suggestion(host, names, looks_like_a_node ? "there is " : "");
  if (!hint.empty()) place.error_at(offset, "no node \"" + host + "\" in this scenario" + hint);
  place.error_at(
      offset,
      "\"" + host +
          "\" is no node of this scenario, and a run asks nobody else: give a node `aliases: [" +
          host + "]`, or allow the host at the top of the file with `external: [" + host + "]`");
}

void NodeDirectory::refuse_keys(const yaml::Node& list, std::string_view end,
                                std::string_view allowed, const std::string& why) const {
  if (!list.is_sequence()) return;
  for (const yaml::Node& item : list.sequence()) {
    if (!item.is_mapping()) continue;
    yaml::Mapping mapping = item.mapping();
    for (const auto& [key, key_node, value] : mapping.entries()) {
      if (!key.ends_with(end) || key == allowed || value.is_null() || external_.contains(key))
        continue;
      key_node.error(key + why + ", or allow it at the top of the file with `external: [" + key +
                     "]`");
    }
  }
}

void NodeDirectory::refuse_discovery(const yaml::Node& list) const {
  refuse_keys(list, "_sd_configs", "",
              " finds targets outside the scenario: write them as static_configs");
}

void NodeDirectory::refuse_receivers(const yaml::Node& receivers) const {
  refuse_keys(receivers, "_configs", "webhook_configs",
              " tells somebody outside the scenario: write webhook_configs with the URL of a mock "
              "with `sink: true`");
}

std::string NodeDirectory::placeholder(const yaml::Node& place, size_t offset,
                                       std::string_view authority, bool is_target) const {
  const bool is_bracketed = authority.starts_with('[');
  size_t colon = is_bracketed ? authority.find(':', authority.find(']')) : authority.rfind(':');
  const std::string host(authority.substr(0, colon));
  const std::string_view given_port =
      colon == std::string_view::npos ? "" : authority.substr(colon + 1);
  if (std::string alias = placeholder_of_alias(lower(host), given_port); !alias.empty())
    return alias;
  const auto node = ports_.find(host);
  if (node == ports_.end()) {
    const std::string bare = is_bracketed ? host.substr(1, host.size() - 2) : host;
    const std::string with_port = lower(host) + ":" + std::string(given_port);
    if (external_.contains(lower(host)) || external_.contains(lower(bare)) ||
        external_.contains(with_port))
      return {};
    if (is_target && is_sink(lower(host), given_port)) return "{{node:" + sink_ + ":9090}}";
    refuse(place, offset, host);
  }
  if (node->second.empty()) place.error_at(offset, "node " + host + " listens on no port");
  uint16_t port = node->second.front();
  if (colon != std::string_view::npos) {
    const std::string_view text = authority.substr(colon + 1);
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
      place.error_at(offset + colon + 1, "\"" + std::string(text) + "\" is no port");
    }
    if (std::find(node->second.begin(), node->second.end(), port) == node->second.end()) {
      place.error_at(offset + colon + 1, "node " + host + " listens on " + join(node->second) +
                                             ", not on " + std::to_string(port));
    }
  }
  return "{{node:" + host + ":" + std::to_string(port) + "}}";
}

void NodeDirectory::visit(const yaml::Node& from, YAML::Node to, const std::string& self,
                          std::string_view path, bool is_target) const {
  if (from.is_null()) return;
  if (!path.empty()) {
    const size_t dot = path.find('.');
    const std::string step(path.substr(0, dot));
    const std::string_view rest =
        dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    if (step == "*") {
      const std::vector<yaml::Node> items = from.sequence();
      for (size_t i = 0; i < items.size(); ++i) {
        YAML::Node item = to[i];
        // A target's path ends here, any other goes on in a mapping.
        visit(items[i], item, self, rest.empty() ? std::string_view() : rest, is_target);
      }
    } else if (const auto value = from.mapping().find(step)) {
      YAML::Node member = to[step];
      visit(*value, member, self, rest, is_target);
    }
    return;
  }
  const std::string text = from.string();
  // Written with the engine's own placeholders already.
  if (text.find("{{") != std::string::npos) return;
  const size_t scheme = text.find("://");
  if (scheme == std::string::npos) {
    const std::string_view authority(text);
    if (authority.substr(0, authority.find(':')) == "localhost") {
      const auto own = ports_.find(self);
      const std::string as_self = self + std::string(authority.substr(9));
      const size_t colon = authority.find(':');
      const bool is_own = colon != std::string_view::npos && own != ports_.end() &&
                          std::any_of(own->second.begin(), own->second.end(), [&](uint16_t port) {
                            return std::to_string(port) == authority.substr(colon + 1);
                          });
      if (is_own) {
        to = placeholder(from, 0, as_self, is_target);
        return;
      }
    }
    if (const std::string replaced = placeholder(from, 0, authority, is_target); !replaced.empty())
      to = replaced;
    return;
  }
  size_t begin = scheme + 3;
  const size_t end = std::min(text.find_first_of("/?#", begin), text.size());
  // A proxy's URL may have a user and a password before the host.
  const size_t userinfo = text.rfind('@', end);
  if (userinfo != std::string::npos && userinfo >= begin) begin = userinfo + 1;
  if (const auto url = net::Url::parse(text.substr(0, scheme + 3) + text.substr(begin)); !url) {
    from.error(url.error().context);
  }
  const std::string replaced =
      placeholder(from, begin, std::string_view(text).substr(begin, end - begin), is_target);
  if (!replaced.empty()) to = text.substr(0, begin) + replaced + text.substr(end);
}

YAML::Node NodeDirectory::resolve(const yaml::Node& config, const std::string& self,
                                  const std::vector<std::string_view>& paths) const {
  YAML::Node copy = YAML::Clone(config.raw());
  for (const std::string_view path : paths)
    visit(config, copy, self, path, path.ends_with("targets.*"));
  return copy;
}

std::string NodeDirectory::read_target(const std::string& name) const {
  const auto found = read_targets_.find(name);
  return found == read_targets_.end() ? "/api/v1/read" : found->second;
}

void expand_remote_read_names(const yaml::Node& config, const NodeDirectory& directory) {
  if (!config.is_mapping()) return;
  const auto remote_read = config.mapping().find("remote_read");
  if (!remote_read || !is_list(*remote_read)) return;
  for (const yaml::Node& item : remote_read->sequence()) {
    if (!item.is_scalar()) continue;
    const std::string name = item.string();
    if (name.find_first_of(":/ ") != std::string::npos)
      item.error("want a node's name, or a mapping with a url");
    YAML::Node entry(YAML::NodeType::Map);
    entry["name"] = name;
    entry["url"] = "http://" + name + directory.read_target(name);
    YAML::Node slot = item.raw();
    slot = entry;
  }
}

}  // namespace mread::scenarios
