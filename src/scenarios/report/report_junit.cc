#include <algorithm>
#include <cstdio>
#include <map>

#include "base/markup.h"
#include "scenarios/report/rerun.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

std::string escaped(const std::string& text) { return xml_text(text, XmlPlace::attribute); }
std::string content(const std::string& text) { return xml_text(text, XmlPlace::content); }

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string seconds(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3f", value);
  return buffer;
}

struct Suite {
  std::string name;
  std::string cases;
  size_t tests = 0;
  size_t failures = 0;
  size_t errors = 0;
  size_t skipped = 0;
  double seconds = 0;

  void add(const Suite& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
  }
};

// What a case says in place of having passed.
struct Finding {
  std::string element;  // "failure", "skipped", "error"; empty: it passed
  std::string message;
  std::string text;
};

void add_case(Suite& suite, const std::string& file, int line, const std::string& name,
              double time_s, const Finding& finding) {
  std::string& out = suite.cases;
  out += "    <testcase name=\"" + escaped(name) + "\" classname=\"" + escaped(suite.name) +
         "\" file=\"" + escaped(file) + "\"";
  if (line > 0) out += " line=\"" + std::to_string(line) + "\"";
  out += " time=\"" + seconds(time_s) + "\"";
  ++suite.tests;
  if (finding.element.empty()) {
    out += "/>\n";
    return;
  }
  suite.failures += finding.element == "failure" ? 1 : 0;
  suite.errors += finding.element == "error" ? 1 : 0;
  suite.skipped += finding.element == "skipped" ? 1 : 0;
  out += ">\n      <" + finding.element + " message=\"" + escaped(finding.message) + "\"";
  if (finding.element == "failure") out += " type=\"fail\"";
  if (finding.element == "error") out += " type=\"interrupted\"";
  out += finding.text.empty() ? "/>" : ">" + content(finding.text) + "</" + finding.element + ">";
  out += "\n    </testcase>\n";
}

Finding finding_of(const TestResult& test, const CheckResult& check) {
  if (check.verdict == Verdict::pass) return {};
  std::string text = "want " + check.want + "\ngot " + check.got + "\n";
  if (!check.detail.empty()) text += check.detail + "\n";
  for (const std::string& warning : check.warnings) text += "warning: " + warning + "\n";
  if (check.verdict == Verdict::fail)
    return {"failure", "want " + first_line(check.want) + ", got " + first_line(check.got), text};
  return {"skipped", std::string(to_string(check.verdict)) + ": " + test.reason, text};
}

// The test's own verdict, if none of its checks has it.
Finding finding_of(const TestResult& test) {
  if (test.is_interrupted) return {"error", test.reason, {}};
  if (test.verdict == Verdict::pass) return {};
  if (test.verdict == Verdict::fail) return {"failure", test.reason, test.incident};
  return {"skipped", std::string(to_string(test.verdict)) + ": " + test.reason, {}};
}

// Says of a test as a whole what its checks do not: it was skipped or interrupted, a node ended by
// itself, there are no checks.
bool needs_own_case(const TestResult& test) {
  if (test.is_interrupted || !test.incident.empty() || test.checks.empty()) return true;
  if (test.verdict == Verdict::pass) return false;
  return std::none_of(test.checks.begin(), test.checks.end(),
                      [&](const CheckResult& check) { return check.verdict == test.verdict; });
}

// CI servers know suites and cases by their names, so equal ones are numbered.
std::string distinct(const std::string& name, std::map<std::string, size_t>& uses) {
  const size_t number = ++uses[name];
  return number == 1 ? name : name + " #" + std::to_string(number);
}

// A case a check and phase.
Suite suite_of(const TestResult& test, std::string suite_name) {
  Suite suite;
  suite.name = std::move(suite_name);
  suite.seconds = test.duration_s;
  if (needs_own_case(test)) add_case(suite, test.file, 0, "the whole test", 0, finding_of(test));
  std::map<std::string, size_t> names;
  for (const CheckResult& check : test.checks) {
    std::string name = check.name;
    if (!check.phase.empty() || !check.node.empty()) {
      name += " (" + check.phase + (check.phase.empty() || check.node.empty() ? "" : ", ") +
              (check.node.empty() ? "" : "on " + check.node) + ")";
    }
    name = distinct(name, names);
    add_case(suite, test.file, check.line, name, check.duration_ms / 1000, finding_of(test, check));
  }
  return suite;
}

std::string properties(const TestResult& test) {
  const auto property = [](const std::string& name, const std::string& value) {
    return "      <property name=\"" + escaped(name) + "\" value=\"" + escaped(value) + "\"/>\n";
  };
  std::string out = "    <properties>\n" + property("id", test.id) +
                    property("scenario", test.scenario) + property("engine", test.engine) +
                    property("seed", std::to_string(test.seed));
  for (const auto& [axis, value] : test.matrix_case) out += property("case." + axis, value);
  for (const std::string& tag : test.tags) out += property("tag", tag);
  if (!test.note.empty()) out += property("note", test.note);
  return out + property("rerun", rerun_line(test)) + "    </properties>\n";
}

std::string counts(const Suite& suite, double time) {
  return " tests=\"" + std::to_string(suite.tests) + "\" failures=\"" +
         std::to_string(suite.failures) + "\" errors=\"" + std::to_string(suite.errors) +
         "\" skipped=\"" + std::to_string(suite.skipped) + "\" time=\"" + seconds(time) + "\"";
}

}  // namespace

std::string to_junit(const Report& report) {
  std::string started = format_time(report.started);
  started.pop_back();  // The schema's timestamp carries no zone.
  std::string suites;
  Suite all;
  std::map<std::string, size_t> names;
  const auto add = [&](const TestResult& test) {
    const Suite suite = suite_of(test, distinct(test.title, names));
    all.add(suite);
    suites += "  <testsuite name=\"" + escaped(suite.name) + "\"" + counts(suite, suite.seconds) +
              " timestamp=\"" + started + "\">\n" + properties(test) + suite.cases +
              "  </testsuite>\n";
  };
  for (const TestResult& test : report.tests) add(test);
  if (report.is_interrupted && report.tests.empty()) {
    // Before any test is known: a reader that looks for errors finds one.
    TestResult none;
    none.title = none.scenario = "mread run";
    none.reason = "the run was interrupted before its first test ended";
    none.is_interrupted = true;
    add(none);
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"mread\"" +
         counts(all, report.duration_s) + ">\n" + suites + "</testsuites>\n";
}

}  // namespace mread::scenarios
