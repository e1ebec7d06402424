#include <cstdio>
#include <map>

#include "base/markup.h"
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
  for (const CheckResult& check : test.checks) {
    if (check.verdict != Verdict::fail && check.verdict != Verdict::known_issue) continue;
    out += check.name + " (" + check.phase + ", " + test.file + ":" + std::to_string(check.line) + ")\nwant " +
           check.want + "\ngot " + check.got + "\n";
    if (!check.detail.empty()) out += check.detail + "\n";
  }
  return out;
}

std::string test_case(const TestResult& test) {
  std::string out = "    <testcase name=\"" + escaped(test.title) + "\" classname=\"" + escaped(test.scenario) +
                    "\" time=\"" + seconds(test.duration_s) + "\"";
  switch (test.verdict) {
    case Verdict::pass:
      return out + "/>\n";
    case Verdict::fail:
      return out + ">\n      <failure message=\"" + escaped(test.reason) + "\" type=\"fail\">" +
             content(failures(test)) + "</failure>\n    </testcase>\n";
    default:
      return out + ">\n      <skipped message=\"" + escaped(std::string(to_string(test.verdict)) + ": " + test.reason) +
             "\"/>\n    </testcase>\n";
  }
}

struct Suite {
  std::string cases;
  size_t tests = 0;
  size_t failures = 0;
  size_t skipped = 0;
  double seconds = 0;
};

std::string counts(size_t tests, size_t failures, size_t skipped, double time) {
  return " tests=\"" + std::to_string(tests) + "\" failures=\"" + std::to_string(failures) +
         "\" errors=\"0\" skipped=\"" + std::to_string(skipped) + "\" time=\"" + seconds(time) + "\"";
}

}  // namespace

std::string to_junit(const Report& report) {
  std::vector<std::string> order;
  std::map<std::string, Suite> suites;
  for (const TestResult& test : report.tests) {
    auto [suite, is_new] = suites.try_emplace(test.scenario);
    if (is_new) order.push_back(test.scenario);
    suite->second.cases += test_case(test);
    ++suite->second.tests;
    suite->second.failures += test.verdict == Verdict::fail ? 1 : 0;
    suite->second.skipped += test.verdict != Verdict::fail && test.verdict != Verdict::pass ? 1 : 0;
    suite->second.seconds += test.duration_s;
  }
  const size_t failed = report.total(Verdict::fail);
  const size_t skipped = report.tests.size() - failed - report.total(Verdict::pass);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mread\"" +
                    counts(report.tests.size(), failed, skipped, report.duration_s) + ">\n";
  std::string started = format_time(report.started);
  started.pop_back();  // The schema's timestamp carries no zone.
  for (const std::string& name : order) {
    const Suite& suite = suites.at(name);
    out += "  <testsuite name=\"" + escaped(name) + "\"" +
           counts(suite.tests, suite.failures, suite.skipped, suite.seconds) + " timestamp=\"" + started + "\">\n" +
           suite.cases + "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace mread::scenarios
