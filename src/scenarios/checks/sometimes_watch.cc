#include "scenarios/checks/sometimes_watch.h"

#include <algorithm>

#include "base/duration.h"

namespace mread::scenarios {
namespace {

constexpr size_t longest_shown = 300;

std::string shown(const std::string& text) {
  return text.size() <= longest_shown ? text : text.substr(0, longest_shown) + "…";
}

bool shows(const AskedQuestion& question, const Sometimes& wanted) {
  switch (wanted.what) {
    case Sometimes::What::warn:
      return question.outcome == Outcome::told && wanted.pattern->found_in(question.text);
    case Sometimes::What::fail:
      return question.outcome == Outcome::failed && wanted.pattern->found_in(question.text);
    case Sometimes::What::duration:
      return question.duration_ms >= static_cast<double>(wanted.at_least.count());
    case Sometimes::What::log:
      break;  // Of a node, not of an answer.
  }
  return false;
}

std::string wanted_text(const Sometimes& wanted) {
  switch (wanted.what) {
    case Sometimes::What::warn:
      return "once a warning that matches " + wanted.pattern->text;
    case Sometimes::What::fail:
      return "once an error that matches " + wanted.pattern->text;
    case Sometimes::What::duration:
      return "once an answer that takes " + format_duration(wanted.at_least) + " or more";
    case Sometimes::What::log:
      return "once a line that matches " + wanted.pattern->text + " in " +
             (wanted.file.empty() ? "the log" : wanted.file) + " of " + wanted.node;
  }
  return {};
}

// The first line of a log that has it; empty if none has.
std::string line_with(const Pattern& pattern, const std::string& log) {
  for (size_t begin = 0; begin < log.size();) {
    const size_t end = std::min(log.find('\n', begin), log.size());
    std::string line = log.substr(begin, end - begin);
    if (pattern.found_in(line)) return line;
    begin = end + 1;
  }
  return {};
}

}  // namespace

SometimesWatch::SometimesWatch(const std::vector<Invariant>& invariants) {
  for (const Invariant& invariant : invariants) {
    if (invariant.subject() == Invariant::Subject::course) watched_.push_back({&invariant, {}});
  }
}

void SometimesWatch::note(const AskedQuestion& question) {
  for (Watched& one : watched_) {
    const std::vector<std::string>& during = one.invariant->during;
    if (!one.seen.empty() ||
        std::find(during.begin(), during.end(), question.phase) == during.end() ||
        !shows(question, *one.invariant->sometimes))
      continue;
    one.seen = question.expr + " (" + question.phase + ", " + question.node + ")";
    if (!question.text.empty()) one.seen += ": " + shown(question.text);
  }
}

std::vector<CheckResult> SometimesWatch::results(
    const std::function<std::string(const std::string&, const std::string&)>& log_of) const {
  std::vector<CheckResult> results;
  for (const Watched& one : watched_) {
    const Sometimes& wanted = *one.invariant->sometimes;
    std::string seen = one.seen;
    if (wanted.what == Sometimes::What::log)
      seen = shown(line_with(*wanted.pattern, log_of(wanted.node, wanted.file)));
    CheckResult result;
    result.expr = one.invariant->name;
    result.name = wanted.name.empty() ? one.invariant->name : wanted.name;
    result.node = wanted.node;
    result.phase = "whole test";
    result.line = wanted.line;
    result.want = wanted_text(wanted);
    if (seen.empty()) {
      result.verdict = Verdict::inconclusive;
      result.got = "it never happened, so the test has not shown what it is about";
    } else {
      result.got = seen;
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace mread::scenarios
