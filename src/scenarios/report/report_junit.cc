#include <cstdio>
#include <map>

#include "base/markup.h"
#include "scenarios/report/folded.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

std::string escaped(const std::string& text) { return xml_text(text, XmlPlace::attribute); }
std::string content(const std::string& text) { return xml_text(text, XmlPlace::content); }

std::string seconds(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3f", value);
  return buffer;
}

std::string failures(const TestResult& test) {
  std::string out;
  for (const Verdict verdict : {Verdict::fail, Verdict::known_issue}) {
    for (const CheckResult& check : folded(test, verdict)) {
      out += check.name + " (" + check.phase + ", " + test.file + ":" + std::to_string(check.line) +
             ")\nwant " + check.want + "\ngot " + check.got + "\n";
      if (!check.detail.empty()) out += check.detail + "\n";
    }
  }
  return out;
}

std::string test_case(const TestResult& test) {
  std::string out = "    <testcase name=\"" + escaped(test.title) + "\" classname=\"" +
                    escaped(test.scenario) + "\" time=\"" + seconds(test.duration_s) + "\"";
  if (test.is_interrupted) {
    return out + ">\n      <error message=\"" + escaped(test.reason) +
           "\" type=\"interrupted\"/>\n    </testcase>\n";
  }
  switch (test.verdict) {
    case Verdict::pass:
      return out + "/>\n";
    case Verdict::fail:
      return out + ">\n      <failure message=\"" + escaped(test.reason) + "\" type=\"fail\">" +
             content(test.incident.empty() ? failures(test)
                                           : test.incident + "\n" + failures(test)) +
             "</failure>\n    </testcase>\n";
    default:
      return out + ">\n      <skipped message=\"" +
             escaped(std::string(to_string(test.verdict)) + ": " + test.reason) +
             "\"/>\n    </testcase>\n";
  }
}

struct Suite {
  std::string cases;
  size_t tests = 0;
  size_t failures = 0;
  size_t errors = 0;
  size_t skipped = 0;
  double seconds = 0;

  void count(const TestResult& test) {
    cases += test_case(test);
    ++tests;
    seconds += test.duration_s;
    if (test.is_interrupted) {
      ++errors;
    } else if (test.verdict == Verdict::fail) {
      ++failures;
    } else if (test.verdict != Verdict::pass) {
      ++skipped;
    }
  }
};

std::string counts(const Suite& suite, double time) {
  return " tests=\"" + std::to_string(suite.tests) + "\" failures=\"" +
         std::to_string(suite.failures) + "\" errors=\"" + std::to_string(suite.errors) +
         "\" skipped=\"" + std::to_string(suite.skipped) + "\" time=\"" + seconds(time) + "\"";
}

}  // namespace

std::string to_junit(const Report& report) {
  std::vector<std::string> order;
  std::map<std::string, Suite> suites;
  Suite all;
  for (const TestResult& test : report.tests) {
    auto [suite, is_new] = suites.try_emplace(test.scenario);
    if (is_new) order.push_back(test.scenario);
    suite->second.count(test);
    all.count(test);
  }
  if (report.is_interrupted && report.tests.empty()) {
    // Before any test is known: a reader that looks for errors finds one.
    TestResult none;
    none.title = none.scenario = "mread run";
    none.reason = "the run was interrupted before its first test ended";
    none.is_interrupted = true;
    order.push_back(none.scenario);
    suites[none.scenario].count(none);
    all.count(none);
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mread\"" +
                    counts(all, report.duration_s) + ">\n";
  std::string started = format_time(report.started);
  started.pop_back();  // The schema's timestamp carries no zone.
  for (const std::string& name : order) {
    const Suite& suite = suites.at(name);
    out += "  <testsuite name=\"" + escaped(name) + "\"" + counts(suite, suite.seconds) +
           " timestamp=\"" + started + "\">\n" + suite.cases + "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace mread::scenarios
