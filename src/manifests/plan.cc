#include "manifests/plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/secret_lines.h"
#include "scenarios/engine/placeholders.h"

namespace mread::manifests {
namespace {

using scenarios::NodeDeclaration;
using scenarios::NodeSpec;
using scenarios::Test;

// Where the projects publish what mread runs, by the name of mread's own image.
constexpr std::pair<std::string_view, std::string_view> registries[] = {
    {"mread/prometheus:", "quay.io/prometheus/prometheus:v"},
    {"mread/node_exporter:", "quay.io/prometheus/node-exporter:v"},
    {"mread/alertmanager:", "quay.io/prometheus/alertmanager:v"},
    {"mread/influxdb:", "docker.io/library/influxdb:"}};

// Of a label's value, Kubernetes takes 63 characters.
constexpr size_t longest_name = 60;

constexpr const char* mread_image = "mread/mread";
constexpr const char* influxdb_program = "influxd";

// Names of Services and StatefulSets, and labels of DNS.
bool is_host_label(const std::string& name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && name.size() <= 52 && std::ranges::all_of(name, fits) &&
         name.front() >= 'a' && name.back() != '-';
}

bool has_secret(const std::string& path, const std::string& text) {
  for (const char* word : {"password", "secret", "token", "key"}) {
    if (path.find(word) != std::string::npos) return true;
  }
  if (text.find("PRIVATE KEY") != std::string::npos) return true;
  const auto lines = static_cast<int>(std::ranges::count(text, '\n')) + 1;
  for (int i = 0; i < lines; ++i) {
    if (show_line(text, i).cut != std::string::npos) return true;
  }
  return false;
}

std::string image_of(const NodeSpec& spec, const PlanOptions& options) {
  if (spec.image) return *spec.image;
  if (spec.image_name == mread_image) {
    return options.mread_image.empty() ? std::string(mread_image) + ":" + MREAD_VERSION
                                       : options.mread_image;
  }
  if (options.local_images) return spec.image_name;
  for (const auto& [own, published] : registries) {
    if (spec.image_name.starts_with(own))
      return std::string(published) + spec.image_name.substr(own.size());
  }
  return spec.image_name;
}

bool hold_the_same(const NodeDeclaration& one, const NodeDeclaration& other,
                   const mockstore::TimeGrid& grid) {
  const auto& left = one.node->input_series();
  const auto& right = other.node->input_series();
  return !left.empty() && left.size() == right.size() &&
         std::ranges::equal(left, right, [&grid](const auto& a, const auto& b) {
           if (a.series_count() != b.series_count() || a.labels(0) != b.labels(0)) return false;
           const auto x = a.series(0, grid);
           const auto y = b.series(0, grid);
           return x.samples == y.samples && x.histograms == y.histograms;
         });
}

class Planner {
 public:
  Planner(const Test& test, const PlanOptions& options) : test_(test), options_(options) {
    context_ = options.nodes;
    context_.grid = {test.start_ms, test.interval.count()};
    context_.seed = test.seed;
  }

  Result<Plan> plan() {
    plan_.name = test_.id.substr(0, longest_name);
    while (plan_.name.ends_with('-')) plan_.name.pop_back();
    plan_.title = test_.title();
    const auto certificates = scenarios::make_certificates(test_.certificates);
    if (!certificates) return fail(certificates.error());
    for (size_t i = 0; i < test_.nodes.size(); ++i) {
      auto node = plan_node(i, *certificates);
      if (!node) return fail(node.error());
      plan_.nodes.push_back(std::move(*node));
    }
    find_replicas();
    find_users();
    note_what_is_left_out();
    return std::move(plan_);
  }

 private:
  Result<PlannedNode> plan_node(size_t index,
                                const std::map<std::string, std::string>& certificates) {
    const NodeDeclaration& declared = test_.nodes[index];
    if (!is_host_label(declared.name)) {
      return fail(Errc::unsupported,
                  "node " + declared.name +
                      ": a host's name is made of lower-case letters, digits and hyphens, begins "
                      "with a letter, and has at most 52 characters; rename the node");
    }
    auto spec = declared.node->make_spec(context_);
    if (!spec) return fail(spec.error().in("node " + declared.name));
    spec->files.insert(certificates.begin(), certificates.end());
    PlannedNode node;
    node.name = declared.name;
    node.kind = declared.kind;
    node.image = image_of(*spec, options_);
    node.ports = spec->ports;
    // A query node stores nothing that it could not do without; a mock has its data in its file.
    node.holds_data =
        declared.node->holds_data() && !declared.node->accepts_faults() && !declared.is_query_node;
    node.after = started_before(index);
    scenarios::Placeholders placeholders;
    placeholders.dir = node_folder;
    placeholders.listen = [](uint16_t port) { return "0.0.0.0:" + std::to_string(port); };
    placeholders.node = [](const std::string& other, uint16_t port) {
      return other + ":" + std::to_string(port);
    };
    if (node.image.starts_with("docker.io/library/influxdb")) node.args = {influxdb_program};
    for (const std::string& arg : spec->args) {
      auto expanded = scenarios::expand_placeholders(arg, placeholders);
      if (!expanded) return fail(expanded.error().in("node " + declared.name));
      node.args.push_back(std::move(*expanded));
    }
    if (auto filled = add_files(*spec, placeholders, node); !filled) return fail(filled.error());
    return node;
  }

  Result<void> add_files(const NodeSpec& spec, const scenarios::Placeholders& placeholders,
                         PlannedNode& node) {
    bool wants_password = false;
    for (const auto& [path, contents] : spec.files) {
      // Blocks are made of it before the node first starts, by a program that no image has.
      const bool is_data = std::ranges::any_of(spec.prepare, [&path = path](const auto& command) {
        return std::ranges::find(command, "{{dir}}/" + path) != command.end();
      });
      if (is_data) continue;
      auto text = scenarios::expand_placeholders(contents, placeholders);
      if (!text) return fail(text.error().in("node " + node.name + ", " + path));
      wants_password |= text->find("basic_auth_users") != std::string::npos;
      const bool is_secret = has_secret(path, *text);
      node.files.push_back({path, std::move(*text), is_secret});
    }
    node.ready_path = wants_password ? "" : spec.ready_path;
    return {};
  }

  // Those that it names and that start in an earlier rank, or stand above it in the file.
  std::vector<std::string> started_before(size_t index) const {
    const NodeDeclaration& node = test_.nodes[index];
    std::vector<std::string> before;
    for (size_t i = 0; i < test_.nodes.size(); ++i) {
      const NodeDeclaration& other = test_.nodes[i];
      const auto rank = other.node->start_rank();
      const auto& uses = node.node->uses();
      const bool is_named =
          uses.named.contains(other.name) || std::ranges::count(uses.read, other.name) > 0;
      if (is_named &&
          (rank < node.node->start_rank() || (rank == node.node->start_rank() && i < index)))
        before.push_back(other.name);
    }
    return before;
  }

  void find_replicas() {
    size_t groups = 0;
    for (size_t i = 0; i < plan_.nodes.size(); ++i) {
      for (size_t k = 0; k < i; ++k) {
        if (!hold_the_same(test_.nodes[k], test_.nodes[i], context_.grid)) continue;
        if (plan_.nodes[k].replicas_of == 0) plan_.nodes[k].replicas_of = ++groups;
        plan_.nodes[i].replicas_of = plan_.nodes[k].replicas_of;
        break;
      }
    }
  }

  void find_users() {
    for (size_t i = 0; i < plan_.nodes.size(); ++i)
      plan_.nodes[i].is_for_users =
          test_.nodes[i].is_query_node && test_.nodes[i].node->knows_promql();
    if (std::ranges::none_of(plan_.nodes, &PlannedNode::is_for_users))
      plan_.nodes.front().is_for_users = true;
  }

  void note_what_is_left_out() {
    std::string with_data;
    for (const NodeDeclaration& node : test_.nodes) {
      if (node.has_front) {
        plan_.notes.push_back("node " + node.name +
                              ": its faults are left out; a proxy of mread run makes them");
      }
      if (!node.node->input_series().empty() && !node.node->accepts_faults())
        with_data += (with_data.empty() ? "" : ", ") + node.name;
    }
    if (!with_data.empty()) {
      plan_.notes.push_back("input_series of " + with_data +
                            " are left out: they start without data, and scrape what their "
                            "configuration says");
    }
    if (!test_.timeline.empty())
      plan_.notes.emplace_back("timeline: is left out; mread run plays it");
    if (test_.load) plan_.notes.emplace_back("load: is left out; mread load sends it");
  }

  const Test& test_;
  const PlanOptions& options_;
  scenarios::NodeContext context_;
  Plan plan_;
};

}  // namespace

Result<Plan> plan_manifests(const Test& test, const PlanOptions& options) {
  return Planner(test, options).plan();
}

}  // namespace mread::manifests
