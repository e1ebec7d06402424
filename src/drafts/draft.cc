#include "drafts/draft.h"

#include <algorithm>

#include <fmt/format.h>

namespace mread::drafts {
namespace {

constexpr size_t hosts_per_shard = 2;
// Requests per second of each host; a counter rises by 15 s of them at each sample.
constexpr size_t requests_per_s = 4;

// One collector of the scenario.
struct Collector {
  std::string node;
  size_t shard = 0;    // From 1.
  size_t replica = 0;  // From 0.
};

class Writer {
 public:
  explicit Writer(const Draft& draft) : draft_(draft) {
    const bool is_sharded = draft.shape == Shape::shards || draft.shape == Shape::sharded_pairs;
    const bool is_replicated = draft.shape == Shape::pair || draft.shape == Shape::sharded_pairs;
    shards_ = draft.shape == Shape::far_region ? 2 : is_sharded ? draft.shards : 1;
    replicas_ = is_replicated ? draft.replicas : 1;
    for (size_t shard = 1; shard <= shards_; ++shard) {
      for (size_t replica = 0; replica < replicas_; ++replica)
        collectors_.push_back({node_name(shard, replica), shard, replica});
    }
    for (size_t i = 1; i <= draft.query_nodes; ++i)
      query_nodes_.push_back(draft.query_nodes == 1 ? "query" : fmt::format("query-{}", i));
  }

  std::string run() {
    head();
    data();
    add("\nnodes:\n");
    for (size_t i = 0; i < collectors_.size(); ++i) collector(i);
    if (draft_.has_serve) merge_node();
    for (size_t i = 0; i < query_nodes_.size(); ++i) query_node(i);
    timeline();
    checks();
    return std::move(out_);
  }

 private:
  template <class... Arguments>
  void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    out_ += fmt::format(format, std::forward<Arguments>(arguments)...);
  }

  std::string node_name(size_t shard, size_t replica) const {
    const char letter = static_cast<char>('a' + replica);
    if (draft_.shape == Shape::far_region) return shard == 1 ? "near" : "far";
    if (draft_.shape == Shape::pair) return fmt::format("collector-{}", letter);
    if (replicas_ == 1) return fmt::format("shard-{}", shard);
    return fmt::format("shard-{}-{}", shard, letter);
  }

  std::string summary() const {
    const std::string readers = query_nodes_.size() == 1
                                    ? "a query node"
                                    : fmt::format("{} query nodes", query_nodes_.size());
    const std::string through = draft_.has_serve ? " through mread serve" : "";
    switch (draft_.shape) {
      case Shape::pair:
        return fmt::format("{} collectors with the same data, read by {}{}", replicas_, readers,
                           through);
      case Shape::shards:
        return fmt::format("{} shards, read by {}{}", shards_, readers, through);
      case Shape::sharded_pairs:
        return fmt::format("{} shards with {} replicas each, read by {}{}", shards_, replicas_,
                           readers, through);
      case Shape::far_region:
        break;
    }
    return fmt::format("A near collector and one that is a second away, read by {}{}", readers,
                       through);
  }

  void head() {
    add("# {}.\n", summary());
    add("# Look at it:  mread run {}.yaml --dry-run\n", draft_.name);
    add("# Run it:      mread run {}.yaml\n", draft_.name);
    add("name: {}\ndescription: {}.\n", draft_.name, summary());
    add("tags: [draft, {}]\ninterval: 15s\n\n", to_string(draft_.shape));
  }

  void data() {
    add("# An hour of data for each part. The notation is promtool's: start+step x "
        "samples.\nvars:\n");
    for (size_t shard = 1; shard <= shards_; ++shard) {
      add("  data-{}:\n", shard);
      for (size_t host = 1; host <= hosts_per_shard; ++host) {
        const std::string labels = fmt::format(
            "{{instance=\"host-{}-{}:9100\", job=\"node\", shard=\"{}\"}}", shard, host, shard);
        add("    - {{series: 'up{}', values: '1x240'}}\n", labels);
        add("    - {{series: 'http_requests_total{}', values: '0+{}x240'}}\n", labels,
            requests_per_s * 15);
      }
    }
    if (!draft_.has_serve) readers("collectors", "  ");
    if (draft_.has_rules) rules();
  }

  // The remote_read entries of all collectors.
  void readers(std::string_view name, std::string_view indent) {
    add("{}{}:\n", indent, name);
    for (const Collector& one : collectors_) {
      add("{}  - {{name: {}, url: \"http://{}:9090/api/v1/read\", remote_timeout: 5s, read_recent: "
          "true}}\n",
          indent, one.node, one.node);
    }
  }

  void rules() {
    add("  rules:\n"
        "    - name: node\n"
        "      rules:\n"
        "        - {{record: 'job:up:count', expr: 'count by (job) (up)'}}\n"
        "        - {{alert: FewHosts, expr: 'count(up) < {}', labels: {{severity: critical}}}}\n",
        shards_ * hosts_per_shard + 1);
  }

  static std::string version_of(const std::vector<std::string>& versions, size_t index) {
    return versions.empty() ? "" : ", version: " + versions[index % versions.size()];
  }

  void collector(size_t index) {
    const Collector& one = collectors_[index];
    if (one.node == "far") {
      add("  # A mock can be slow from the start; a real Prometheus cannot.\n"
          "  far: {{kind: mock, input_series: \"${{data-{}}}\", faults: [{{latency: 1s}}]}}\n",
          one.shard);
      return;
    }
    add("  {}: {{kind: prometheus{}, input_series: \"${{data-{}}}\"}}\n", one.node,
        version_of(draft_.collector_versions, index), one.shard);
  }

  void merge_node() {
    add("  # mread serve. Each group holds the same data; a part without any member fails the "
        "read.\n"
        "  merge:\n    kind: merger\n    config:\n");
    readers("remote_read", "      ");
    if (replicas_ == 1) return;
    add("      groups:\n");
    for (size_t shard = 1; shard <= shards_; ++shard) {
      add("        - {{name: part-{}, members: [", shard);
      for (size_t replica = 0; replica < replicas_; ++replica)
        add("{}{}", replica > 0 ? ", " : "", node_name(shard, replica));
      add("]}}\n");
    }
  }

  void query_node(size_t index) {
    add("  {}:\n    kind: prometheus\n", query_nodes_[index]);
    if (!draft_.query_versions.empty())
      add("    version: {}\n", draft_.query_versions[index % draft_.query_versions.size()]);
    add("    config:\n");
    if (draft_.has_rules) add("      global: {{evaluation_interval: 1s}}\n");
    if (draft_.has_serve) {
      // The second URL brings the warnings, which a read cannot carry.
      add("      remote_read:\n"
          "        - {{name: data, url: \"http://merge:9095/api/v1/read\", remote_timeout: 20s, "
          "read_recent: true}}\n"
          "        - {{name: warnings, url: \"http://merge:9095/api/v1/read/warnings\", "
          "remote_timeout: 20s, read_recent: true}}\n");
    } else {
      add("      remote_read: \"${{collectors}}\"\n");
    }
    if (draft_.has_rules) add("    rules: \"${{rules}}\"\n");
  }

  // The collector that dies: the last of the first part, or the last part.
  const Collector& victim() const {
    return replicas_ > 1 ? collectors_[replicas_ - 1] : collectors_.back();
  }
  bool is_loss_covered() const { return replicas_ > 1; }

  void timeline() {
    add("\n# Other acts: pause (it hangs), stop, restart, disconnect; `for: 10s` undoes one.\n"
        "timeline:\n  - {{node: {}, act: kill, phase: {}-dead}}\n",
        victim().node, victim().node);
  }

  void checks() {
    const size_t hosts = shards_ * hosts_per_shard;
    const std::string loss = victim().node + "-dead";
    const std::string during = is_loss_covered() ? "" : "    during: [before]\n";
    add("\nchecks:\n");
    for (const std::string& node : query_nodes_) {
      const std::string at = query_nodes_.size() == 1 ? "" : "    node: " + node + "\n";
      const std::string of = query_nodes_.size() == 1 ? "" : " (" + node + ")";
      add("  - name: every host, each once{}\n    expr: count(up)\n    eval_time: 50m\n"
          "    exp_value: {}\n{}{}",
          of, hosts, at, during);
      add("  - name: requests per second{}\n    expr: sum(rate(http_requests_total[10m]))\n"
          "    eval_time: 50m\n    exp_value: {}\n{}{}",
          of, hosts * requests_per_s, at, during);
      if (!is_loss_covered()) {
        add("  - name: the loss of a part is told{}\n    expr: count(up)\n    eval_time: 50m\n"
            "    during: [{}]\n    expect: [warn]\n{}",
            of, loss, at);
      }
      if (draft_.has_rules) {
        add("  - name: the alert fires{}\n"
            "    expr: ALERTS{{alertname=\"FewHosts\", alertstate=\"firing\"}}\n"
            "    exp_count: 1\n    oracle: false\n    eventually: 30s\n{}{}",
            of, at, during);
      }
    }
    add("\n# The same questions to one Prometheus that holds all data, each time.\n"
        "invariants: [{}]\n",
        is_loss_covered() ? "union_oracle, no_silent_partial" : "no_silent_partial");
  }

  const Draft& draft_;
  size_t shards_ = 1;
  size_t replicas_ = 1;
  std::vector<Collector> collectors_;
  std::vector<std::string> query_nodes_;
  std::string out_;
};

}  // namespace

const std::vector<std::string>& shape_names() {
  static const std::vector<std::string> names{"pair", "shards", "sharded-pairs", "far-region"};
  return names;
}

std::string_view to_string(Shape shape) { return shape_names()[static_cast<size_t>(shape)]; }

std::optional<Shape> shape_called(std::string_view name) {
  const auto found = std::ranges::find(shape_names(), name);
  if (found == shape_names().end()) return std::nullopt;
  return static_cast<Shape>(found - shape_names().begin());
}

std::string draft_scenario(const Draft& draft) { return Writer(draft).run(); }

}  // namespace mread::drafts
