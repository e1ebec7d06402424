#include <cmath>

#include <boost/json.hpp>

#include "base/printable.h"
#include "scenarios/report/writers.h"

namespace mread::scenarios {
namespace {

namespace json = boost::json;

json::string text(const std::string& value) { return json::string(valid_utf8(value)); }

double rounded(double value, double unit) { return std::round(value / unit) * unit; }

// Two spaces an entry, one line for what is short: a report is read by people too.
void write(std::string& out, const json::value& value, size_t indent);

template <class Items, class WriteItem>
void write_all(std::string& out, char open, char close, const Items& items, size_t indent,
               const WriteItem& write_item) {
  out += open;
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    out += '\n';
    out.append(indent + 2, ' ');
    write_item(item);
  }
  if (!first) {
    out += '\n';
    out.append(indent, ' ');
  }
  out += close;
}

// to_chars gives the shortest digits; Boost.JSON would write 6.1E0.
std::string number(double value) {
  std::string digits = json::serialize(json::value(value));
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.10g", value);
  return std::isfinite(value) ? buffer : digits;
}

void write(std::string& out, const json::value& value, size_t indent) {
  if (value.is_object()) {
    write_all(out, '{', '}', value.get_object(), indent, [&](const json::key_value_pair& item) {
      out += json::serialize(json::value(item.key()));
      out += ": ";
      write(out, item.value(), indent + 2);
    });
  } else if (value.is_array()) {
    write_all(out, '[', ']', value.get_array(), indent,
              [&](const json::value& item) { write(out, item, indent + 2); });
  } else if (value.is_double()) {
    out += number(value.get_double());
  } else {
    out += json::serialize(value);
  }
}

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
  return object;
}

json::object test_object(const TestResult& test) {
  json::object object;
  object["scenario"] = text(test.scenario);
  object["id"] = text(test.id);
  object["file"] = text(test.file);
  json::object matrix_case;
  for (const auto& [axis, value] : test.matrix_case) matrix_case[axis] = text(value);
  object["case"] = std::move(matrix_case);
  object["engine"] = text(test.engine);
  object["verdict"] = to_string(test.verdict);
  object["reason"] = text(test.reason);
  if (test.is_interrupted) object["interrupted"] = true;
  if (!test.note.empty()) object["note"] = text(test.note);
  object["duration_s"] = rounded(test.duration_s, 0.001);
  json::array checks;
  for (const CheckResult& check : test.checks) checks.emplace_back(check_object(check));
  object["checks"] = std::move(checks);
  if (test.load) object["load"] = load_object(*test.load);
  json::array nodes;
  for (const NodeResult& node : test.nodes) {
    nodes.emplace_back(json::object{{"name", text(node.name)},
                                    {"kind", text(node.kind)},
                                    {"version", text(node.version)},
                                    {"log", text(node.log)}});
  }
  object["nodes"] = std::move(nodes);
  return object;
}

}  // namespace

std::string to_json(const Report& report) {
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
  std::string out;
  write(out, root, 0);
  out += '\n';
  return printable_json(out);
}

}  // namespace mread::scenarios
