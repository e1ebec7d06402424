#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "scenarios/engine/engine.h"
#include "scenarios/language/comparison.h"
#include "scenarios/model/scenario.h"
#include "scenarios/running/asker.h"
#include "scenarios/running/test_run.h"
#include "scenarios/running/waiting_clock.h"

/// An engine, nodes, clocks and answers without a process, a socket or a moment of waiting.
/// Everything that is done is noted in one list of events, so that a test can hold their order.
namespace mread::scenarios::fakes {

class Events {
 public:
  void add(std::string event) {
    const std::lock_guard lock(mutex_);
    list_.push_back(std::move(event));
  }
  std::vector<std::string> list() const {
    const std::lock_guard lock(mutex_);
    return list_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> list_;
};

/// Time that passes only when somebody waits.
class FakeClock final : public WaitingClock {
 public:
  TimePoint now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  int64_t wall_ms() const override {
    const std::lock_guard lock(mutex_);
    return 1'700'000'000'000 +
           std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count();
  }
  bool wait_until(TimePoint time, std::stop_token stop) override {
    const std::lock_guard lock(mutex_);
    now_ = std::max(now_, time);
    return !stop.stop_requested();
  }
  void pass(milliseconds duration) {
    const std::lock_guard lock(mutex_);
    now_ += duration;
  }
  std::chrono::milliseconds since_start() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch());
  }

 private:
  mutable std::mutex mutex_;
  TimePoint now_{};
};

class FakeTopology : public Topology {
 public:
  FakeTopology(Events& events, const FakeClock& clock) : events_(events), clock_(clock) {}
  ~FakeTopology() override { events_.add("removed"); }

  Result<void> start(const NodeSpec& spec, std::stop_token) override {
    events_.add("start " + spec.name);
    if (spec.name == fails_to_start) return fail(Errc::unavailable, "it exited with 1");
    return {};
  }
  Result<void> act(const std::string& node, Act act, std::stop_token) override {
    events_.add(std::to_string(clock_.since_start().count()) + " " + to_string(act) + " " + node);
    return {};
  }
  Result<void> wait_ready(const std::string&, milliseconds, std::stop_token) override { return {}; }
  net::Url url(const std::string& node, uint16_t port) const override {
    return {net::Url::Scheme::http, node, port, "/"};
  }
  std::string address(const std::string& node, uint16_t port) const override {
    return node + ":" + std::to_string(port);
  }
  Result<std::string> log(const std::string& node) override { return "log of " + node; }
  Result<std::string> read_file(const std::string&, const std::string& path) override {
    return fail(Errc::not_found, path);
  }
  bool running(const std::string&) override { return true; }
  std::optional<UnaskedEnd> unasked_end(const std::string& node) override {
    if (node != lost) return std::nullopt;
    return UnaskedEnd{"killed by signal 9 (Killed)", milliseconds(2100)};
  }
  std::optional<NodeUsage> usage(const std::string&) override { return std::nullopt; }

  std::string fails_to_start;
  std::string lost;

 private:
  Events& events_;
  const FakeClock& clock_;
};

class FakeEngine final : public Engine {
 public:
  FakeEngine(Events& events, const FakeClock& clock) : events_(events), clock_(clock) {}

  std::string name() const override { return "fake"; }
  std::string cannot(Act act) const override {
    return act == Act::disconnect ? "network cuts need --engine docker" : "";
  }
  Result<std::unique_ptr<Topology>> create(const std::string&, const std::string&) override {
    auto topology = std::make_unique<FakeTopology>(events_, clock_);
    topology->fails_to_start = fails_to_start;
    topology->lost = lost;
    return topology;
  }
  std::vector<std::string> sweep() override { return {}; }

  std::string fails_to_start;
  std::string lost;  // A node that ends by itself.

 private:
  Events& events_;
  const FakeClock& clock_;
};

class FakeNode final : public NodeKind {
 public:
  FakeNode(std::string name, std::string kind, std::string version, bool reads_remotely)
      : NodeKind(std::move(name)),
        kind_(std::move(kind)),
        version_(std::move(version)),
        reads_(reads_remotely) {}

  std::string kind() const override { return kind_; }
  std::string version() const override { return version_; }
  std::vector<uint16_t> ports() const override { return {9090}; }
  bool reads_remotely() const override { return reads_; }
  StartRank start_rank() const override {
    return kind_ == "merger" ? StartRank::merger : NodeKind::start_rank();
  }
  ReadCounter read_counter() const override {
    return kind_ == "mock" ? ReadCounter::journal : ReadCounter::none;
  }
  bool holds_data() const override { return kind_ == "prometheus" || kind_ == "mock"; }
  bool data_is_fixed() const override { return kind_ == "mock"; }
  bool knows_promql() const override { return kind_ == "prometheus"; }
  const std::vector<mockstore::InputSeries>& input_series() const override { return input_; }
  Result<std::string> resolve_version(const NodeContext&) const override {
    if (version_ == "v9")
      return fail(Errc::environment, "Prometheus v9 is not on this machine (there are 3.5.3)");
    return version_.empty() ? "" : version_.substr(1) + ".3";
  }
  Result<NodeSpec> make_spec(const NodeContext&) const override {
    NodeSpec spec;
    spec.name = name();
    spec.kind = kind_;
    spec.ports = {9090};
    return spec;
  }
  Result<void> feed(const NodeContext&, const net::Url&, std::stop_token) const override {
    return {};
  }

  const std::set<std::string>& series_of_rules() const override { return rules; }
  const NodeUses& uses() const override { return node_uses; }

  std::vector<mockstore::InputSeries> input_;
  std::set<std::string> rules;
  NodeUses node_uses;

 private:
  std::string kind_;
  std::string version_;
  bool reads_;
};

/// Answers what a test tells it to.
class FakeAsker : public Asker {
 public:
  explicit FakeAsker(Events& events) : events_(events) {}

  QueryAnswer instant(const std::string& node, const std::string& expr, int64_t time_ms,
                      milliseconds, std::stop_token) override {
    events_.add("ask " + node + " " + expr);
    return on_instant(node, expr, time_ms);
  }
  QueryAnswer range(const std::string& node, const std::string& expr, int64_t start_ms, int64_t,
                    milliseconds, milliseconds, std::stop_token) override {
    return on_instant(node, expr, start_ms);
  }
  ReadAnswer read(const std::string& node, const std::vector<model::Matcher>&, int64_t start_ms,
                  int64_t end_ms, bool, milliseconds, std::stop_token) override {
    events_.add("read " + node);
    return on_read(node, start_ms, end_ms);
  }
  AlertsAnswer alerts(const std::string& node, const std::vector<model::Matcher>& matchers,
                      milliseconds, std::stop_token) override {
    events_.add("alerts " + node + " " + model::to_string(matchers));
    return on_alerts(node);
  }
  Result<size_t> requests(const std::string& mock, std::stop_token) override {
    return on_requests(mock);
  }
  Result<std::string> journal(const std::string& mock, std::stop_token) override {
    return on_journal(mock);
  }
  Result<void> set_faults(const std::string& mock, const std::string& faults,
                          std::stop_token) override {
    events_.add("faults " + mock + " " + faults);
    return {};
  }
  Result<void> write(const std::string& node, const std::vector<model::Series>& series,
                     std::stop_token) override {
    std::string event = "write " + node;
    for (const model::Series& one : series)
      event += " " + one.labels.to_string() + "x" + std::to_string(one.samples.size());
    events_.add(event);
    return {};
  }

  std::function<QueryAnswer(const std::string&, const std::string&, int64_t)> on_instant;
  std::function<ReadAnswer(const std::string&, int64_t, int64_t)> on_read =
      [](const auto&, auto, auto) { return ReadAnswer{}; };
  std::function<AlertsAnswer(const std::string&)> on_alerts = [](const auto&) {
    return AlertsAnswer{};
  };
  std::function<std::string(const std::string&)> on_journal = [](const auto&) { return ""; };
  std::function<size_t(const std::string&)> on_requests = [](const auto&) { return 0; };

 private:
  Events& events_;
};

inline QueryAnswer vector_of(const std::string& labels, double value) {
  QueryAnswer answer;
  answer.type = "vector";
  answer.series.push_back({model::parse_series(labels).value(), {{0, value, std::nullopt}}});
  return answer;
}

inline NodeDeclaration node(const std::string& name, const std::string& kind,
                            bool is_query_node = false, const std::string& version = "") {
  return {name, kind, version, std::make_shared<FakeNode>(name, kind, version, is_query_node),
          is_query_node};
}

inline Comparison comparison(const std::string& text) {
  return Comparison::parse(yaml::Node::parse("'" + text + "'", "c.yaml"));
}

inline Check check(const std::string& expr,
                   std::vector<std::string> during = {"before", "fault", "after"}) {
  Check check;
  check.expr = check.name = expr;
  check.node = "query";
  check.eval_time = milliseconds(0);
  check.during = std::move(during);
  check.count = comparison("1");
  return check;
}

inline Test test_of(std::vector<Check> checks) {
  Test test;
  test.scenario = test.id = "t";
  test.file = "t.yaml";
  test.nodes = {node("query", "prometheus", true, "v3.5"), node("a", "prometheus", false, "v3.5"),
                node("m", "mock")};
  test.checks = std::move(checks);
  return test;
}

inline TimelineEntry act_at(milliseconds at, const std::string& node, Act act,
                            std::optional<milliseconds> lasts = {}) {
  TimelineEntry entry;
  entry.at = at;
  entry.lasts = lasts;
  entry.phase = "fault";
  entry.node = node;
  entry.act = act;
  return entry;
}

}  // namespace mread::scenarios::fakes
