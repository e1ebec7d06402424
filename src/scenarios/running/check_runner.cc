#include "scenarios/running/check_runner.h"

#include <algorithm>

#include "base/duration.h"
#include "base/timestamp.h"
#include "scenarios/checks/compare.h"
#include "scenarios/checks/invariant_judge.h"
#include "scenarios/checks/judge_rule_alerts.h"
#include "scenarios/checks/oracle_scope.h"

namespace mread::scenarios {
namespace {

constexpr milliseconds default_timeout{60'000};
constexpr milliseconds poll_every{200};
// "Now" is this far back: the scrapes before it are stored by then.
constexpr int64_t now_lag_ms = 2000;
// A mock writes its journal when it has answered, which may be after the query node has.
constexpr milliseconds journal_lag{2000};

bool is_in(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

CheckResult failure(const Check& check, const std::string& phase, const std::string& invariant,
                    std::string want, std::string got, std::string detail) {
  CheckResult result;
  result.expr = check.expr;
  result.name = invariant + ": " + check.name;
  result.node = check.node;
  result.phase = phase;
  result.line = check.line;
  result.verdict = Verdict::fail;
  result.want = std::move(want);
  result.got = std::move(got);
  result.detail = std::move(detail);
  return result;
}

// Where the data of all nodes end; empty if a node makes samples itself, or none has any.
std::optional<int64_t> declared_end_of(const Test& test) {
  int64_t end_ms = INT64_MIN;
  for (const NodeDeclaration& one : test.nodes) {
    const auto last_ms = one.node->last_sample_ms({test.start_ms, test.interval.count()});
    if (!last_ms) return std::nullopt;
    end_ms = std::max(end_ms, *last_ms);
  }
  if (end_ms == INT64_MIN) return std::nullopt;
  return end_ms;
}

constexpr const char* oracle_reads =
    "it reads every data node that no act or fault of the timeline keeps away";
constexpr const char* oracle_advice =
    "if this question is not for the union of all nodes, say oracle: false in the check; if it "
    "fails as Prometheus "
    "does, "
    "known_issue:; if replicas hold the same series, replica_labels: in the invariant";

}  // namespace

CheckRunner::CheckRunner(const Test& test, Asker& asker, Oracle* oracle, WaitingClock& clock)
    : test_(test),
      asker_(asker),
      oracle_(oracle),
      clock_(clock),
      declared_end_ms_(declared_end_of(test)) {
  if (test.rules) rules_.emplace(test, asker);
}

std::optional<int64_t> CheckRunner::data_end_ms() const {
  if (declared_end_ms_) return declared_end_ms_;
  return oracle_ != nullptr ? oracle_->newest_ms() : std::nullopt;
}

std::string CheckRunner::when(const Check& check, int64_t now_ms) const {
  std::string text;
  if (check.range) {
    text = "from " + format_timestamp(test_.start_ms + check.range->start.count()) + " to " +
           format_timestamp(test_.start_ms + check.range->end.count());
  } else {
    text = "at " +
           format_timestamp(check.eval_time ? test_.start_ms + check.eval_time->count() : now_ms);
  }
  if (const auto end_ms = data_end_ms()) text += "; the data end at " + format_timestamp(*end_ms);
  return text;
}

std::vector<CheckResult> CheckRunner::run_phase(const std::string& phase,
                                                const std::set<std::string>& away,
                                                std::stop_token stop) {
  std::vector<CheckResult> results;
  std::map<const Invariant*, Tally> tallies;
  evaluate_rules(phase, stop);
  for (const Check& check : test_.checks) {
    if (stop.stop_requested()) return results;
    if (!is_in(check.during, phase)) continue;
    if (check.kind == Check::Kind::rule_alerts) {
      results.push_back(look_at_rule_alerts(check, phase));
      continue;
    }
    Observation seen;
    int64_t now_ms = 0;
    const auto deadline = clock_.now() + check.eventually.value_or(milliseconds(0));
    CheckResult result = run_once(check, phase, seen, now_ms, stop);
    while (result.verdict != Verdict::pass && check.eventually && clock_.now() < deadline) {
      if (!clock_.wait_until(clock_.now() + poll_every, stop)) return results;
      result = run_once(check, phase, seen, now_ms, stop);
    }
    if (stop.stop_requested()) return results;
    if (check.eventually && result.verdict == Verdict::fail) {
      result.detail += (result.detail.empty() ? "" : "\n") + std::string("not within ") +
                       format_duration(*check.eventually);
    }
    if (phase == "before") {
      for (const QueryAnswer& answer : seen.answers)
        baselines_ms_[&check].push_back(answer.duration.count());
      for (const ReadAnswer& read : seen.reads)
        baselines_ms_[&check].push_back(read.duration.count());
      for (const AlertsAnswer& answer : seen.alerts)
        baselines_ms_[&check].push_back(answer.duration.count());
    }
    results.push_back(std::move(result));
    hold_invariants(check, phase, away, seen, now_ms, tallies, stop);
    if (stop.stop_requested()) return results;
  }
  for (const Invariant& invariant : test_.invariants) {
    if (!is_in(invariant.during, phase)) continue;
    if (invariant.subject() == Invariant::Subject::samples) {
      results.push_back(look_at_samples(invariant, phase, stop));
      continue;
    }
    const auto found = tallies.find(&invariant);
    if (found == tallies.end()) continue;
    Tally& tally = found->second;
    if (!tally.failures.empty()) {
      std::move(tally.failures.begin(), tally.failures.end(), std::back_inserter(results));
      continue;
    }
    CheckResult result;
    result.expr = result.name = invariant.name;
    result.phase = phase;
    result.got = std::to_string(tally.judged) + " answers hold";
    if (tally.beyond > 0)
      result.got += ", " + std::to_string(tally.beyond) + " checks are not the oracle's";
    if (tally.excused > 0)
      result.got += ", " + std::to_string(tally.excused) + " of them by a warning or an error";
    results.push_back(std::move(result));
  }
  return results;
}

void CheckRunner::evaluate_rules(const std::string& phase, std::stop_token stop) {
  if (!rules_) return;
  rule_outcomes_.clear();
  for (const Check& check : test_.checks) {
    if (is_in(check.during, phase) && !rule_outcomes_.contains(check.node))
      rule_outcomes_[check.node] = rules_->evaluate(check.node, phase, stop);
  }
}

std::string CheckRunner::rule_error(const Check& check) const {
  if (!rules_) return {};
  const auto outcome = rule_outcomes_.find(check.node);
  if (outcome == rule_outcomes_.end()) return {};
  for (const size_t rule : rules_->uses().behind(check)) {
    const auto error = outcome->second.errors.find(rule);
    if (error == outcome->second.errors.end()) continue;
    const TestedRule& failed = test_.rules->rules[rule];
    return "the rule " + failed.name + " (" + failed.place + ") fails: " + error->second;
  }
  return {};
}

CheckResult CheckRunner::look_at_rule_alerts(const Check& check, const std::string& phase) {
  AlertsSeen seen;
  seen.error = rule_error(check);
  std::set<std::string> warnings;
  const RuleOutcome& outcome = rule_outcomes_.at(check.node);
  const milliseconds step = rules_->step_before(*check.eval_time);
  for (const size_t index : rules_->uses().behind(check)) {
    if (const auto found = outcome.warnings.find(index); found != outcome.warnings.end())
      warnings.insert(found->second.begin(), found->second.end());
    const TestedRule& rule = test_.rules->rules[index];
    if (rule.kind != TestedRule::Kind::alert || rule.name != check.rule_alerts->alertname) continue;
    if (const auto found = outcome.firing.find({index, step}); found != outcome.firing.end())
      seen.firing.insert(seen.firing.end(), found->second.begin(), found->second.end());
    const auto& annotations = outcome.unknown_annotations.at(index);
    seen.unknown_annotations.insert(annotations.begin(), annotations.end());
    const auto& labels = outcome.unknown_labels.at(index);
    seen.unknown_labels.insert(labels.begin(), labels.end());
  }
  seen.warnings.assign(warnings.begin(), warnings.end());
  for (const auto& [name, action] : seen.unknown_annotations) {
    notes_.insert("annotation " + name + " of " + check.rule_alerts->alertname +
                  " is not compared: " + action);
  }
  return judge_rule_alerts(check, phase, seen);
}

CheckResult CheckRunner::run_once(const Check& check, const std::string& phase, Observation& seen,
                                  int64_t& now_ms, std::stop_token stop) {
  std::map<std::string, size_t> before;
  std::string journal_error;
  const auto count_requests = [&](std::map<std::string, size_t>& counts) {
    for (const auto& [mock, want] : check.requests) {
      const auto requests = asker_.requests(mock, stop);
      if (requests) {
        counts[mock] = *requests;
      } else {
        journal_error = requests.error().to_string();
      }
    }
  };
  count_requests(before);
  now_ms = clock_.wall_ms() - now_lag_ms;
  seen = observe(check, now_ms, stop);
  seen.baseline_ms = baseline_of(check);
  CheckResult result;
  const auto deadline = clock_.now() + journal_lag;
  while (true) {
    std::map<std::string, size_t> after;
    count_requests(after);
    for (const auto& [mock, count] : after)
      seen.requests[mock] = count - std::min(count, before[mock]);
    result = judge(check, phase, seen);
    if (check.requests.empty() || result.verdict == Verdict::pass || clock_.now() >= deadline)
      break;
    if (!clock_.wait_until(clock_.now() + poll_every, stop)) break;
  }
  if (const std::string error = rule_error(check); !error.empty()) {
    result.verdict = Verdict::fail;
    result.got = "error: " + error;
    result.detail.clear();
  }
  if (!journal_error.empty()) {
    result.verdict = Verdict::fail;
    result.want = "the mocks' journals";
    result.got = journal_error;
  }
  return result;
}

Observation CheckRunner::observe(const Check& check, int64_t now_ms, std::stop_token stop) {
  Observation seen;
  const milliseconds timeout = check.timeout.value_or(default_timeout);
  const int64_t time_ms = check.eval_time ? test_.start_ms + check.eval_time->count() : now_ms;
  const auto ask = [&](const std::string& node, const std::string& expr) {
    if (!check.range) return asker_.instant(node, expr, time_ms, timeout, stop);
    return asker_.range(node, expr, test_.start_ms + check.range->start.count(),
                        test_.start_ms + check.range->end.count(), check.range->step, timeout,
                        stop);
  };
  for (int i = 0; i < check.repeat && !stop.stop_requested(); ++i) {
    if (check.kind == Check::Kind::promql) {
      seen.answers.push_back(ask(check.node, check.expr));
    } else if (check.kind == Check::Kind::alerts) {
      seen.alerts.push_back(asker_.alerts(check.node, check.matchers, timeout, stop));
    } else {
      const int64_t start_ms = test_.start_ms + check.read_start.value_or(milliseconds(0)).count();
      const int64_t end_ms =
          check.read_end ? test_.start_ms + check.read_end->count() : now_ms + now_lag_ms;
      seen.reads.push_back(
          asker_.read(check.node, check.matchers, start_ms, end_ms, check.stream, timeout, stop));
    }
  }
  if (check.same_as) seen.same_as = ask(check.same_as->node, check.same_as->expr);
  if (check.kind == Check::Kind::promql) seen.when = when(check, now_ms);
  return seen;
}

void CheckRunner::hold_invariants(const Check& check, const std::string& phase,
                                  const std::set<std::string>& away, const Observation& seen,
                                  int64_t now_ms, std::map<const Invariant*, Tally>& tallies,
                                  std::stop_token stop) {
  bool synced = false;
  for (const Invariant& invariant : test_.invariants) {
    if (!is_in(invariant.during, phase)) continue;
    if (invariant.subject() == Invariant::Subject::answers)
      hold_answers(invariant, check, phase, seen, tallies[&invariant]);
    if (invariant.subject() != Invariant::Subject::oracle || check.kind != Check::Kind::promql ||
        oracle_ == nullptr)
      continue;
    if (!test_.answers_for_all(check.node) || !check.oracle) continue;
    if (const std::string why = beyond_oracle(test_, check); !why.empty()) {
      ++tallies[&invariant].beyond;
      notes_.insert(invariant.name + " does not judge " + check.name + ": " + why);
      continue;
    }
    if (invariant.kind == Invariant::Kind::union_oracle && check.expects(Expectation::Kind::fail))
      continue;
    if (!synced) {
      if (auto done = oracle_->sync(now_ms, away, stop); !done) {
        if (!stop.stop_requested()) {
          tallies[&invariant].failures.push_back(failure(check, phase, invariant.name, "an oracle",
                                                         done.error().to_string(), oracle_reads));
        }
        return;
      }
      synced = true;
    }
    hold_oracle(invariant, check, phase, seen, now_ms, tallies[&invariant], stop);
  }
}

void CheckRunner::hold_answers(const Invariant& invariant, const Check& check,
                               const std::string& phase, const Observation& seen, Tally& tally) {
  const auto judge_each = [&](const auto& answers) {
    for (const auto& answer : answers) {
      ++tally.judged;
      if (const auto breach = breach_in(answer, invariant.kind)) {
        tally.failures.push_back(
            failure(check, phase, invariant.name, breach->want, breach->got, ""));
        return;
      }
    }
  };
  judge_each(seen.answers);
  judge_each(seen.reads);
}

void CheckRunner::hold_oracle(const Invariant& invariant, const Check& check,
                              const std::string& phase, const Observation& seen, int64_t now_ms,
                              Tally& tally, std::stop_token stop) {
  const int64_t time_ms = check.eval_time ? test_.start_ms + check.eval_time->count() : now_ms;
  const QueryAnswer truth =
      check.range
          ? oracle_->range(check.expr, test_.start_ms + check.range->start.count(),
                           test_.start_ms + check.range->end.count(), check.range->step, stop)
          : oracle_->instant(check.expr, time_ms, stop);
  if (stop.stop_requested()) return;
  const Exactness exactness = is_plain_select(check.expr) ? Exactness::bitwise : Exactness::nearly;
  const bool only_silent = invariant.kind == Invariant::Kind::no_silent_partial;
  if (truth.ok() && truth.series.empty() && truth.type != "string" && !check.samples &&
      !check.count) {
    tally.failures.push_back(
        failure(check, phase, invariant.name, "an expression that the oracle has data for",
                "no data on the oracle: the comparison could not fail",
                truth.to_string() + " " + seen.when +
                    "\ngive exp_samples: or exp_count: where no data is the right answer, and "
                    "oracle: false where the question is not for the union of all nodes"));
    return;
  }
  for (const QueryAnswer& answer : seen.answers) {
    ++tally.judged;
    if (only_silent && (!answer.ok() || !answer.warnings.empty())) {
      ++tally.excused;
      continue;
    }
    const auto difference = compare_answers(truth, answer, exactness);
    if (!difference) continue;
    tally.failures.push_back(
        failure(check, phase, invariant.name,
                (only_silent ? "all of it, a warning, or an error:\n" : "as the oracle:\n") +
                    shown(truth, seen.when),
                shown(answer, seen.when) + (only_silent ? "\nwithout a warning" : ""),
                *difference + "\n" + oracle_advice));
    return;
  }
}

CheckResult CheckRunner::look_at_samples(const Invariant& invariant, const std::string& phase,
                                         std::stop_token stop) {
  CheckResult result;
  result.expr = invariant.expr;
  result.name = invariant.name + ": " + invariant.expr;
  result.node = invariant.node;
  result.phase = phase;
  result.want = wanted_of_samples(invariant);
  const int64_t end_ms = invariant.eval_time ? test_.start_ms + invariant.eval_time->count()
                                             : clock_.wall_ms() - now_lag_ms;
  const QueryAnswer answer =
      asker_.instant(invariant.node, invariant.expr + "[" + format_duration(invariant.range) + "]",
                     end_ms, default_timeout, stop);
  result.duration_ms = answer.duration.count();
  result.warnings = answer.warnings;
  result.got = answer.to_string(5);
  if (!answer.ok() || answer.points() < 2) {
    result.verdict = Verdict::fail;
    result.detail = "needs at least two samples to say anything";
    return result;
  }
  result.detail = breach_in_samples(invariant, answer, end_ms);
  if (!result.detail.empty()) {
    result.verdict = Verdict::fail;
    return result;
  }
  result.got = std::to_string(answer.points()) + " samples of " +
               std::to_string(answer.series.size()) + " series";
  return result;
}

std::optional<double> CheckRunner::baseline_of(const Check& check) const {
  const auto found = baselines_ms_.find(&check);
  if (found == baselines_ms_.end() || found->second.empty()) return std::nullopt;
  std::vector<double> sorted = found->second;
  std::sort(sorted.begin(), sorted.end());
  return sorted[sorted.size() / 2];
}

}  // namespace mread::scenarios
