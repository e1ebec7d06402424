#include "scenarios/checks/judge.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>

#include "base/duration.h"
#include "scenarios/checks/compare.h"

namespace mread::scenarios {
namespace {

// The result of a check while it is judged. It keeps the first failure.
class Judgement {
 public:
  explicit Judgement(CheckResult result) : result_(std::move(result)) {}

  bool failed() const { return result_.verdict == Verdict::fail; }
  void fail(std::string want, std::string got, std::string detail = {}) {
    if (failed()) return;
    result_.verdict = Verdict::fail;
    result_.want = std::move(want);
    result_.got = std::move(got);
    result_.detail = std::move(detail);
  }
  CheckResult& result() { return result_; }

 private:
  CheckResult result_;
};

std::string milliseconds_text(double ms) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.0f ms", ms);
  return buffer;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

std::string which(size_t index, size_t total) {
  return total < 2 ? "" : "answer " + std::to_string(index + 1) + " of " + std::to_string(total);
}

void judge_expectation(const Expectation& expectation, const std::string& error,
                       const std::vector<std::string>& warnings,
                       const std::vector<std::string>& infos, const std::string& got,
                       const std::string& detail, Judgement& judgement) {
  using Kind = Expectation::Kind;
  const auto any_matches = [&](const std::vector<std::string>& lines) {
    if (!expectation.pattern) return !lines.empty();
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
      return expectation.pattern->found_in(line);
    });
  };
  const std::string like = expectation.pattern ? " like \"" + expectation.pattern->text + "\"" : "";
  switch (expectation.kind) {
    case Kind::no_warn:
      if (!warnings.empty()) judgement.fail("no warning", "warning: " + joined(warnings), detail);
      break;
    case Kind::no_info:
      if (!infos.empty()) judgement.fail("no info", "info: " + joined(infos), detail);
      break;
    case Kind::warn:
      if (!any_matches(warnings)) {
        judgement.fail("a warning" + like,
                       warnings.empty() ? "no warning; " + got : "warning: " + joined(warnings),
                       detail);
      }
      break;
    case Kind::info:
      if (!any_matches(infos))
        judgement.fail("an info" + like, infos.empty() ? "no info" : "info: " + joined(infos),
                       detail);
      break;
    case Kind::fail:
      if (error.empty() || (expectation.pattern && !expectation.pattern->found_in(error)))
        judgement.fail("an error" + like, got, detail);
      break;
  }
}

void judge_count(const std::optional<Comparison>& want, size_t got, const std::string& of_what,
                 const std::string& seen, const std::string& detail, Judgement& judgement) {
  if (!want || want->holds(static_cast<double>(got))) return;
  judgement.fail(want->text() + " " + of_what, std::to_string(got) + " " + of_what + "\n" + seen,
                 detail);
}

std::string in_order(const std::vector<ExpectedSample>& samples) {
  std::string out;
  for (const ExpectedSample& sample : samples)
    out += (out.empty() ? "" : ", ") + sample.labels.to_string();
  return out;
}

// The data that a check expects one by one.
void judge_data(const Check& check, const QueryAnswer& answer, const std::string& when,
                const std::string& which_one, Judgement& judgement) {
  const auto fail = [&](const std::string& want, const std::string& difference) {
    judgement.fail(want, shown(answer, when),
                   which_one.empty() ? difference : which_one + ": " + difference);
  };
  if (!check.answer_type.empty() && answer.type != check.answer_type) {
    fail("a " + check.answer_type, "the answer is a " + answer.type);
    return;
  }
  if (check.text && answer.text != *check.text) fail("\"" + *check.text + "\"", "another text");
  if (check.samples) {
    // Of a range, only scenarios may expect one sample a series.
    const bool is_vector = answer.type != "string" &&
                           (answer.type != "matrix" || check.exactness == Exactness::nearly);
    if (!is_vector) {
      fail(to_string(*check.samples), "the answer is a " + answer.type + ", not a vector");
    } else if (const auto difference = compare_samples(*check.samples, answer, check.exactness)) {
      fail(to_string(*check.samples), *difference);
    } else if (check.is_ordered) {
      for (size_t i = 0; i < check.samples->size(); ++i) {
        const model::LabelSet& labels = (*check.samples)[i].labels;
        if (i >= answer.order.size() || answer.order[i] == labels) continue;
        fail("this order: " + in_order(*check.samples),
             "at place " + std::to_string(i + 1) + " is " + answer.order[i].to_string());
        break;
      }
    }
  }
  if (check.range_series) {
    const QueryAnswer want = answer_of(*check.range_series);
    if (const auto difference = compare_answers(want, answer, check.exactness))
      fail(want.to_string(), *difference);
  }
}

void judge_answer(const Check& check, const QueryAnswer& answer, const std::string& when,
                  const std::string& which_one, Judgement& judgement) {
  const bool may_fail = check.expects(Expectation::Kind::fail);
  if (!answer.ok() && !may_fail) {
    std::string want = check.samples ? to_string(*check.samples) : "data";
    judgement.fail(want, answer.to_string(), which_one);
    return;
  }
  if (answer.ok()) {
    judge_data(check, answer, when, which_one, judgement);
    judge_count(check.count, answer.series.size(), "series", shown(answer, when, 5), which_one,
                judgement);
    for (const Comparison& want : check.values) {
      if (answer.series.empty())
        judgement.fail("values " + want.text(), shown(answer, when), which_one);
      for (const AnswerSeries& series : answer.series) {
        for (const AnswerPoint& point : series.points) {
          if (!point.histogram && want.holds(point.value)) continue;
          judgement.fail(
              "values " + want.text(),
              series.labels.to_string() + " " +
                  (point.histogram ? point.histogram->to_string() : format_value(point.value)),
              which_one);
        }
      }
    }
  }
  for (const Expectation& expectation : check.expect) {
    judge_expectation(expectation, answer.error, answer.warnings, answer.infos,
                      shown(answer, when, 5), which_one, judgement);
  }
}

void judge_read(const Check& check, const ReadAnswer& read, const std::string& which_one,
                Judgement& judgement) {
  if (!read.ok() && !check.expects(Expectation::Kind::fail)) {
    judgement.fail("data", read.to_string(), which_one);
    return;
  }
  if (read.ok()) {
    judge_count(check.count, read.series.size(), "series", read.to_string(10), which_one,
                judgement);
    judge_count(check.sample_count, read.samples(), "samples", read.to_string(10), which_one,
                judgement);
  }
  std::vector<std::string> warnings;
  if (!read.partial.empty()) warnings.push_back(read.partial);
  for (const Expectation& expectation : check.expect) {
    judge_expectation(expectation, read.error, warnings, {}, read.to_string(5), which_one,
                      judgement);
  }
  if (check.partial) {
    const std::string got = read.partial.empty() ? "nothing left out" : "left out: " + read.partial;
    if (!check.partial->expression) {
      if (!read.partial.empty()) judgement.fail("nothing left out", got, which_one);
    } else if (read.partial.empty() || !check.partial->found_in(read.partial)) {
      judgement.fail("left out: " + check.partial->text, got, which_one);
    }
  }
}

std::string to_string(const std::vector<ExpectedAlert>& alerts) {
  AlertsAnswer shown;
  for (const ExpectedAlert& one : alerts)
    shown.alerts.push_back({one.labels, one.annotations.value_or(model::LabelSet()), "active"});
  return shown.to_string(SIZE_MAX);
}

// What is wrong with the alerts; none where they are those that are expected.
std::optional<std::string> compare_alerts(const std::vector<ExpectedAlert>& want,
                                          const std::vector<HeldAlert>& got) {
  std::vector<const HeldAlert*> left;
  for (const HeldAlert& alert : got) left.push_back(&alert);
  for (const ExpectedAlert& one : want) {
    const auto found = std::find_if(left.begin(), left.end(), [&](const HeldAlert* alert) {
      return alert->labels == one.labels;
    });
    if (found == left.end()) return one.labels.to_string() + " is missing";
    if (one.annotations && *one.annotations != (*found)->annotations) {
      return one.labels.to_string() + ": annotations " + (*found)->annotations.to_string() +
             ", want " + one.annotations->to_string();
    }
    left.erase(found);
  }
  if (left.empty()) return std::nullopt;
  return left.front()->labels.to_string() + " is not expected";
}

void judge_alerts(const Check& check, const AlertsAnswer& answer, const std::string& which_one,
                  Judgement& judgement) {
  if (!answer.ok() && !check.expects(Expectation::Kind::fail)) {
    judgement.fail(check.alerts ? to_string(*check.alerts) : "alerts", answer.to_string(),
                   which_one);
    return;
  }
  if (answer.ok()) {
    if (check.alerts) {
      if (const auto difference = compare_alerts(*check.alerts, answer.alerts)) {
        judgement.fail(to_string(*check.alerts), answer.to_string(),
                       which_one.empty() ? *difference : which_one + ": " + *difference);
      }
    }
    judge_count(check.count, answer.alerts.size(), "alerts", answer.to_string(10), which_one,
                judgement);
  }
  for (const Expectation& expectation : check.expect) {
    judge_expectation(expectation, answer.error, {}, {}, answer.to_string(5), which_one, judgement);
  }
}

// The whole answer as text: two answers are the same if their texts are.
std::string whole(const ReadAnswer& read) {
  std::string out = read.error + "\n" + read.partial;
  for (const model::Series& series : read.series) {
    out += "\n" + series.labels.to_string();
    for (const model::Sample& sample : series.samples) {
      out += " " + std::to_string(sample.timestamp_ms) + "=" + std::to_string(sample.bits);
    }
    for (const model::HistogramSample& sample : series.histograms) {
      out += " " + std::to_string(sample.timestamp_ms) + "=" + sample.histogram.to_string();
    }
  }
  return out;
}

// Repeated answers agree, or differ as often as exp_distinct says.
void judge_repeats(const Check& check, const Observation& seen, Judgement& judgement) {
  std::set<std::string> texts;
  std::vector<std::string> distinct;  // Of each, as it is shown.
  for (const QueryAnswer& answer : seen.answers) {
    if (texts.insert(answer.to_string(SIZE_MAX, SIZE_MAX)).second)
      distinct.push_back(answer.to_string());
  }
  for (const ReadAnswer& read : seen.reads) {
    if (texts.insert(whole(read)).second) distinct.push_back(read.to_string());
  }
  for (const AlertsAnswer& answer : seen.alerts) {
    if (texts.insert(answer.to_string(SIZE_MAX)).second) distinct.push_back(answer.to_string());
  }
  if (check.distinct) {
    if (check.distinct->holds(static_cast<double>(distinct.size()))) return;
    judgement.fail(check.distinct->text() + " different answers to the same question",
                   std::to_string(distinct.size()) + " in " + std::to_string(check.repeat) + "\n" +
                       distinct.front());
  } else if (distinct.size() > 1) {
    judgement.fail("the same answer " + std::to_string(check.repeat) + " times\n" + distinct[0],
                   std::to_string(distinct.size()) + " different ones, e.g.\n" + distinct[1]);
  }
}

void judge_durations(const Check& check, const Observation& seen, Judgement& judgement) {
  std::vector<double> durations;
  for (const QueryAnswer& answer : seen.answers) durations.push_back(answer.duration.count());
  for (const ReadAnswer& read : seen.reads) durations.push_back(read.duration.count());
  for (const AlertsAnswer& answer : seen.alerts) durations.push_back(answer.duration.count());
  const auto limit_of = [&](const DurationBound& bound) {
    return static_cast<double>(bound.fixed.count()) + bound.baseline * seen.baseline_ms.value_or(0);
  };
  for (const double duration : durations) {
    if (check.min_duration && duration < limit_of(*check.min_duration)) {
      judgement.fail("at least " + check.min_duration->text + " (" +
                         milliseconds_text(limit_of(*check.min_duration)) + ")",
                     milliseconds_text(duration));
    }
    if (check.max_duration && duration > limit_of(*check.max_duration)) {
      judgement.fail("at most " + check.max_duration->text + " (" +
                         milliseconds_text(limit_of(*check.max_duration)) + ")",
                     milliseconds_text(duration));
    }
  }
}

std::string wanted(const Check& check) {
  if (check.samples) return to_string(*check.samples);
  if (check.alerts) return to_string(*check.alerts);
  if (check.range_series) return answer_of(*check.range_series).to_string();
  std::string out;
  const auto add = [&](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
  if (check.count)
    add(check.count->text() + (check.kind == Check::Kind::alerts ? " alerts" : " series"));
  if (check.sample_count) add(check.sample_count->text() + " samples");
  for (const Comparison& value : check.values) add("values " + value.text());
  if (check.same_as) add("as " + check.same_as->expr + " on " + check.same_as->node);
  if (check.distinct) add(check.distinct->text() + " different answers");
  for (const Expectation& expectation : check.expect) {
    switch (expectation.kind) {
      case Expectation::Kind::no_warn:
        add("no warning");
        break;
      case Expectation::Kind::no_info:
        add("no info");
        break;
      case Expectation::Kind::warn:
        add("a warning");
        break;
      case Expectation::Kind::info:
        add("an info");
        break;
      case Expectation::Kind::fail:
        add("an error");
        break;
    }
  }
  for (const auto& [mock, requests] : check.requests) add(requests.text() + " requests to " + mock);
  if (check.partial)
    add(check.partial->expression ? "left out: " + check.partial->text : "nothing left out");
  if (check.min_duration) add("at least " + check.min_duration->text);
  if (check.max_duration) add("at most " + check.max_duration->text);
  return out;
}

bool describes(const KnownIssue& issue, const CheckResult& check) {
  if (!issue.expect) return true;
  if (issue.expect->found_in(check.got) || issue.expect->found_in(check.detail)) return true;
  return std::any_of(check.warnings.begin(), check.warnings.end(),
                     [&](const std::string& warning) { return issue.expect->found_in(warning); });
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::string shown(const QueryAnswer& answer, const std::string& when, size_t limit) {
  const std::string text = answer.to_string(limit);
  const bool has_no_data = answer.ok() && answer.series.empty() && answer.type != "string";
  return has_no_data && !when.empty() ? text + " " + when : text;
}

size_t ReadAnswer::samples() const {
  size_t total = 0;
  for (const model::Series& one : series) total += one.samples.size() + one.histograms.size();
  return total;
}

std::string ReadAnswer::to_string(size_t limit) const {
  if (!ok()) return "error: " + error;
  std::string out = series.empty() ? "no series" : "";
  for (size_t i = 0; i < series.size() && i < limit; ++i) {
    if (i > 0) out += '\n';
    const model::Series& one = series[i];
    out += one.labels.to_string() + ": ";
    if (!one.samples.empty()) {
      out += std::to_string(one.samples.size()) + " samples, " +
             format_value(one.samples.front().value()) + " … " +
             format_value(one.samples.back().value());
    }
    if (!one.histograms.empty())
      out += std::string(one.samples.empty() ? "" : ", ") + std::to_string(one.histograms.size()) +
             " histograms";
    if (one.samples.empty() && one.histograms.empty()) out += "no samples";
  }
  if (series.size() > limit) out += "\n… " + std::to_string(series.size()) + " series";
  if (!partial.empty()) out += "\nleft out: " + partial;
  return out;
}

CheckResult judge(const Check& check, const std::string& phase, const Observation& seen) {
  CheckResult result;
  result.expr = check.expr;
  result.name = check.name;
  result.node = check.node;
  result.phase = phase;
  result.line = check.line;
  result.want = wanted(check);
  for (const QueryAnswer& answer : seen.answers) {
    for (const std::string& warning : answer.warnings) {
      if (std::find(result.warnings.begin(), result.warnings.end(), warning) ==
          result.warnings.end())
        result.warnings.push_back(warning);
    }
    result.duration_ms = std::max(result.duration_ms, answer.duration.count());
  }
  for (const ReadAnswer& read : seen.reads) {
    if (!read.partial.empty() && result.warnings.empty()) result.warnings.push_back(read.partial);
    result.duration_ms = std::max(result.duration_ms, read.duration.count());
  }
  if (!seen.answers.empty()) result.got = shown(seen.answers.front(), seen.when);
  if (!seen.reads.empty()) result.got = seen.reads.front().to_string();
  for (const AlertsAnswer& answer : seen.alerts)
    result.duration_ms = std::max(result.duration_ms, answer.duration.count());
  if (!seen.alerts.empty()) result.got = seen.alerts.front().to_string();

  Judgement judgement(std::move(result));
  if (seen.answers.empty() && seen.reads.empty() && seen.alerts.empty())
    judgement.fail("an answer", "nothing was asked");
  for (size_t i = 0; i < seen.answers.size(); ++i)
    judge_answer(check, seen.answers[i], seen.when, which(i, seen.answers.size()), judgement);
  for (size_t i = 0; i < seen.reads.size(); ++i)
    judge_read(check, seen.reads[i], which(i, seen.reads.size()), judgement);
  for (size_t i = 0; i < seen.alerts.size(); ++i)
    judge_alerts(check, seen.alerts[i], which(i, seen.alerts.size()), judgement);
  judge_repeats(check, seen, judgement);
  if (seen.same_as) {
    for (const QueryAnswer& answer : seen.answers) {
      if (const auto difference = compare_answers(*seen.same_as, answer, Exactness::nearly)) {
        judgement.fail(check.same_as->expr + " on " + check.same_as->node + ":\n" +
                           shown(*seen.same_as, seen.when),
                       shown(answer, seen.when), *difference);
      }
    }
  }
  for (const auto& [mock, want] : check.requests) {
    const auto found = seen.requests.find(mock);
    const size_t got = found == seen.requests.end() ? 0 : found->second;
    if (!want.holds(static_cast<double>(got)))
      judgement.fail(want.text() + " requests to " + mock, std::to_string(got) + " requests");
  }
  judge_durations(check, seen, judgement);
  return std::move(judgement.result());
}

void conclude(const std::vector<KnownIssue>& issues, TestResult& result) {
  if (result.verdict == Verdict::fail || result.verdict == Verdict::skipped)
    return;  // Its checks did not run.
  std::vector<CheckResult*> failed;
  for (CheckResult& check : result.checks) {
    if (check.verdict == Verdict::fail) failed.push_back(&check);
  }
  if (failed.empty()) {
    for (const CheckResult& check : result.checks) {
      if (check.verdict != Verdict::inconclusive) continue;
      result.verdict = Verdict::inconclusive;
      result.reason = check.name + ": " + first_line(check.got);
      return;
    }
    result.verdict = Verdict::pass;
    std::string gone;
    for (const KnownIssue& issue : issues) {
      gone += (gone.empty() ? "known issue no longer seen: " : "; ") + issue.reason;
    }
    if (!gone.empty()) result.note = gone + (result.note.empty() ? "" : "; " + result.note);
    return;
  }
  std::vector<const KnownIssue*> seen;
  for (CheckResult* check : failed) {
    const auto issue = std::find_if(issues.begin(), issues.end(),
                                    [&](const KnownIssue& one) { return describes(one, *check); });
    if (issue == issues.end()) {
      result.verdict = Verdict::fail;
      result.reason = check->name + " (" + check->phase + "): want " + first_line(check->want) +
                      ", got " + first_line(check->got);
      if (!issues.empty()) result.reason += "; not as its known issue describes it";
      return;
    }
    if (std::find(seen.begin(), seen.end(), &*issue) == seen.end()) seen.push_back(&*issue);
  }
  for (CheckResult* check : failed) check->verdict = Verdict::known_issue;
  result.verdict = Verdict::known_issue;
  for (const KnownIssue* issue : seen)
    result.reason += (result.reason.empty() ? "" : "; ") + issue->reason;
}

}  // namespace mread::scenarios
