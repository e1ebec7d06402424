#include "scenarios/running/course_recorder.h"

#include <algorithm>

#include <boost/json.hpp>

#include "model/matcher.h"

namespace mread::scenarios {
namespace {

class RecordingAsker final : public Asker {
 public:
  RecordingAsker(CourseRecorder& recorder, Asker& asker) : recorder_(recorder), asker_(asker) {}

  QueryAnswer instant(const std::string& node, const std::string& expr, int64_t time_ms,
                      milliseconds timeout, std::stop_token stop) override {
    const auto begin = recorder_.now();
    QueryAnswer answer = asker_.instant(node, expr, time_ms, timeout, stop);
    recorder_.add_question(begin, node, expr, answer.error, answer.warnings);
    return answer;
  }
  QueryAnswer range(const std::string& node, const std::string& expr, int64_t start_ms,
                    int64_t end_ms, milliseconds step, milliseconds timeout,
                    std::stop_token stop) override {
    const auto begin = recorder_.now();
    QueryAnswer answer = asker_.range(node, expr, start_ms, end_ms, step, timeout, stop);
    recorder_.add_question(begin, node, expr, answer.error, answer.warnings);
    return answer;
  }
  ReadAnswer read(const std::string& node, const std::vector<model::Matcher>& matchers,
                  int64_t start_ms, int64_t end_ms, bool stream, milliseconds timeout,
                  std::stop_token stop) override {
    const auto begin = recorder_.now();
    ReadAnswer answer = asker_.read(node, matchers, start_ms, end_ms, stream, timeout, stop);
    std::vector<std::string> told;
    if (!answer.partial.empty()) told.push_back(answer.partial);
    recorder_.add_question(begin, node, model::to_string(matchers), answer.error, told);
    return answer;
  }
  AlertsAnswer alerts(const std::string& node, const std::vector<model::Matcher>& matchers,
                      milliseconds timeout, std::stop_token stop) override {
    const auto begin = recorder_.now();
    AlertsAnswer answer = asker_.alerts(node, matchers, timeout, std::move(stop));
    recorder_.add_question(begin, node, model::to_string(matchers), answer.error, {});
    return answer;
  }
  Result<size_t> requests(const std::string& node, std::stop_token stop) override {
    return asker_.requests(node, std::move(stop));
  }
  Result<void> set_faults(const std::string& mock, const std::string& faults,
                          std::stop_token stop) override {
    return asker_.set_faults(mock, faults, std::move(stop));
  }
  Result<void> write(const std::string& node, const std::vector<model::Series>& series,
                     std::stop_token stop) override {
    return asker_.write(node, series, std::move(stop));
  }

 private:
  CourseRecorder& recorder_;
  Asker& asker_;
};

// A selector as questions of a read show it; other expressions as they are.
std::string canonical(const std::string& expr) {
  const auto matchers = model::parse_selector(expr);
  return matchers ? model::to_string(*matchers) : expr;
}

// What a failed result says of the answers that it judged.
Outcome outcome_of(const CheckResult& failed) {
  return failed.name.starts_with("no_silent_partial: ") ? Outcome::silently_partial
                                                        : Outcome::wrong;
}

}  // namespace

std::unique_ptr<Asker> CourseRecorder::listen_to(Asker& asker) {
  return std::make_unique<RecordingAsker>(*this, asker);
}

void CourseRecorder::enter_phase(std::string phase) {
  phase_ = std::move(phase);
  phase_begin_ = course_.questions.size();
}

void CourseRecorder::judge_phase(const std::vector<CheckResult>& results) {
  for (const CheckResult& result : results) {
    if (result.verdict != Verdict::fail) continue;
    const Outcome outcome = outcome_of(result);
    const std::string selector = canonical(result.expr);
    // Of a check that was tried several times, the last answer is the one that was judged.
    for (size_t i = course_.questions.size(); i > phase_begin_; --i) {
      AskedQuestion& question = course_.questions[i - 1];
      if (question.node != result.node) continue;
      if (question.expr != result.expr && question.expr != selector) continue;
      // An oracle knows more than a check: silent stays.
      if (question.outcome == Outcome::complete || outcome == Outcome::silently_partial)
        question.outcome = outcome;
      break;
    }
  }
}

void CourseRecorder::note_event(const std::string& node, const std::string& what) {
  course_.events.push_back({seconds_since_begin(clock_.now()), std::nullopt, node, what, false});
}

void CourseRecorder::begin_fault(const TimelineEntry& entry) {
  const std::string what = entry.act ? to_string(*entry.act) : name_faults(entry.fault);
  open_faults_.emplace_back(&entry, course_.events.size());
  course_.events.push_back(
      {seconds_since_begin(clock_.now()), std::nullopt, entry.node, what, true});
}

void CourseRecorder::end_fault(const TimelineEntry& entry) {
  const auto found = std::find_if(open_faults_.begin(), open_faults_.end(),
                                  [&](const auto& open) { return open.first == &entry; });
  if (found == open_faults_.end()) return;
  course_.events[found->second].until_s = seconds_since_begin(clock_.now());
  open_faults_.erase(found);
}

std::vector<LoadRequest> CourseRecorder::requests_of(const std::vector<LoadSample>& samples) const {
  std::vector<LoadRequest> requests;
  requests.reserve(samples.size());
  for (const LoadSample& sample : samples) {
    requests.push_back({seconds_since_begin(sample.intended), sample.latency.count() * 1e3,
                        sample.late.count() * 1e3, sample.failed});
  }
  return requests;
}

void CourseRecorder::add_question(TimePoint begin, const std::string& node, const std::string& expr,
                                  const std::string& error,
                                  const std::vector<std::string>& warnings) {
  AskedQuestion question;
  question.at_s = seconds_since_begin(begin);
  question.duration_ms = std::chrono::duration<double, std::milli>(clock_.now() - begin).count();
  question.node = node;
  question.expr = expr;
  question.phase = phase_;
  if (!error.empty()) {
    question.outcome = Outcome::failed;
    question.text = error;
  } else if (!warnings.empty()) {
    question.outcome = Outcome::told;
    for (const std::string& warning : warnings)
      question.text += (question.text.empty() ? "" : "; ") + warning;
  }
  if (on_question) on_question(question);
  if (course_.questions.size() >= most_questions) {
    ++course_.more_questions;
    return;
  }
  course_.questions.push_back(std::move(question));
}

Course CourseRecorder::take() {
  course_.length_s = seconds_since_begin(clock_.now());
  for (const auto& [entry, index] : open_faults_) course_.events[index].until_s = course_.length_s;
  open_faults_.clear();
  return std::move(course_);
}

double CourseRecorder::seconds_since_begin(TimePoint time) const {
  return std::chrono::duration<double>(time - begin_).count();
}

std::string name_faults(const std::string& faults) {
  boost::system::error_code error;
  const boost::json::value list = boost::json::parse("[" + faults + "]", error);
  if (error || !list.is_array()) return "fault";
  std::string names;
  for (const boost::json::value& fault : list.get_array()) {
    if (!fault.is_object()) continue;
    for (const auto& member : fault.get_object()) {
      if (member.key() == "at" || member.key() == "for" || member.key() == "when") continue;
      names += names.empty() ? "" : ", ";
      names += member.key();
      const boost::json::value& value = member.value();
      if (value.is_string()) names += " " + std::string(value.get_string());
      if (value.is_int64()) names += " " + std::to_string(value.get_int64());
    }
  }
  return names.empty() ? "fault" : names;
}

}  // namespace mread::scenarios
