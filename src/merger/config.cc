#include "merger/config.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "model/labels.h"

namespace mread::merger {
namespace {

using yaml::Mapping;
using yaml::Node;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Keys that DESIGN.md promises and that this version cannot keep: ignoring them would change what a read returns.
void refuse_unsupported(Mapping& mapping, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (const auto value = mapping.find(key)) value->error(fmt::format("{} is not supported yet by this version", key));
  }
}

bool valid_label_name(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front()))) return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

struct Address {
  std::string text;  // as written
  std::string authority;
};

Address read_url(const Node& node) {
  const std::string text = node.string();
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) node.error(fmt::format("\"{}\" is not a URL (want http://HOST:PORT/PATH)", text));
  const boost::urls::url_view url = *parsed;
  if (url.has_userinfo()) node.error("a URL must not carry a user name or a password: use basic_auth");
  if (url.scheme() != "http" && url.scheme() != "https") {
    node.error(fmt::format("want an http or https URL, got \"{}\"", std::string(url.scheme())));
  }
  if (url.encoded_host().empty()) node.error("the URL names no host");
  if (url.has_port() && !url.port().empty() && url.port_number() == 0) {
    node.error(fmt::format("\"{}\" is not a port", std::string(url.port())));
  }
  std::string port = url.port_number() != 0 ? std::to_string(url.port_number()) : std::string();
  if (port.empty()) port = url.scheme() == "https" ? "443" : "80";
  return {text, std::string(url.encoded_host()) + ":" + port};
}

std::vector<std::pair<std::string, std::string>> read_headers(const Node& node) {
  // What Prometheus reserves as well: the protocol's own, and what has options of its own.
  static constexpr std::array reserved = {"accept-encoding",
                                          "connection",
                                          "content-encoding",
                                          "content-length",
                                          "content-type",
                                          "host",
                                          "keep-alive",
                                          "proxy-authenticate",
                                          "proxy-authorization",
                                          "te",
                                          "trailer",
                                          "transfer-encoding",
                                          "upgrade",
                                          "user-agent",
                                          "www-authenticate",
                                          "x-prometheus-remote-read-version",
                                          "x-prometheus-remote-write-version"};
  std::vector<std::pair<std::string, std::string>> headers;
  std::set<std::string> seen;
  Mapping mapping = node.mapping();
  for (const Mapping::Entry& entry : mapping.entries()) {
    const std::string name = lower(entry.key);
    if (name == "authorization")
      entry.key_node.error("authorization has options of its own: basic_auth, authorization");
    if (std::find(reserved.begin(), reserved.end(), name) != reserved.end()) {
      entry.key_node.error(fmt::format("{} is set by the protocol and cannot be changed", entry.key));
    }
    const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return std::isalnum(c) ||
             std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (!token) entry.key_node.error(fmt::format("\"{}\" is not a header's name", entry.key));
    if (!seen.insert(name).second) entry.key_node.error(fmt::format("header {} is given twice", entry.key));
    const std::string value = entry.value.string();
    if (value.find_first_of("\r\n") != std::string::npos || value.find('\0') != std::string::npos) {
      entry.value.error("a header's value is one line");
    }
    headers.emplace_back(entry.key, value);
  }
  return headers;
}

std::vector<std::pair<std::string, std::string>> read_required_matchers(const Node& node) {
  std::vector<std::pair<std::string, std::string>> matchers;
  Mapping mapping = node.mapping();
  for (const Mapping::Entry& entry : mapping.entries()) {
    if (!valid_label_name(entry.key)) entry.key_node.error(fmt::format("\"{}\" is not a label name", entry.key));
    matchers.emplace_back(entry.key, entry.value.string());
  }
  std::sort(matchers.begin(), matchers.end());
  return matchers;
}

void refuse_both(Mapping& mapping, const char* first, const char* second) {
  const auto a = mapping.find(first);
  const auto b = mapping.find(second);
  if (a && b) b->error(fmt::format("at most one of {} and {} may be given", first, second));
}

Backend read_backend(const Node& node) {
  Backend backend;
  Mapping mapping = node.mapping();
  const Address address = read_url(mapping.require("url"));
  backend.url = address.text;
  backend.name = address.authority;
  if (const auto name = mapping.find("name")) {
    backend.name = name->string();
    if (backend.name.empty()) name->error("a name must not be empty");
    if (backend.name.find_first_of("\r\n") != std::string::npos) name->error("a name is one line");
  }
  if (const auto timeout = mapping.find("remote_timeout")) {
    backend.timeout = timeout->duration();
    if (backend.timeout <= std::chrono::milliseconds(0)) timeout->error("remote_timeout must be more than 0");
  }
  if (const auto headers = mapping.find("headers")) backend.headers = read_headers(*headers);
  if (const auto matchers = mapping.find("required_matchers")) {
    backend.required_matchers = read_required_matchers(*matchers);
  }
  if (const auto flag = mapping.find("read_recent")) backend.read_recent = flag->boolean();
  if (const auto flag = mapping.find("filter_external_labels")) backend.filter_external_labels = flag->boolean();
  if (const auto flag = mapping.find("follow_redirects")) backend.follow_redirects = flag->boolean();
  if (const auto flag = mapping.find("enable_http2")) backend.enable_http2 = flag->boolean();
  if (const auto limit = mapping.find("chunked_read_limit")) {
    backend.chunked_read_limit = limit->bytes();
    if (backend.chunked_read_limit == 0) limit->error("chunked_read_limit must be more than 0");
  }
  refuse_both(mapping, "bearer_token", "bearer_token_file");
  refuse_both(mapping, "basic_auth", "authorization");
  refuse_both(mapping, "basic_auth", "oauth2");
  refuse_both(mapping, "authorization", "oauth2");
  refuse_unsupported(
      mapping, {"basic_auth", "authorization", "bearer_token", "bearer_token_file", "oauth2", "tls_config", "proxy_url",
                "no_proxy", "proxy_from_environment", "proxy_connect_header"});
  mapping.finish();
  return backend;
}

// By name of a backend: where it stands.
using Places = std::map<std::string, std::string>;

void read_backends(const Node& node, Config& config, Places& places) {
  for (const Node& entry : node.sequence()) {
    Backend backend = read_backend(entry);
    const auto [known, fresh] = places.emplace(backend.name, fmt::format("{}:{}", entry.file(), entry.line()));
    if (!fresh) {
      entry.error(fmt::format("a second backend is called \"{}\" (the first is in {}): give each its own name",
                              backend.name, known->second));
    }
    config.backends.push_back(std::move(backend));
  }
}

void read_discovery(const Node& node, Config& config, Places& places) {
  Discovery discovery;
  Mapping mapping = node.mapping();
  const Node file = mapping.require("file");
  discovery.file = file.string();
  if (discovery.file.empty()) file.error("discovery needs a file");
  // Relative to the configuration, as everywhere in Prometheus.
  const size_t folder = node.file().rfind('/');
  if (discovery.file.front() != '/' && folder != std::string::npos) {
    discovery.file.insert(0, node.file(), 0, folder + 1);
  }
  if (const auto refresh = mapping.find("refresh")) {
    discovery.refresh = refresh->duration();
    if (discovery.refresh <= std::chrono::milliseconds(0)) refresh->error("refresh must be more than 0");
  }
  mapping.finish();
  read_backends(Node::load(discovery.file), config, places);
  config.discovery = std::move(discovery);
}

void read_all_backends(Mapping& mapping, Config& config) {
  Places places;
  const auto discovery = mapping.find("discovery");
  const auto remote_read = discovery ? mapping.find("remote_read") : mapping.require("remote_read");
  if (remote_read) read_backends(*remote_read, config, places);
  if (discovery) read_discovery(*discovery, config, places);
  if (config.backends.empty())
    (remote_read ? *remote_read : *discovery).error("remote_read must name at least one backend");
}

Group read_group(const Node& node, const Config& config, std::vector<bool>& taken) {
  Group group;
  Mapping mapping = node.mapping();
  group.name = mapping.require("name").string();
  if (group.name.empty()) node.error("a group needs a name");
  std::vector<std::string> names;
  for (const Backend& backend : config.backends) names.push_back(backend.name);
  const Node members = mapping.require("members");
  for (const Node& member : members.sequence()) {
    const std::string name = member.string();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const std::string near = yaml::nearest(name, names);
      member.error(fmt::format("no backend is called \"{}\"{}", name,
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
      need->error(fmt::format("need must be between 1 and the group's {} members", group.members.size()));
    }
    group.need = static_cast<size_t>(count);
  }
  if (const auto wait = mapping.find("wait")) {
    group.wait = wait->one_of({"all", "need"}) == "all" ? Group::Wait::all : Group::Wait::need;
  }
  refuse_unsupported(mapping, {"hedge_after"});
  mapping.finish();
  return group;
}

void read_groups(const std::optional<Node>& node, Config& config) {
  std::vector<bool> taken(config.backends.size());
  std::set<std::string> names;
  if (node) {
    for (const Node& entry : node->sequence()) {
      Group group = read_group(entry, config, taken);
      if (!names.insert(group.name).second) entry.error(fmt::format("a second group is called \"{}\"", group.name));
      config.groups.push_back(std::move(group));
    }
  }
  for (size_t i = 0; i < config.backends.size(); ++i) {
    if (taken[i]) continue;
    const std::string& name = config.backends[i].name;
    if (names.count(name) > 0) {
      node->error(
          fmt::format("a group is called \"{}\", as is a backend that is in no group: give one another name", name));
    }
    config.groups.push_back({name, {i}, 1, Group::Wait::all});
  }
  for (size_t g = 0; g < config.groups.size(); ++g) {
    for (const size_t member : config.groups[g].members) config.backends[member].group = g;
  }
}

Route read_route(const Node& node, const Config& config) {
  Route route;
  Mapping mapping = node.mapping();
  const Node match = mapping.require("match");
  const std::string text = match.string();
  size_t offset = 0;
  auto matchers = model::parse_selector(text, &offset);
  if (!matchers) match.error_at(offset, matchers.error().context);
  route.match = *std::move(matchers);
  std::vector<std::string> names;
  for (const Group& group : config.groups) names.push_back(group.name);
  const Node groups = mapping.require("groups");
  for (const Node& entry : groups.sequence()) {
    const std::string name = entry.string();
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const std::string near = yaml::nearest(name, names);
      entry.error(fmt::format("no group is called \"{}\"{}", name,
                              near.empty() ? std::string() : fmt::format(", did you mean \"{}\"?", near)));
    }
    route.groups.push_back(static_cast<size_t>(found - names.begin()));
  }
  if (route.groups.empty()) groups.error("a route needs at least one group");
  mapping.finish();
  return route;
}

std::vector<std::string> read_replica_labels(const Node& node) {
  std::vector<std::string> labels;
  for (const Node& entry : node.sequence()) {
    const std::string name = entry.string();
    if (name.empty()) entry.error("a label's name must not be empty");
    if (name == model::metric_name_label) entry.error("the metric's name cannot be a replica label");
    if (std::find(labels.begin(), labels.end(), name) != labels.end()) {
      entry.error(fmt::format("replica label \"{}\" is given twice", name));
    }
    labels.push_back(name);
  }
  return labels;
}

void read_merge(const Node& node, Config& config) {
  Mapping mapping = node.mapping();
  if (const auto labels = mapping.find("replica_labels")) config.replica_labels = read_replica_labels(*labels);
  if (const auto dedup = mapping.find("dedup")) {
    config.dedup = dedup->one_of({"union", "gapfill"}) == "gapfill" ? Dedup::gapfill : Dedup::union_;
  }
  if (const auto conflict = mapping.find("on_conflict")) {
    const std::string word = conflict->one_of({"first", "max", "min", "live"});
    config.on_conflict = word == "max"    ? OnConflict::max
                         : word == "min"  ? OnConflict::min
                         : word == "live" ? OnConflict::live
                                          : OnConflict::first;
  }
  if (const auto limit = mapping.find("repair_limit")) config.repair_limit = limit->bytes();
  mapping.finish();
}

void read_limits(const Node& node, Config& config) {
  Mapping mapping = node.mapping();
  if (const auto value = mapping.find("concurrent_reads")) config.limits.concurrent_reads = value->count();
  if (const auto value = mapping.find("series")) config.limits.series = value->count();
  if (const auto value = mapping.find("samples")) config.limits.samples = value->count();
  if (const auto value = mapping.find("bytes_in_flight")) config.limits.bytes_in_flight = value->bytes();
  if (const auto value = mapping.find("query_range")) config.limits.query_range = value->duration();
  mapping.finish();
}

void read_health(const Node& node, Config& config) {
  HealthSettings settings;
  Mapping mapping = node.mapping();
  if (const auto probe = mapping.find("probe")) {
    settings.probe = probe->duration();
    if (settings.probe <= std::chrono::milliseconds(0)) probe->error("probe must be more than 0");
  }
  if (const auto count = mapping.find("open_after")) {
    settings.open_after = count->count();
    if (settings.open_after == 0) count->error("open_after must be more than 0");
  }
  if (const auto path = mapping.find("path")) {
    settings.path = path->string();
    if (!boost::urls::parse_origin_form(settings.path)) path->error("want a path that begins with /");
  }
  mapping.finish();
  config.health = std::move(settings);
}

void check_listen(const Node& node) {
  const std::string text = node.string();
  const size_t colon = text.rfind(':');
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  bool good = colon != std::string::npos && colon > 0 && colon + 1 < text.size();
  if (good) {
    const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
    good = parsed.ec == std::errc() && parsed.ptr == end;
  }
  if (!good) {
    node.error(fmt::format("want HOST:PORT, got \"{}\"", text));
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string pairs(const std::vector<std::pair<std::string, std::string>>& entries, bool hide_values) {
  std::string out;
  for (const auto& [name, value] : entries) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name, hide_values ? "<hidden>" : quoted(value));
  }
  return "{" + out + "}";
}

}  // namespace

Config Config::from_yaml(const yaml::Node& root) {
  Config config;
  Mapping mapping = root.mapping();
  if (const auto listen = mapping.find("listen")) {
    check_listen(*listen);
    config.listen = listen->string();
  }
  read_all_backends(mapping, config);
  read_groups(mapping.find("groups"), config);
  if (const auto routes = mapping.find("routes")) {
    for (const Node& route : routes->sequence()) config.routes.push_back(read_route(route, config));
  }
  if (const auto merge = mapping.find("merge")) read_merge(*merge, config);
  if (const auto partial = mapping.find("partial")) {
    const std::string word = partial->one_of({"all", "group", "any"});
    config.partial = word == "all" ? PartialPolicy::all : word == "any" ? PartialPolicy::any : PartialPolicy::group;
  }
  if (const auto limits = mapping.find("limits")) read_limits(*limits, config);
  if (const auto health = mapping.find("health")) read_health(*health, config);
  if (const auto file = mapping.find("query_log_file")) config.query_log_file = file->string();
  refuse_unsupported(mapping, {"prune", "web"});
  mapping.finish();
  return config;
}

Config Config::parse(std::string text, std::string file_name) {
  return from_yaml(Node::parse(std::move(text), std::move(file_name)));
}

Config Config::load(const std::string& path) { return from_yaml(Node::load(path)); }

std::string Config::describe() const {
  std::string out = fmt::format("listen: {}\nremote_read:\n", listen);
  for (const Backend& backend : backends) {
    const size_t query = backend.url.find('?');
    out += fmt::format("  - name: {}\n    url: {}\n    remote_timeout: {}\n    chunked_read_limit: {}\n",
                       quoted(backend.name),
                       quoted(backend.url.substr(0, query) + (query == std::string::npos ? "" : "?<hidden>")),
                       format_duration(backend.timeout), backend.chunked_read_limit);
    if (!backend.headers.empty()) out += fmt::format("    headers: {}\n", pairs(backend.headers, true));
    if (!backend.required_matchers.empty()) {
      out += fmt::format("    required_matchers: {}\n", pairs(backend.required_matchers, false));
    }
    if (!backend.follow_redirects) out += "    follow_redirects: false\n";
  }
  out += "groups:\n";
  for (const Group& group : groups) {
    std::string members;
    for (const size_t member : group.members) members += (members.empty() ? "" : ", ") + quoted(backends[member].name);
    out += fmt::format("  - {{name: {}, members: [{}], need: {}, wait: {}}}\n", quoted(group.name), members, group.need,
                       group.wait == Group::Wait::all ? "all" : "need");
  }
  if (!routes.empty()) out += "routes:\n";
  for (const Route& route : routes) {
    std::string names;
    for (const size_t group : route.groups) names += (names.empty() ? "" : ", ") + quoted(groups[group].name);
    out += fmt::format("  - {{match: {}, groups: [{}]}}\n", quoted(model::to_string(route.match)), names);
  }
  std::string replica_names;
  for (const std::string& label : replica_labels) replica_names += (replica_names.empty() ? "" : ", ") + quoted(label);
  out += fmt::format("merge: {{replica_labels: [{}], dedup: {}, on_conflict: {}, repair_limit: {}}}\npartial: {}\n",
                     replica_names, to_string(dedup), to_string(on_conflict), repair_limit, to_string(partial));
  out +=
      fmt::format("limits: {{concurrent_reads: {}, series: {}, samples: {}, bytes_in_flight: {}, query_range: {}}}\n",
                  limits.concurrent_reads, limits.series, limits.samples, limits.bytes_in_flight,
                  format_duration(limits.query_range));
  // Its backends stand above, so this is not part of what describes the same again.
  if (discovery) {
    out += fmt::format("# discovery: {{file: {}, refresh: {}}}\n", quoted(discovery->file),
                       format_duration(discovery->refresh));
  }
  if (health) {
    out += fmt::format("health: {{probe: {}, open_after: {}, path: {}}}\n", format_duration(health->probe),
                       health->open_after, quoted(health->path));
  }
  if (!query_log_file.empty()) out += fmt::format("query_log_file: {}\n", quoted(query_log_file));
  return out;
}

const char* to_string(OnConflict on_conflict) {
  switch (on_conflict) {
    case OnConflict::first:
      return "first";
    case OnConflict::max:
      return "max";
    case OnConflict::min:
      return "min";
    case OnConflict::live:
      return "live";
  }
  return "first";
}

const char* to_string(Dedup dedup) { return dedup == Dedup::gapfill ? "gapfill" : "union"; }

const char* to_string(PartialPolicy policy) {
  switch (policy) {
    case PartialPolicy::all:
      return "all";
    case PartialPolicy::group:
      return "group";
    case PartialPolicy::any:
      return "any";
  }
  return "group";
}

}  // namespace mread::merger
