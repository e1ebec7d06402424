#include "scenarios/running/rule_evaluator.h"

#include <algorithm>

#include "base/duration.h"

namespace mread::scenarios {
namespace {

constexpr milliseconds query_timeout{60'000};
// Below half of a head's chunk range, in which samples may be older than the newest.
constexpr milliseconds longest_window{59 * 60'000};
// Prometheus refuses range queries of more than 11000 steps.
constexpr int64_t most_steps = 10'000;

using Steps = std::map<int64_t, std::vector<RuleSample>>;  // By time.

// An answer by the times of its points; an instant answer is one step.
Result<Steps> by_step(const QueryAnswer& answer) {
  if (!answer.ok()) return fail(Errc::unavailable, answer.error);
  if (answer.type == "string")
    return fail(Errc::malformed, "rule result is not a vector or scalar");
  Steps steps;
  for (const AnswerSeries& series : answer.series) {
    for (const AnswerPoint& point : series.points) {
      if (point.histogram)
        return fail(Errc::unsupported, "it gives native histograms, which are not tested");
      steps[point.timestamp_ms].push_back({series.labels, point.value});
    }
  }
  return steps;
}

Result<std::vector<RuleSample>> recorded(const TestedRule& rule,
                                         const std::vector<RuleSample>& samples) {
  std::vector<RuleSample> out = samples;
  for (RuleSample& sample : out) {
    sample.labels.set(model::metric_name_label, rule.name);
    for (const auto& [name, value] : rule.labels) sample.labels.set(name, value);
  }
  std::ranges::sort(out, {}, &RuleSample::labels);
  const auto twice = std::ranges::adjacent_find(out, {}, &RuleSample::labels);
  if (twice != out.end()) {
    return fail(Errc::malformed,
                "vector contains metrics with the same labelset after applying rule labels");
  }
  if (rule.limit > 0 && out.size() > rule.limit) {
    return fail(Errc::limit, "exceeded limit of " + std::to_string(rule.limit) + " with " +
                                 std::to_string(out.size()) + " series");
  }
  return out;
}

// The series that a rule writes; what was there at the step before and is not now ends.
class Recording {
 public:
  void add(int64_t time_ms, const std::vector<RuleSample>& samples) {
    std::set<model::LabelSet> now;
    for (const RuleSample& sample : samples) {
      now.insert(sample.labels);
      series_[sample.labels].push_back(model::Sample::of(time_ms, sample.value));
    }
    for (const model::LabelSet& labels : last_) {
      if (!now.contains(labels)) series_[labels].push_back({time_ms, model::stale_nan_bits});
    }
    last_ = std::move(now);
  }

  std::vector<model::Series> take() {
    std::vector<model::Series> out;
    for (auto& [labels, samples] : series_) out.push_back({labels, std::move(samples), {}});
    series_.clear();
    return out;
  }

 private:
  std::map<model::LabelSet, std::vector<model::Sample>> series_;
  std::set<model::LabelSet> last_;
};

}  // namespace

// One evaluation of all rules that are needed.
class RuleEvaluator::Run {
 public:
  Run(const RuleEvaluator& owner, const std::string& node, const std::string& phase,
      std::stop_token stop)
      : owner_(owner), rules_(*owner.test_.rules), node_(node), stop_(std::move(stop)) {
    std::vector<std::string> exprs;
    for (const Check& check : owner.test_.checks) {
      const bool is_asked = check.node == node && std::ranges::count(check.during, phase) > 0;
      if (!is_asked) continue;
      needed_.merge(owner.uses_.behind(check));
      if (check.kind == Check::Kind::promql) exprs.push_back(check.expr);
      if (check.rule_alerts) asked_steps_.insert(owner.step_before(*check.eval_time));
    }
    for (const size_t rule : needed_) {
      states_.emplace(rule, AlertStates(rules_.rules[rule], rules_));
      if (owner.uses_.is_read(rule, exprs)) recordings_.emplace(rule, Recording());
    }
  }

  RuleOutcome evaluate() {
    const int64_t in_window = std::clamp<int64_t>(longest_window / rules_.interval, 1, most_steps);
    const int64_t steps = owner_.uses_.need_steps(needed_) ? 1 : in_window;
    for (milliseconds first{0}; first <= rules_.end; first += rules_.interval * steps) {
      const milliseconds last =
          std::min(first + rules_.interval * (steps - 1), owner_.step_before(rules_.end));
      for (const size_t rule : needed_) {
        if (stop_.stop_requested()) return std::move(outcome_);
        if (outcome_.errors.contains(rule)) continue;
        if (auto done = evaluate(rule, first, last); !done)
          outcome_.errors[rule] = done.error().context;
      }
    }
    for (const auto& [rule, states] : states_) {
      outcome_.unknown_annotations[rule] = states.unknown_annotations();
      outcome_.unknown_labels[rule] = states.unknown_labels();
    }
    return std::move(outcome_);
  }

 private:
  Result<void> evaluate(size_t index, milliseconds first, milliseconds last) {
    const TestedRule& rule = rules_.rules[index];
    const int64_t begin_ms = owner_.test_.start_ms - rule.query_offset.count();
    const int64_t first_ms = begin_ms + first.count();
    const int64_t last_ms = begin_ms + last.count();
    const QueryAnswer answer =
        first == last ? owner_.asker_.instant(node_, rule.expr, first_ms, query_timeout, stop_)
                      : owner_.asker_.range(node_, rule.expr, first_ms, last_ms, rules_.interval,
                                            query_timeout, stop_);
    outcome_.warnings[index].insert(answer.warnings.begin(), answer.warnings.end());
    const auto steps = by_step(answer);
    if (!steps) return fail(steps.error());
    for (milliseconds at = first; at <= last; at += rules_.interval) {
      const auto found = steps->find(begin_ms + at.count());
      static const std::vector<RuleSample> nothing;
      if (auto taken = take(index, at, found == steps->end() ? nothing : found->second); !taken)
        return taken;
    }
    return write(index);
  }

  Result<void> take(size_t index, milliseconds at, const std::vector<RuleSample>& samples) {
    const TestedRule& rule = rules_.rules[index];
    const auto recording = recordings_.find(index);
    const int64_t time_ms = owner_.test_.start_ms + at.count() - rule.query_offset.count();
    if (rule.kind == TestedRule::Kind::record) {
      const auto made = recorded(rule, samples);
      if (!made) return fail(made.error());
      if (recording != recordings_.end()) recording->second.add(time_ms, *made);
      return {};
    }
    AlertStates& states = states_.at(index);
    if (auto done = states.step(at, samples); !done) return done;
    if (asked_steps_.contains(at)) outcome_.firing[{index, at}] = states.firing();
    if (recording != recordings_.end()) {
      const int64_t start_s = owner_.test_.start_ms / 1000;
      recording->second.add(time_ms, states.samples(static_cast<double>(start_s)));
    }
    return {};
  }

  Result<void> write(size_t index) {
    const auto recording = recordings_.find(index);
    if (recording == recordings_.end()) return {};
    const std::vector<model::Series> series = recording->second.take();
    if (series.empty()) return {};
    if (auto written = owner_.asker_.write(node_, series, stop_); !written) {
      return fail(Errc::unavailable, "what it records cannot be stored in " + node_ + ": " +
                                         written.error().to_string());
    }
    return {};
  }

  const RuleEvaluator& owner_;
  const RuleSet& rules_;
  const std::string node_;
  std::stop_token stop_;
  std::set<size_t> needed_;
  std::set<milliseconds> asked_steps_;
  std::map<size_t, AlertStates> states_;
  std::map<size_t, Recording> recordings_;
  RuleOutcome outcome_;
};

RuleOutcome RuleEvaluator::evaluate(const std::string& node, const std::string& phase,
                                    std::stop_token stop) {
  return Run(*this, node, phase, std::move(stop)).evaluate();
}

milliseconds RuleEvaluator::step_before(milliseconds eval_time) const {
  return eval_time - eval_time % test_.rules->interval;
}

}  // namespace mread::scenarios
