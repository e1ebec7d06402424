#include "setup/backend_names.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <string_view>

#include "base/host_names.h"
#include "base/nearest.h"

namespace mread::setup {
namespace {

constexpr size_t longest_name = 40;

// In a twin of the set-up these stand for other nodes, or for the node itself.
constexpr std::array<std::string_view, 5> reserved_names{"localhost", "query", "merge", "sink",
                                                         "mread-oracle"};

// A host name that a node of a scenario may have.
std::string node_name(std::string_view text) {
  std::string name = host_label(text);
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

}  // namespace

std::vector<Backend> find_backends(const PrometheusFile& file) {
  std::map<std::string, size_t> known;
  std::vector<Endpoint> endpoints;
  std::vector<Backend> backends;
  for (size_t i = 0; i < file.entries.size(); ++i) {
    const GoUrl& url = file.entries[i].url;
    const auto [at, is_new] = known.emplace(file.entries[i].endpoint(), backends.size());
    if (is_new) {
      backends.emplace_back();
      const std::string authority = url.authority();
      endpoints.push_back({url.host, authority.substr(authority.rfind(':') + 1), url.target});
    }
    backends[at->second].entries.push_back(i);
  }
  const std::vector<std::string> names = names_of(endpoints);
  for (size_t i = 0; i < names.size(); ++i) backends[i].name = names[i];
  return backends;
}

std::optional<size_t> backend_called(const std::string& name, const std::vector<Backend>& backends,
                                     const PrometheusFile& file) {
  for (size_t i = 0; i < backends.size(); ++i) {
    const GoUrl& url = file.entries[backends[i].entries.front()].url;
    if (name == backends[i].name || name == url.host || name == url.authority()) return i;
  }
  for (size_t i = 0; i < backends.size(); ++i) {
    for (const size_t entry : backends[i].entries) {
      if (!file.entries[entry].name.empty() && file.entries[entry].name == name) return i;
    }
  }
  return std::nullopt;
}

size_t require_backend(const std::string& flag, const std::string& name,
                       const std::vector<Backend>& backends, const PrometheusFile& file) {
  if (const auto found = backend_called(name, backends, file)) return *found;
  std::vector<std::string> known;
  known.reserve(backends.size());
  for (const Backend& one : backends) known.push_back(one.name);
  throw yaml::ConfigError(flag + ": there is no backend \"" + name + "\"" +
                          suggestion(name, known, "the backends are "));
}

}  // namespace mread::setup
