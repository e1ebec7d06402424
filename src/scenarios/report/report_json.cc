#include <cmath>

#include <boost/json.hpp>

#include "base/printable.h"
#include "scenarios/model/json_text.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

namespace json = boost::json;

json::string text(const std::string& value) { return json::string(valid_utf8(value)); }

double rounded(double value, double unit) { return std::round(value / unit) * unit; }

json::object check_object(const CheckResult& check) {
  json::object object;
  object["expr"] = text(check.expr);
  if (check.name != check.expr) object["name"] = text(check.name);
  object["node"] = text(check.node);
  object["phase"] = text(check.phase);
  object["line"] = check.line;
  object["verdict"] = to_string(check.verdict);
  object["want"] = text(check.want);
  object["got"] = text(check.got);
  if (!check.detail.empty()) object["detail"] = text(check.detail);
  json::array warnings;
  for (const std::string& warning : check.warnings) warnings.emplace_back(text(warning));
  object["warnings"] = std::move(warnings);
  object["duration_ms"] = rounded(check.duration_ms, 0.1);
  return object;
}

json::object times_object(const LoadTimes& times) {
  json::object object{{"requests", times.requests}, {"failed", times.failed}};
  if (times.requests == 0) return object;
  json::object duration;
  duration["p50"] = rounded(times.p50_ms, 0.1);
  duration["p90"] = rounded(times.p90_ms, 0.1);
  duration["p95"] = rounded(times.p95_ms, 0.1);
  duration["p99"] = rounded(times.p99_ms, 0.1);
  duration["max"] = rounded(times.max_ms, 0.1);
  object["duration_ms"] = std::move(duration);
  return object;
}

json::object load_object(const LoadResult& load) {
  json::object object;
  object["executor"] = text(load.executor);
  object["node"] = text(load.node);
  json::array queries;
  for (const std::string& query : load.queries) queries.emplace_back(text(query));
  object["queries"] = std::move(queries);
  object["judged"] = load.is_judged;
  object["late"] = load.late;
  object["all"] = times_object(load.all);
  if (load.fault) object["fault"] = times_object(*load.fault);
  if (load.baseline) object["baseline"] = times_object(*load.baseline);
  // A row a request: [at_s, duration_ms, late_ms, failed].
  json::array requests;
  for (const LoadRequest& request : load.requests) {
    requests.emplace_back(json::array{rounded(request.at_s, 0.001),
                                      rounded(request.duration_ms, 0.1),
                                      rounded(request.late_ms, 0.1), request.failed});
  }
  object["requests"] = std::move(requests);
  return object;
}

json::array texts(const std::vector<std::string>& values) {
  json::array out;
  for (const std::string& value : values) out.emplace_back(text(value));
  return out;
}

json::object course_object(const Course& course) {
  json::object object;
  object["length_s"] = rounded(course.length_s, 0.001);
  json::array events;
  for (const CourseEvent& event : course.events) {
    json::object one{{"at_s", rounded(event.at_s, 0.001)},
                     {"node", text(event.node)},
                     {"what", text(event.what)},
                     {"fault", event.is_fault}};
    if (event.until_s) one["until_s"] = rounded(*event.until_s, 0.001);
    events.emplace_back(std::move(one));
  }
  object["events"] = std::move(events);
  json::array questions;
  for (const AskedQuestion& question : course.questions) {
    json::object one{{"at_s", rounded(question.at_s, 0.001)},
                     {"duration_ms", rounded(question.duration_ms, 0.1)},
                     {"node", text(question.node)},
                     {"expr", text(question.expr)},
                     {"phase", text(question.phase)},
                     {"outcome", to_string(question.outcome)}};
    if (!question.text.empty()) one["text"] = text(question.text);
    questions.emplace_back(std::move(one));
  }
  object["questions"] = std::move(questions);
  if (course.more_questions > 0) object["more_questions"] = course.more_questions;
  return object;
}

json::object node_object(const NodeResult& node) {
  json::object object{{"name", text(node.name)},
                      {"kind", text(node.kind)},
                      {"version", text(node.version)},
                      {"log", text(node.log)}};
  if (!node.reads.empty()) object["reads"] = texts(node.reads);
  if (!node.names.empty()) object["names"] = texts(node.names);
  json::array requests;
  for (const BackendRequest& request : node.requests) {
    json::object one{{"at_s", rounded(request.at_s, 0.001)},
                     {"query", text(request.query)},
                     {"outcome", text(request.outcome)},
                     {"status", request.status},
                     {"series", request.series},
                     {"bytes", request.bytes}};
    if (request.duration_ms) one["duration_ms"] = rounded(*request.duration_ms, 0.1);
    if (!request.note.empty()) one["note"] = text(request.note);
    requests.emplace_back(std::move(one));
  }
  if (!requests.empty()) object["requests"] = std::move(requests);
  if (node.more_requests > 0) object["more_requests"] = node.more_requests;
  // A row a sample: [at_s, cpu_percent, memory_mib].
  json::array usage;
  for (const UsageSample& sample : node.usage) {
    usage.emplace_back(json::array{rounded(sample.at_s, 0.001), rounded(sample.cpu_percent, 0.1),
                                   rounded(sample.memory_mib, 0.1)});
  }
  if (!usage.empty()) object["usage"] = std::move(usage);
  return object;
}

json::object test_object(const TestResult& test) {
  json::object object;
  object["scenario"] = text(test.scenario);
  object["id"] = text(test.id);
  if (test.title != test.scenario) object["title"] = text(test.title);
  object["file"] = text(test.file);
  if (!test.topology.empty()) object["topology"] = text(test.topology);
  json::object matrix_case;
  for (const auto& [axis, value] : test.matrix_case) matrix_case[axis] = text(value);
  object["case"] = std::move(matrix_case);
  if (!test.tags.empty()) object["tags"] = texts(test.tags);
  object["engine"] = text(test.engine);
  object["seed"] = test.seed;
  object["verdict"] = to_string(test.verdict);
  object["reason"] = text(test.reason);
  if (!test.incident.empty()) object["incident"] = text(test.incident);
  if (test.is_interrupted) object["interrupted"] = true;
  if (!test.note.empty()) object["note"] = text(test.note);
  object["duration_s"] = rounded(test.duration_s, 0.001);
  json::array checks;
  for (const CheckResult& check : test.checks) checks.emplace_back(check_object(check));
  object["checks"] = std::move(checks);
  if (test.load) object["load"] = load_object(*test.load);
  json::array nodes;
  for (const NodeResult& node : test.nodes) nodes.emplace_back(node_object(node));
  object["nodes"] = std::move(nodes);
  object["course"] = course_object(test.course);
  return object;
}

json::object report_object(const Report& report) {
  json::object root;
  root["mread"] = text(report.mread_version);
  root["seed"] = report.seed;
  root["started"] = format_time(report.started);
  root["duration_s"] = rounded(report.duration_s, 0.001);
  if (report.is_interrupted) root["interrupted"] = true;
  json::object totals;
  for (const Verdict verdict : {Verdict::pass, Verdict::fail, Verdict::known_issue,
                                Verdict::inconclusive, Verdict::skipped}) {
    totals[to_string(verdict)] = report.total(verdict);
  }
  root["totals"] = std::move(totals);
  json::array tests;
  for (const TestResult& test : report.tests) tests.emplace_back(test_object(test));
  root["tests"] = std::move(tests);
  return root;
}

}  // namespace

std::string to_json(const Report& report) {
  return printable_json(indented_json(report_object(report)) + "\n");
}

}  // namespace mread::scenarios
