#include "scenarios/running/test_run.h"

#include <algorithm>
#include <functional>

#include "scenarios/checks/judge.h"
#include "scenarios/checks/sometimes_watch.h"
#include "scenarios/engine/fronted_topology.h"
#include "scenarios/nodes/node_front.h"
#include "scenarios/running/backend_journals.h"
#include "scenarios/running/check_runner.h"
#include "scenarios/running/course_recorder.h"
#include "scenarios/running/load_generator.h"
#include "scenarios/running/node_watch.h"
#include "scenarios/running/oracle.h"
#include "scenarios/running/start_nodes.h"
#include "scenarios/running/timeline_player.h"
#include "scenarios/running/usage_sampler.h"

namespace mread::scenarios {
namespace {

constexpr const char* oracle_node = "mread-oracle";

NodeResult shown_node(const NodeDeclaration& node) {
  NodeResult shown;
  shown.name = node.name;
  shown.kind = node.kind;
  shown.version = node.version;
  const NodeUses& uses = node.node->uses();
  shown.reads = uses.read;
  for (const std::string& other : uses.named) {
    if (other != node.name &&
        std::find(uses.read.begin(), uses.read.end(), other) == uses.read.end())
      shown.names.push_back(other);
  }
  return shown;
}

class TestRun {
 public:
  TestRun(const Test& test, const TestSurroundings& surroundings, std::stop_token stop)
      : test_(test), around_(surroundings), stop_(std::move(stop)), recorder_(surroundings.clock) {
    context_ = around_.nodes;
    context_.grid = {test.start_ms, test.interval.count()};
    context_.seed = test.seed;
  }

  TestResult run() {
    const TimePoint begin = around_.clock.now();
    result_.scenario = test_.scenario;
    result_.id = test_.id;
    result_.title = test_.title();
    result_.file = test_.file;
    result_.topology = test_.topology;
    result_.matrix_case = test_.matrix_case;
    result_.tags = test_.tags;
    result_.seed = test_.seed;
    result_.engine = around_.engine.name();
    for (const std::string& warning : test_.warnings) add_note(warning);
    if (prepare()) {
      if (auto done = in_topology(); !done) {
        result_.verdict = done.error().is(Errc::environment) ? Verdict::skipped : Verdict::fail;
        result_.reason = done.error().to_string();
        if (topology_) result_.reason = topology_->with_names(result_.reason);
      }
      topology_.reset();
    }
    result_.course = recorder_.take();
    conclude(test_.known_issues, result_);
    // No known issue explains it, and results without the node have no meaning.
    if (!result_.incident.empty()) {
      result_.verdict = Verdict::fail;
      result_.reason = result_.incident;
    }
    result_.duration_s = std::chrono::duration<double>(around_.clock.now() - begin).count();
    return std::move(result_);
  }

 private:
  struct Finally {
    std::function<void()> act;
    ~Finally() { act(); }
  };

  void add_note(const std::string& note) {
    result_.note += (result_.note.empty() ? "" : "; ") + note;
  }

  void say(const std::string& what) const {
    if (around_.progress) around_.progress(test_, what);
  }

  bool skip(const std::string& reason) {
    result_.verdict = Verdict::skipped;
    result_.reason = reason;
    return false;
  }

  // Everything that can be known before a node is started: versions, programs, acts. False when the
  // test is skipped.
  bool prepare() {
    const auto certificates = make_certificates(test_.certificates);
    if (!certificates) return skip(certificates.error().context);
    for (const NodeDeclaration& node : test_.nodes) {
      NodeResult shown = shown_node(node);
      const auto version = node.node->resolve_version(context_);
      if (!version) return skip(version.error().context);
      if (!version->empty()) {
        shown.version = *version;
        // The report shows the exact version, not the word of the matrix.
        for (auto& [axis, value] : result_.matrix_case) {
          if (value == node.version) value = *version;
        }
      }
      auto spec = node.node->make_spec(context_);
      if (!spec) {
        if (spec.error().is(Errc::environment)) return skip(spec.error().context);
        result_.verdict = Verdict::fail;
        result_.reason = node.name + ": " + spec.error().to_string();
        return false;
      }
      spec->files.insert(certificates->begin(), certificates->end());
      spec->expects_acts = has_act(node.name);
      specs_.push_back(std::move(*spec));
      if (node.has_front) {
        fronts_[node.name] = make_front(*node.node, name_behind(node.name), node.faults, context_);
        fronts_[node.name].spec.expects_acts = has_act(node.name);
      }
      result_.nodes.push_back(std::move(shown));
    }
    for (const TimelineEntry& entry : test_.timeline) {
      if (!entry.act) continue;
      if (std::string reason = around_.engine.cannot(*entry.act); !reason.empty())
        return skip(reason);
    }
    return true;
  }

  bool has_act(const std::string& node) const {
    return std::any_of(
        test_.timeline.begin(), test_.timeline.end(),
        [&node](const TimelineEntry& entry) { return entry.act && entry.node == node; });
  }

  // Under which a node runs that has a proxy in front. Nothing else has the name.
  std::string name_behind(const std::string& node) const {
    const auto is_taken = [this](const std::string& name) {
      return test_.find(name) != nullptr ||
             std::any_of(fronts_.begin(), fronts_.end(),
                         [&name](const auto& front) { return front.second.behind == name; });
    };
    std::string name = node + "-itself";
    while (is_taken(name)) name += "-itself";
    return name;
  }

  Result<void> in_topology() {
    say("making a network");
    auto topology = around_.engine.create(around_.run_id, test_.id);
    // A machine that lacks something skips the test; an engine that fails later does not.
    if (!topology) return fail(Errc::unavailable, topology.error().to_string());
    topology_ = with_fronts(std::move(*topology), fronts_);
    UsageSampler sampler(*topology_, around_.clock,
                         [this](TimePoint time) { return recorder_.seconds_since_begin(time); });
    Result<void> done = [&]() -> Result<void> {
      if (auto started = start_nodes(sampler); !started) return started;
      const NodeWatch watch(*topology_, started_);
      return run_phases();
    }();
    keep_usage(sampler.stop());
    collect_journals({});
    keep_requests();
    if (!stop_.stop_requested()) look_for_lost_nodes();
    keep_logs();
    return done;
  }

  Result<void> start_nodes(UsageSampler& sampler) {
    StartOptions options;
    options.starting = [this](const NodeDeclaration& node) { say("starting " + node.name); };
    options.started = [this, &sampler](const NodeDeclaration& node) {
      started_.push_back(node.name);
      sampler.add(node.name);
      recorder_.note_event(node.name, "started");
    };
    options.at_once = around_.nodes_at_once;
    if (auto started =
            scenarios::start_nodes(test_, specs_, context_, *topology_, ports_, options, stop_);
        !started)
      return started;
    const auto oracle = std::find_if(
        test_.invariants.begin(), test_.invariants.end(),
        [](const Invariant& one) { return one.subject() == Invariant::Subject::oracle; });
    const bool has_oracle = oracle != test_.invariants.end();
    if (has_oracle) {
      if (auto started = start_oracle(); !started) return started;
    }
    asker_ = around_.make_asker(*topology_, ports_);
    if (has_oracle) {
      oracle_ = std::make_unique<Oracle>(test_, oracle_node, oracle->replica_labels, *asker_);
      say("filling the oracle");
      return wait_for_data();
    }
    return {};
  }

  // A node that scrapes holds nothing at first; the union is empty until its first scrape is
  // stored.
  Result<void> wait_for_data() {
    const auto deadline = around_.clock.now() + std::chrono::seconds(30);
    while (true) {
      auto synced = oracle_->sync(around_.clock.wall_ms(), {}, stop_);
      if (synced || !synced.error().is(Errc::not_found) || around_.clock.now() >= deadline)
        return synced;
      if (!around_.clock.wait_until(around_.clock.now() + milliseconds(250), stop_)) return synced;
    }
  }

  // The oracle has the version of the node that it judges: versions of PromQL differ in whether a
  // range includes its left end.
  Result<void> start_oracle() {
    std::string version;
    for (const Check& check : test_.checks) {
      if (check.kind != Check::Kind::promql) continue;
      const NodeDeclaration* asked = test_.find(check.node);
      if (asked != nullptr) version = asked->version;
      break;
    }
    auto spec = around_.make_oracle(oracle_node, version, context_);
    if (!spec) return fail(spec.error());
    spec->expects_acts = false;
    say("starting the oracle");
    if (auto started = topology_->start(*spec, stop_); !started)
      return fail(started.error().in("the oracle"));
    ports_[oracle_node] = {spec->ports.front(), spec->ports.front(), ReadCounter::none};
    started_.emplace_back(oracle_node);
    NodeResult shown;
    shown.name = oracle_node;
    shown.kind = "oracle";
    shown.version = version;
    result_.nodes.push_back(std::move(shown));
    return {};
  }

  Result<void> run_phases() {
    SometimesWatch sometimes(test_.invariants);
    recorder_.on_question = [&](const AskedQuestion& question) { sometimes.note(question); };
    const std::unique_ptr<Asker> heard = recorder_.listen_to(*asker_);
    CheckRunner checks(test_, *heard, oracle_.get(), around_.clock);
    const auto run_phase = [&](const std::string& phase, const std::set<std::string>& away) {
      say(phase);
      recorder_.enter_phase(phase);
      std::vector<CheckResult> results = checks.run_phase(phase, away, stop_);
      recorder_.judge_phase(results);
      std::move(results.begin(), results.end(), std::back_inserter(result_.checks));
      collect_journals(away);
    };
    const Finally keep_notes{[&] {
      recorder_.on_question = nullptr;
      for (const std::string& note : checks.notes()) add_note(note);
    }};
    run_phase("before", {});
    if (stop_.stop_requested()) return fail(Errc::canceled, "interrupted");
    std::unique_ptr<LoadGenerator> load;
    if (test_.load) {
      const int64_t time_ms =
          test_.start_ms + test_.load->eval_time.value_or(milliseconds(0)).count();
      load = std::make_unique<LoadGenerator>(*test_.load, time_ms, *asker_, around_.clock);
      load->start();
    }
    TimelinePlayer timeline(test_, *topology_, *asker_, around_.clock, recorder_);
    if (!test_.timeline.empty()) {
      const bool looks_after = load || is_checked("after");
      std::optional<TimePoint> hold;
      if (load) hold = load->end();
      if (auto played = timeline.play(run_phase, hold, looks_after, stop_); !played) return played;
      if (is_checked("after")) run_phase("after", {});
    }
    if (load) {
      say("load");
      const std::vector<LoadSample> samples = load->finish();
      result_.load = summarize_load(test_, samples, timeline.fault_spans());
      result_.load->requests = recorder_.requests_of(samples);
      std::vector<CheckResult> results = judge_load(test_, samples, timeline.fault_spans());
      std::move(results.begin(), results.end(), std::back_inserter(result_.checks));
    }
    if (stop_.stop_requested()) return fail(Errc::canceled, "interrupted");
    std::vector<CheckResult> seen =
        sometimes.results([this](const std::string& node, const std::string& file) {
          const auto text = file.empty() ? topology_->log(node) : topology_->read_file(node, file);
          return topology_->with_names(text.value_or(""));
        });
    std::move(seen.begin(), seen.end(), std::back_inserter(result_.checks));
    return {};
  }

  bool is_checked(const std::string& phase) const {
    const auto has = [&](const auto& item) {
      return std::find(item.during.begin(), item.during.end(), phase) != item.during.end();
    };
    return std::any_of(test_.checks.begin(), test_.checks.end(), has) ||
           std::any_of(test_.invariants.begin(), test_.invariants.end(),
                       [&](const Invariant& invariant) {
                         return !invariant.expr.empty() && has(invariant);
                       });
  }

  void look_for_lost_nodes() {
    for (const std::string& node : started_) {
      const auto end = topology_->unasked_end(node);
      if (!end) continue;
      result_.incident =
          topology_->with_names(describe(node, *end, topology_->log(node).value_or("")));
      recorder_.note_event(node, "ended by itself");
      return;
    }
  }

  // A mock under an act may not answer; it is asked later.
  void collect_journals(const std::set<std::string>& away) {
    for (const NodeDeclaration& node : test_.nodes) {
      if (!asker_ || stop_.stop_requested()) return;
      const bool has_journal = node.has_front || node.node->read_counter() == ReadCounter::journal;
      if (!has_journal || away.contains(node.name)) continue;
      // Without a journal the report lacks this node's requests; the test goes on.
      const auto journal = asker_->journal(node.name, stop_);
      if (!journal) continue;
      if (const auto requests = parse_journal(*journal)) journals_.add(node.name, *requests);
    }
  }

  void keep_requests() {
    for (NodeResult& node : result_.nodes) {
      std::tie(node.requests, node.more_requests) =
          journals_.requests_of(node.name, recorder_.begin_wall_ms());
    }
  }

  void keep_usage(const UsageLog& usage) {
    for (NodeResult& node : result_.nodes) node.usage = usage.samples_of(node.name);
  }

  void keep_logs() {
    for (NodeResult& node : result_.nodes) {
      if (std::find(started_.begin(), started_.end(), node.name) == started_.end()) continue;
      const std::string folder = std::string(logs_folder) + "/" + test_.id + "/";
      if (auto log = topology_->log(node.name)) {
        node.log = folder + node.name + ".log";
        node.files[node.log] = std::move(*log);
      }
      const NodeDeclaration* declared = test_.find(node.name);
      if (declared == nullptr) continue;
      for (const std::string& file : declared->node->kept_files()) {
        auto contents = topology_->read_file(node.name, file);
        if (!contents || contents->empty()) continue;
        std::string name = file;
        std::replace(name.begin(), name.end(), '/', '.');
        node.files[folder + node.name + "." + name] = std::move(*contents);
      }
    }
  }

  const Test& test_;
  const TestSurroundings& around_;
  std::stop_token stop_;
  CourseRecorder recorder_;
  BackendJournals journals_;
  NodeContext context_;
  TestResult result_;
  std::vector<NodeSpec> specs_;
  std::map<std::string, Front> fronts_;  // Of nodes with faults that are no mocks.
  std::vector<std::string> started_;
  std::map<std::string, NodePorts> ports_;
  std::unique_ptr<Topology> topology_;
  std::unique_ptr<Asker> asker_;
  std::unique_ptr<Oracle> oracle_;
};

}  // namespace

TestResult run_test(const Test& test, const TestSurroundings& surroundings, std::stop_token stop) {
  return TestRun(test, surroundings, std::move(stop)).run();
}

}  // namespace mread::scenarios
