#include "rehearse/rehearse.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "base/duration.h"
#include "rehearse/table/judgement.h"
#include "rehearse/twin/planned_cells.h"
#include "scenarios/engine/readiness.h"
#include "scenarios/loading/load_scenario.h"
#include "scenarios/running/asker.h"
#include "scenarios/running/oracle.h"
#include "scenarios/running/start_nodes.h"

namespace mread::rehearse {
namespace {

using scenarios::QueryAnswer;
using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* oracle_node = "mread-oracle";
constexpr milliseconds question_timeout{120'000};
constexpr milliseconds recovery_timeout{10'000};
// As many as a Prometheus evaluates at once (--query.max-concurrency).
constexpr size_t most_at_once = 20;
// Below this a difference of times is noise.
constexpr double noise_ms = 200;
// The circuit breakers of mread serve know of a failure after so many probes.
constexpr int probes_to_know = 4;
constexpr milliseconds probe_slack{200};
constexpr int most_settling = 20;
constexpr int most_repeats = 3;
constexpr milliseconds settling_pause{100};

using Answers = std::vector<QueryAnswer>;

// One topology of the twin, while it runs.
class RunningTwin {
 public:
  RunningTwin(const std::string& scenario, const RehearseOptions& options,
              const RehearseSurroundings& around, std::stop_token stop)
      : around_(around), stop_(std::move(stop)) {
    scenarios::LoadOptions load;
    load.now_ms = around.nodes.now_ms;
    load.seed = options.seed;
    test_ = std::move(scenarios::parse_scenario(scenario, "the twin", load).front());
    context_ = around.nodes;
    context_.grid = {test_.start_ms, test_.interval.count()};
    context_.seed = options.seed;
  }

  Result<void> start() {
    std::vector<scenarios::NodeSpec> specs;
    for (const auto& node : test_.nodes) {
      auto spec = node.node->make_spec(context_);
      if (!spec) return fail(spec.error());
      specs.push_back(std::move(*spec));
      if (node.name != query_node) continue;
      auto version = node.node->resolve_version(context_);
      if (!version) return fail(version.error());
      version_ = std::move(*version);
    }
    auto topology = around_.engine.create(around_.run_id, test_.id);
    if (!topology) return fail(topology.error());
    topology_ = std::move(*topology);
    scenarios::StartOptions options;
    options.starting = [this](const scenarios::NodeDeclaration& node) {
      say("starting " + node.name);
    };
    return scenarios::start_nodes(test_, specs, context_, *topology_, ports_, options, stop_);
  }

  // The answers over the data of all backends, from a Prometheus that holds all of them.
  Result<Answers> truth(const std::vector<Question>& questions) {
    const std::string declared = test_.find(query_node)->version;
    auto spec = scenarios::oracle_prometheus(oracle_node, declared, context_);
    if (!spec) return fail(spec.error());
    say("starting the oracle");
    if (auto started = topology_->start(*spec, stop_); !started) return fail(started.error());
    ports_[oracle_node] = {spec->ports.front(), spec->ports.front(), scenarios::ReadCounter::none};
    auto asker = scenarios::make_http_asker(*topology_, ports_);
    scenarios::Oracle oracle(test_, oracle_node, {}, *asker);
    if (auto synced = oracle.sync(context_.now_ms, {}, stop_); !synced)
      return fail(synced.error().in("the oracle"));
    return ask_all(questions, oracle_node);
  }

  Answers ask_all(const std::vector<Question>& questions, const std::string& node = query_node) {
    if (!asker_ || node == oracle_node) asker_ = scenarios::make_http_asker(*topology_, ports_);
    const int64_t time_ms = test_.start_ms + parse_duration(example_eval_time)->count();
    Answers answers(questions.size());
    std::atomic<size_t> next{0};
    {
      std::vector<std::jthread> threads;
      for (size_t i = 0; i < std::min(most_at_once, questions.size()); ++i) {
        threads.emplace_back([&] {
          for (size_t at = next++; at < questions.size(); at = next++) {
            answers[at] =
                asker_->instant(node, questions[at].expr, time_ms, question_timeout, stop_);
          }
        });
      }
    }
    for (QueryAnswer& answer : answers) {
      answer.error = topology_->with_names(answer.error);
      for (std::string& warning : answer.warnings) warning = topology_->with_names(warning);
    }
    return answers;
  }

  Result<void> break_backend(const std::string& node, const std::string& fault) {
    if (fault.empty()) return topology_->act(node, scenarios::Act::pause, stop_);
    return asker_->set_faults(node, fault, stop_);
  }

  Result<void> mend_backend(const std::string& node, const std::string& fault) {
    auto mended = fault.empty() ? topology_->act(node, scenarios::Act::resume, stop_)
                                : asker_->set_faults(node, "[]", stop_);
    if (!mended) return mended;
    return topology_->wait_ready(node, recovery_timeout, stop_);
  }

  const std::string& version() const { return version_; }

 private:
  void say(const std::string& what) const {
    if (around_.progress) around_.progress(what);
  }

  const RehearseSurroundings& around_;
  std::stop_token stop_;
  scenarios::Test test_;
  scenarios::NodeContext context_;
  std::string version_;
  std::map<std::string, scenarios::NodePorts> ports_;
  std::unique_ptr<scenarios::Topology> topology_;
  std::unique_ptr<scenarios::Asker> asker_;
};

class Run {
 public:
  Run(const NodeSetup& setup, const ExampleData& data, const RehearseOptions& options,
      const RehearseSurroundings& around, std::stop_token stop)
      : setup_(setup), data_(data), options_(options), around_(around), stop_(std::move(stop)) {
    result_.setup = setup;
    result_.series = data.series.size();
    result_.longest_timeout = options.longest_timeout;
    result_.query_timeout = options.query_timeout;
    result_.seed = options.seed;
    result_.notes = setup.notes;
    result_.notes.insert(result_.notes.end(), data.notes.begin(), data.notes.end());
  }

  // Both topologies run at the same time: most of it is waiting for timeouts.
  Result<Rehearsal> run() {
    RunningTwin direct(scenario(twin_options(Reader::direct)), options_, around_, stop_);
    if (auto started = direct.start(); !started) return fail(started.error());
    if (auto learned = learn_truth(direct); !learned) return fail(learned.error());
    std::future<Result<Table>> served;
    if (options_.with_serve) {
      served = std::async(std::launch::async, [this]() -> Result<Table> {
        RunningTwin twin(scenario(twin_options(Reader::served)), options_, around_, stop_);
        if (auto started = twin.start(); !started) return fail(started.error());
        return make_table(twin, Reader::served);
      });
    }
    auto table = make_table(direct, Reader::direct);
    auto other = served.valid() ? std::optional(served.get()) : std::nullopt;
    for (auto* one : {&table, other ? &*other : nullptr}) {
      if (one == nullptr) continue;
      if (!*one) return fail(one->error());
      result_.tables.push_back(std::move(**one));
    }
    if (result_.tables[0].healthy.worst() > State::slow) {
      if (auto tried = try_mends(); !tried) return fail(tried.error());
    }
    result_.duration_s = std::chrono::duration<double>(SteadyClock::now() - begin_).count();
    return std::move(result_);
  }

 private:
  TwinOptions twin_options(Reader reader) const {
    TwinOptions twin;
    twin.version = options_.version;
    twin.longest_timeout = options_.longest_timeout;
    twin.query_timeout = options_.query_timeout;
    twin.reader = reader;
    return twin;
  }

  std::string scenario(const TwinOptions& twin) const {
    return twin_scenario(setup_, data_, setup_.questions, twin);
  }

  // Asks what the truth is, and keeps the questions that it has an answer for.
  Result<void> learn_truth(RunningTwin& twin) {
    auto answers = twin.truth(setup_.questions);
    if (!answers) return fail(answers.error());
    for (size_t i = 0; i < setup_.questions.size(); ++i) {
      const Question& question = setup_.questions[i];
      QueryAnswer& answer = (*answers)[i];
      const bool may_be_empty = question.kind == Question::Kind::alert;
      if (!answer.ok()) {
        result_.not_judged.push_back({question, answer.error});
      } else if (answer.series.empty() && answer.type != "string" && !may_be_empty) {
        result_.not_judged.push_back({question, "the twin's data give no answer to it"});
      } else {
        result_.questions.push_back(question);
        truths_.push_back(std::move(answer));
      }
    }
    if (stop_.stop_requested()) return fail(Errc::canceled, "interrupted");
    if (!result_.questions.empty()) return {};
    const std::string first =
        result_.not_judged.empty() ? "" : "; the first: " + result_.not_judged.front().reason;
    return fail(Errc::config, "no question has an answer in the twin" + first);
  }

  // The answers when data are lost.
  struct Losses {
    std::map<std::vector<size_t>, Answers> without;  // By the backends that have no data.
    Answers nothing;                                 // No backend has any.
  };

  // A topology with what its answers are compared with.
  struct Topology {
    RunningTwin& twin;
    Table& table;
    std::vector<double> slow_above_ms;  // By question.
    Losses losses;
  };

  Result<Table> make_table(RunningTwin& twin, Reader reader) {
    Table table;
    table.reader = reader;
    table.version = twin.version();
    // The first questions find connections that are not there yet.
    twin.ask_all(result_.questions);
    const Answers healthy = twin.ask_all(result_.questions);
    Topology topology{twin, table, {}, {}};
    for (const QueryAnswer& answer : healthy)
      topology.slow_above_ms.push_back(2 * answer.duration.count() + noise_ms);
    table.healthy = judge_all(healthy, topology.slow_above_ms, {});
    if (auto done = fill(topology); !done) return fail(done.error());
    return table;
  }

  Result<void> fill(Topology& topology) {
    Table& table = topology.table;
    const TwinOptions twin_settings = twin_options(table.reader);
    std::vector<size_t> all(setup_.backends.size());
    std::iota(all.begin(), all.end(), 0);
    auto nothing = asked_without(topology, all);
    if (!nothing) return fail(nothing.error());
    topology.losses.nothing = std::move(*nothing);
    size_t done = 0;
    for (const PlannedCell& planned :
         plan_cells(setup_, twin_settings, {options_.failures, options_.backends})) {
      const std::string name = planned.name(setup_);
      if (options_.budget && SteadyClock::now() - begin_ >= *options_.budget) {
        const std::lock_guard lock(not_run_mutex_);
        result_.not_run.push_back(name +
                                  (table.reader == Reader::served ? " (with mread serve)" : ""));
        continue;
      }
      if (!topology.losses.without.contains(planned.backends())) {
        auto answers = asked_without(topology, planned.backends());
        if (!answers) return fail(answers.error());
        topology.losses.without[planned.backends()] = std::move(*answers);
      }
      if (around_.progress) around_.progress(fmt::format("{} ({})", name, ++done));
      auto cell = run_cell(topology, planned);
      if (!cell) return fail(cell.error().in(name));
      table.cells.push_back(std::move(*cell));
    }
    return {};
  }

  // Waits until what was broken is forgotten: connections, circuit breakers.
  void settle(Topology& topology) {
    for (int i = 0; i < most_settling && !stop_.stop_requested(); ++i) {
      const Cell cell =
          judge_all(topology.twin.ask_all(result_.questions), topology.slow_above_ms, {});
      if (cell.worst() <= std::max(State::slow, topology.table.healthy.worst())) return;
      scenarios::pause_for(settling_pause, stop_);
    }
  }

  // The answers while these backends have no data.
  Result<Answers> asked_without(Topology& topology, const std::vector<size_t>& backends) {
    RunningTwin& twin = topology.twin;
    for (const size_t one : backends) {
      const std::string& node = setup_.backends[one].node;
      if (auto broken = twin.break_backend(node, R"(["empty"])"); !broken)
        return fail(broken.error().in(node));
    }
    Answers answers = twin.ask_all(result_.questions);
    if (stop_.stop_requested()) return fail(Errc::canceled, "interrupted");
    for (const size_t one : backends) {
      const std::string& node = setup_.backends[one].node;
      if (auto mended = twin.mend_backend(node, "[]"); !mended)
        return fail(mended.error().in(node));
    }
    return answers;
  }

  // Whether some answer took longer than any does when nothing is broken: the machine was busy.
  static bool is_late(const Cell& cell, const Topology& topology) {
    return cell.longest_ms > *std::ranges::max_element(topology.slow_above_ms);
  }

  milliseconds breaker_time() const {
    const TwinOptions twin = twin_options(Reader::served);
    return probes_to_know * twin_time(setup_, twin, serve_probe) + probe_slack;
  }

  Result<Cell> run_cell(Topology& topology, const PlannedCell& planned) {
    RunningTwin& twin = topology.twin;
    const bool is_served = topology.table.reader == Reader::served;
    const Judged judged{&topology.losses.without.at(planned.backends()), &topology.losses.nothing,
                        planned.only_loses()};
    for (const auto& [backend, failure] : planned.broken) {
      if (auto broken = twin.break_backend(setup_.backends[backend].node, failure.fault); !broken)
        return fail(broken.error());
    }
    Cell cell = judge_all(twin.ask_all(result_.questions), topology.slow_above_ms, judged);
    for (int i = 0; planned.is_quick() && is_late(cell, topology) && i < most_repeats; ++i) {
      Cell again = judge_all(twin.ask_all(result_.questions), topology.slow_above_ms, judged);
      if (again.longest_ms < cell.longest_ms) cell = std::move(again);
    }
    if (is_served && cell.worst() != State::same) {
      scenarios::pause_for(breaker_time(), stop_);
      cell.later =
          judge_all(twin.ask_all(result_.questions), topology.slow_above_ms, judged).of_questions;
    }
    if (stop_.stop_requested()) return fail(Errc::canceled, "interrupted");
    for (const auto& [backend, failure] : planned.broken) {
      if (auto mended = twin.mend_backend(setup_.backends[backend].node, failure.fault); !mended)
        return fail(mended.error());
    }
    // A circuit that has opened closes when a probe finds the backend well again.
    if (is_served) scenarios::pause_for(breaker_time(), stop_);
    settle(topology);
    cell.failure = planned.word;
    cell.shown = planned.shown;
    cell.name = planned.name(setup_);
    cell.backends = planned.backends();
    return cell;
  }

  struct Judged {
    const Answers* without = nullptr;
    const Answers* nothing = nullptr;
    bool only_loses = true;
  };

  Cell judge_all(const Answers& answers, const std::vector<double>& slow_above_ms,
                 Judged judged) const {
    Cell cell;
    for (size_t i = 0; i < answers.size(); ++i) {
      const Question& question = result_.questions[i];
      Breakage breakage{judged.only_loses};
      if (judged.without != nullptr) breakage.without = &(*judged.without)[i];
      if (judged.nothing != nullptr) breakage.nothing = &(*judged.nothing)[i];
      const State state =
          judge(question,
                {truths_[i], slow_above_ms.empty() ? std::numeric_limits<double>::infinity()
                                                   : slow_above_ms[i]},
                answers[i], breakage);
      cell.of_questions.push_back(state);
      cell.longest_ms = std::max(cell.longest_ms, answers[i].duration.count());
      if (question.kind == Question::Kind::alert) {
        const AlertDifference difference = alert_difference(truths_[i], answers[i]);
        if (difference.not_firing) cell.not_firing.push_back(i);
        if (difference.firing) cell.firing.push_back(i);
      }
      if (!cell.example.empty()) continue;
      if (state == State::failed) cell.example = answers[i].error;
      if (state == State::told) cell.example = answers[i].warnings.front();
    }
    return cell;
  }

  // With nothing broken, answers are not right: tries what often is the reason.
  Result<void> try_mends() {
    for (const Mends& mends : {Mends{true, false}, Mends{false, true}, Mends{true, true}}) {
      TwinOptions twin_settings = twin_options(Reader::direct);
      twin_settings.mends = mends;
      RunningTwin twin(scenario(twin_settings), options_, around_, stop_);
      if (auto started = twin.start(); !started) return started;
      const Cell cell = judge_all(twin.ask_all(result_.questions), {}, {});
      if (stop_.stop_requested()) return fail(Errc::canceled, "interrupted");
      if (cell.worst() > State::slow) continue;
      result_.mend = TriedMend{mends, cell};
      return {};
    }
    return {};
  }

  const NodeSetup& setup_;
  const ExampleData& data_;
  const RehearseOptions& options_;
  const RehearseSurroundings& around_;
  std::stop_token stop_;
  const SteadyClock::time_point begin_ = SteadyClock::now();
  Answers truths_;  // By question of the result.
  std::mutex not_run_mutex_;
  Rehearsal result_;
};

}  // namespace

Result<Rehearsal> rehearse(const NodeSetup& setup, const ExampleData& data,
                           const RehearseOptions& options, const RehearseSurroundings& surroundings,
                           std::stop_token stop) {
  return Run(setup, data, options, surroundings, std::move(stop)).run();
}

}  // namespace mread::rehearse
