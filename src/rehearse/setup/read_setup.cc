#include "rehearse/setup/read_setup.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

#include "base/printable.h"
#include "base/shown_url.h"
#include "base/yaml.h"
#include "scenarios/loading/context.h"
#include "setup/backend_names.h"
#include "setup/prometheus_file.h"
#include "setup/rule_file.h"

namespace mread::rehearse {
namespace {

// The keys of an entry that decide what is read, and how it is read.
constexpr std::array<std::string_view, 4> kept_options{
    "read_recent", "required_matchers", "filter_external_labels", "chunked_read_limit"};
// Those that decide who may read, and over which way.
constexpr std::array<std::string_view, 12> access_options{
    "basic_auth", "authorization",     "oauth2",       "sigv4",   "azuread",      "google_iam",
    "tls_config", "bearer_token_file", "bearer_token", "headers", "http_headers", "proxy_url"};

class SetupReader {
 public:
  SetupReader(const std::string& path, const SetupOptions& options)
      : options_(options), file_(setup::read_prometheus_file(path)) {
    setup_.file = path;
  }

  NodeSetup run() {
    if (file_.external_labels_at) setup_.external_labels = file_.external_labels_at->raw();
    setup_.has_own_data = file_.has_own_data();
    if (file_.entries.empty())
      file_.root.error(
          "there is no remote_read: nothing can fail that this node reads from others");
    read_entries();
    read_replicas();
    read_rules();
    for (const std::string& query : options_.queries) {
      scenarios::loading::read_expr(yaml::Node::parse(quote(query), "--query"));
      setup_.questions.push_back({query, query, "--query", Question::Kind::query});
    }
    return std::move(setup_);
  }

 private:
  void read_entries() {
    size_t with_access = 0;
    for (const setup::ReadEntry& entry : file_.entries) {
      if (!entry.url.is_web()) entry.url_at.error("a URL to read from is http://HOST:PORT/PATH");
      if (entry.timeout.count() <= 0) entry.find("remote_timeout")->error("a timeout is above 0");
      with_access += std::ranges::any_of(access_options, [&entry](std::string_view key) {
        return entry.find(std::string(key)).has_value();
      });
    }
    backends_ = setup::find_backends(file_);
    setup_.entries.resize(file_.entries.size());
    for (size_t i = 0; i < backends_.size(); ++i) {
      const auto& [name, entries] = backends_[i];
      Backend backend{name, shown_url(file_.entries[entries.front()].url_at.string()), {}, i};
      for (const size_t index : entries) {
        const setup::ReadEntry& from = file_.entries[index];
        ReadEntry& entry = setup_.entries[index];
        entry.backend = i;
        entry.name = from.name;
        entry.timeout = from.timeout;
        for (const std::string_view key : kept_options) {
          if (const auto value = from.find(std::string(key)))
            entry.options[std::string(key)] = value->raw();
        }
        backend.timeout = std::max(backend.timeout, from.timeout);
      }
      setup_.backends.push_back(std::move(backend));
    }
    setup_.groups = setup_.backends.size();
    setup_.has_credentials = with_access > 0;
    if (setup_.has_credentials) {
      setup_.notes.push_back("credentials, headers, proxies and TLS of " +
                             std::to_string(with_access) +
                             " entries are left out: the twin's backends are open");
    }
  }

  void read_replicas() {
    for (const std::string& list : options_.replicas) {
      std::optional<size_t> group;
      for (size_t begin = 0; begin <= list.size();) {
        const size_t end = std::min(list.find(',', begin), list.size());
        const size_t backend =
            setup::require_backend("--replicas", list.substr(begin, end - begin), backends_, file_);
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

  void read_rules() {
    std::vector<std::string> files = options_.rules;
    if (files.empty()) {
      const setup::RuleFiles named = setup::find_rule_files(file_);
      files = named.found;
      for (const std::string& pattern : named.missing) {
        setup_.notes.push_back("rule_files: " + pattern +
                               " is not here, so its rules are not rehearsed (--rules FILE)");
      }
    }
    for (const std::string& path : files) {
      for (const setup::RuleGroup& group : setup::read_rule_file(path)) {
        for (const setup::Rule& rule : group.rules) {
          setup_.questions.push_back({scenarios::loading::read_expr(rule.expr_at), rule.name,
                                      path + ":" + std::to_string(rule.at.line()),
                                      rule.kind == setup::Rule::Kind::alert
                                          ? Question::Kind::alert
                                          : Question::Kind::record});
        }
      }
    }
  }

  const SetupOptions& options_;
  const setup::PrometheusFile file_;
  std::vector<setup::Backend> backends_;
  NodeSetup setup_;
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

bool is_first_of_its_backend(const NodeSetup& setup, size_t entry) {
  const size_t backend = setup.entries[entry].backend;
  const auto end = setup.entries.begin() + static_cast<std::ptrdiff_t>(entry);
  return std::none_of(setup.entries.begin(), end,
                      [backend](const ReadEntry& one) { return one.backend == backend; });
}

NodeSetup read_setup(const std::string& path, const SetupOptions& options) {
  return SetupReader(path, options).run();
}

}  // namespace mread::rehearse
