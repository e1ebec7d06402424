#include "rehearse/setup/read_setup.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include <fnmatch.h>

#include "base/go_url.h"
#include "base/nearest.h"
#include "base/printable.h"
#include "base/shown_url.h"
#include "base/yaml.h"
#include "scenarios/loading/context.h"

namespace mread::rehearse {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds default_timeout{60'000};
constexpr size_t longest_name = 40;

// These stand for other nodes of the twin, or for the node itself.
constexpr std::array<std::string_view, 5> reserved_names{"localhost", "query", "merge", "sink",
                                                         "mread-oracle"};
// The keys of an entry that decide what is read, and how it is read.
constexpr std::array<std::string_view, 4> kept_options{
    "read_recent", "required_matchers", "filter_external_labels", "chunked_read_limit"};
// Those that only decide who may read.
constexpr std::array<std::string_view, 9> access_options{
    "basic_auth", "authorization",     "oauth2",      "sigv4", "azuread", "google_iam",
    "tls_config", "bearer_token_file", "bearer_token"};

// A host name that a node of a scenario may have.
std::string node_name(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool is_capital = c >= 'A' && c <= 'Z';
    if (is_letter) name += c;
    if (is_capital) name += static_cast<char>(c - 'A' + 'a');
    if (!is_letter && !is_capital && !name.empty() && name.back() != '-') name += '-';
  }
  while (name.ends_with('-')) name.pop_back();
  name.resize(std::min(name.size(), longest_name));
  return name.empty() ? "backend" : name;
}

bool is_address(const std::string& host) {
  return host.find(':') != std::string::npos ||
         host.find_first_not_of("0123456789.") == std::string::npos;
}

// A host and its port, while names are chosen.
struct Endpoint {
  std::string host;
  std::string port;
  std::string target;
  auto operator<=>(const Endpoint&) const = default;
};

// The shortest names that tell the endpoints apart: the host's first label, the host, host and port,
// all with the path.
std::vector<std::string> names_of(const std::vector<Endpoint>& endpoints) {
  const auto label = [](const Endpoint& one) {
    const std::string first =
        node_name(is_address(one.host) ? one.host : one.host.substr(0, one.host.find('.')));
    return std::ranges::find(reserved_names, first) == reserved_names.end()
               ? first
               : first + "-" + one.port;
  };
  const std::vector<std::function<std::string(const Endpoint&)>> forms{
      label,
      [](const Endpoint& one) { return one.host; },
      [](const Endpoint& one) { return one.host + "-" + one.port; },
      [](const Endpoint& one) { return one.host + "-" + one.port + one.target; },
  };
  std::vector<std::string> names;
  for (const auto& form : forms) {
    names.clear();
    for (const Endpoint& one : endpoints) names.push_back(node_name(form(one)));
    if (std::set<std::string>(names.begin(), names.end()).size() == names.size()) return names;
  }
  for (size_t i = 0; i < names.size(); ++i)
    names[i] = node_name(names[i].substr(0, longest_name - 4)) + "-" + std::to_string(i + 1);
  return names;
}

class SetupReader {
 public:
  SetupReader(const std::string& path, const SetupOptions& options) : options_(options) {
    setup_.file = path;
  }

  NodeSetup run() {
    const yaml::Node root = yaml::Node::load(setup_.file);
    if (!root.is_mapping()) root.error("this is no prometheus.yml");
    yaml::Mapping mapping = root.mapping();
    if (const auto global = mapping.find("global"); global && global->is_mapping()) {
      yaml::Mapping lines = global->mapping();
      if (const auto labels = lines.find("external_labels")) setup_.external_labels = labels->raw();
    }
    const auto scrapes = mapping.find("scrape_configs");
    const auto rule_files = mapping.find("rule_files");
    setup_.has_own_data = scrapes || rule_files || mapping.find("scrape_config_files");
    const auto remote_read = mapping.find("remote_read");
    if (!remote_read || remote_read->sequence().empty())
      root.error("there is no remote_read: nothing can fail that this node reads from others");
    read_entries(*remote_read);
    read_replicas(*remote_read);
    read_rules(rule_files);
    for (const std::string& query : options_.queries) {
      scenarios::loading::read_expr(yaml::Node::parse(quote(query), "--query"));
      setup_.questions.push_back({query, query, "--query", Question::Kind::query});
    }
    return std::move(setup_);
  }

 private:
  void read_entries(const yaml::Node& remote_read) {
    std::map<Endpoint, size_t> known;
    std::vector<Endpoint> endpoints;
    size_t with_access = 0;
    for (const yaml::Node& item : remote_read.sequence()) {
      yaml::Mapping lines = item.mapping();
      const yaml::Node url_node = lines.require("url");
      const auto url = parse_go_url(url_node.string());
      if (!url) url_node.error("no URL: " + url.error().context);
      if (!url->is_web()) url_node.error("a URL to read from is http://HOST:PORT/PATH");
      const Endpoint endpoint{url->host,
                              !url->port.empty()       ? url->port
                              : url->scheme == "https" ? "443"
                                                       : "80",
                              url->target};
      const auto [at, is_new] = known.emplace(endpoint, endpoints.size());
      if (is_new) {
        endpoints.push_back(endpoint);
        setup_.backends.push_back({"", shown_url(url_node.string()), {}, at->second});
      }
      ReadEntry entry;
      entry.backend = at->second;
      if (const auto name = lines.find("name")) entry.name = name->string_or_empty();
      const auto timeout = lines.find("remote_timeout");
      entry.timeout = timeout ? timeout->duration() : default_timeout;
      if (entry.timeout.count() <= 0) timeout->error("a timeout is above 0");
      for (const std::string_view key : kept_options) {
        if (const auto value = lines.find(std::string(key)))
          entry.options[std::string(key)] = value->raw();
      }
      for (const std::string_view key : access_options) {
        if (!lines.find(std::string(key))) continue;
        ++with_access;
        break;
      }
      Backend& backend = setup_.backends[entry.backend];
      backend.timeout = std::max(backend.timeout, entry.timeout);
      setup_.entries.push_back(std::move(entry));
    }
    const std::vector<std::string> names = names_of(endpoints);
    for (size_t i = 0; i < names.size(); ++i) setup_.backends[i].node = names[i];
    hosts_.clear();
    for (const Endpoint& one : endpoints) hosts_.push_back(one.host + ":" + one.port);
    setup_.groups = setup_.backends.size();
    setup_.has_credentials = with_access > 0;
    if (setup_.has_credentials) {
      setup_.notes.push_back("credentials and TLS of " + std::to_string(with_access) +
                             " entries are left out: the twin's backends are open");
    }
  }

  size_t backend_called(const std::string& name, const yaml::Node& place) const {
    std::vector<std::string> known;
    for (size_t i = 0; i < setup_.backends.size(); ++i) {
      const std::string host = hosts_[i].substr(0, hosts_[i].rfind(':'));
      if (name == setup_.backends[i].node || name == host || name == hosts_[i]) return i;
      known.push_back(setup_.backends[i].node);
    }
    for (const ReadEntry& entry : setup_.entries) {
      if (!entry.name.empty() && entry.name == name) return entry.backend;
    }
    place.error("--replicas: there is no backend \"" + name + "\"" +
                suggestion(name, known, "the backends are "));
  }

  void read_replicas(const yaml::Node& place) {
    for (const std::string& list : options_.replicas) {
      std::optional<size_t> group;
      for (size_t begin = 0; begin <= list.size();) {
        const size_t end = std::min(list.find(',', begin), list.size());
        const size_t backend = backend_called(list.substr(begin, end - begin), place);
        if (!group) group = setup_.backends[backend].group;
        setup_.backends[backend].group = *group;
        begin = end + 1;
      }
    }
    // Numbers without gaps, in the order of the backends.
    std::map<size_t, size_t> numbers;
    for (Backend& one : setup_.backends)
      one.group = numbers.emplace(one.group, numbers.size()).first->second;
    setup_.groups = numbers.size();
  }

  // The files that one entry of `rule_files` stands for; only its last part may be a pattern.
  std::vector<std::string> files_of(const std::string& pattern) const {
    fs::path path = pattern;
    if (path.is_relative()) path = fs::path(setup_.file).parent_path() / path;
    if (pattern.find_first_of("*?[") == std::string::npos) return {path.string()};
    std::vector<std::string> files;
    std::error_code error;
    const fs::path folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      if (fnmatch(path.filename().c_str(), at->path().filename().c_str(), FNM_PATHNAME) == 0)
        files.push_back(at->path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

  void read_rules(const std::optional<yaml::Node>& rule_files) {
    std::vector<std::string> files = options_.rules;
    if (files.empty() && rule_files) {
      for (const std::string& pattern : rule_files->strings()) {
        std::vector<std::string> found = files_of(pattern);
        std::error_code error;
        std::erase_if(found,
                      [&error](const std::string& file) { return !fs::exists(file, error); });
        if (found.empty()) {
          setup_.notes.push_back("rule_files: " + pattern +
                                 " is not here, so its rules are not rehearsed (--rules FILE)");
        }
        files.insert(files.end(), found.begin(), found.end());
      }
    }
    for (const std::string& file : files) read_rule_file(file);
  }

  void read_rule_file(const std::string& file) {
    const yaml::Node root = yaml::Node::load(file);
    if (root.is_null()) return;
    const auto groups = root.mapping().find("groups");
    if (!groups) return;
    for (const yaml::Node& group : groups->sequence()) {
      const auto rules = group.mapping().find("rules");
      if (!rules) continue;
      for (const yaml::Node& rule : rules->sequence()) {
        yaml::Mapping lines = rule.mapping();
        const auto alert = lines.find("alert");
        const auto record = lines.find("record");
        if (alert.has_value() == record.has_value())
          rule.error("a rule has an alert: or a record:, and not both");
        Question question;
        question.expr = scenarios::loading::read_expr(lines.require("expr"));
        question.name = (alert ? alert : record)->string();
        question.place = file + ":" + std::to_string(rule.line());
        question.kind = alert ? Question::Kind::alert : Question::Kind::record;
        setup_.questions.push_back(std::move(question));
      }
    }
  }

  const SetupOptions& options_;
  NodeSetup setup_;
  std::vector<std::string> hosts_;  // "host:port" of each backend.
};

}  // namespace

bool NodeSetup::has_replica(size_t backend) const {
  for (size_t i = 0; i < backends.size(); ++i) {
    if (i != backend && backends[i].group == backends[backend].group) return true;
  }
  return false;
}

std::vector<std::string> NodeSetup::node_names() const {
  std::vector<std::string> names;
  for (const Backend& one : backends) names.push_back(one.node);
  return names;
}

NodeSetup read_setup(const std::string& path, const SetupOptions& options) {
  return SetupReader(path, options).run();
}

}  // namespace mread::rehearse
