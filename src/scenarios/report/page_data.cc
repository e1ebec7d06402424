#include "scenarios/report/page_data.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <boost/json.hpp>

#include "base/printable.h"
#include "base/shown_text.h"
#include "scenarios/model/json_text.h"
#include "scenarios/report/topology_layout.h"

namespace mread::scenarios {
namespace {

namespace json = boost::json;

// The page shows no more of an answer that held; report.json has all of it.
constexpr size_t most_of_passed = 300;
constexpr size_t most_requests = 150;  // Of a mock.
constexpr size_t most_looks = 32;      // At the nodes' usage.

// Shortest digits: 12.3 and not 12.300000000000001.
json::value number(double value, double unit) {
  const double rounded = std::round(value / unit);
  if (!std::isfinite(rounded)) return nullptr;
  const double scale = std::round(1 / unit);
  if (std::fmod(rounded, scale) == 0) return static_cast<int64_t>(rounded / scale);
  return rounded / scale;
}

class PageData {
 public:
  json::object make(const Report& report) {
    json::array tests;
    for (const TestResult& test : report.tests) tests.emplace_back(test_object(test));
    json::array verdicts;
    for (const Verdict verdict : all_verdicts) verdicts.emplace_back(to_string(verdict));
    json::array outcomes;
    for (const Outcome outcome : all_outcomes) outcomes.emplace_back(to_string(outcome));
    return {{"format", 1},
            {"texts", std::move(texts_)},
            {"verdicts", std::move(verdicts)},
            {"outcomes", std::move(outcomes)},
            {"tests", std::move(tests)}};
  }

 private:
  size_t index(const std::string& text) {
    const auto [at, is_new] = known_.try_emplace(text, texts_.size());
    if (is_new) texts_.emplace_back(json::string(valid_utf8(text)));
    return at->second;
  }

  json::array indices(const std::vector<std::string>& values) {
    json::array out;
    for (const std::string& value : values) out.emplace_back(index(value));
    return out;
  }

  json::array nodes_of(const TestResult& test) {
    json::array out;
    const std::vector<NodePosition> positions = lay_out(test.nodes);
    for (size_t i = 0; i < test.nodes.size(); ++i) {
      const NodeResult& node = test.nodes[i];
      out.emplace_back(json::array{index(node.name), index(node.kind), index(node.version),
                                   index(node.log), indices(node.reads), indices(node.names),
                                   positions[i].column, positions[i].row});
    }
    return out;
  }

  json::array events_of(const Course& course) {
    json::array out;
    for (const CourseEvent& event : course.events) {
      out.emplace_back(
          json::array{number(event.at_s, 0.001),
                      event.until_s ? number(*event.until_s, 0.001) : json::value(nullptr),
                      index(event.node), index(event.what), event.is_fault});
    }
    return out;
  }

  json::array questions_of(const Course& course) {
    json::array out;
    for (const AskedQuestion& question : course.questions) {
      out.emplace_back(json::array{number(question.at_s, 0.001), number(question.duration_ms, 0.1),
                                   index(question.node), index(question.expr),
                                   index(question.phase), static_cast<int>(question.outcome),
                                   index(cut_end(question.text, most_of_passed))});
    }
    return out;
  }

  json::array checks_of(const TestResult& test) {
    json::array out;
    for (const CheckResult& check : test.checks) {
      const bool passed = check.verdict == Verdict::pass;
      const auto shown = [&](const std::string& text) {
        return index(passed ? cut_end(text, most_of_passed) : text);
      };
      out.emplace_back(json::array{index(check.name), static_cast<int>(check.verdict),
                                   index(check.node), index(check.phase),
                                   number(check.duration_ms, 0.1), check.line, shown(check.want),
                                   shown(check.got), index(check.detail), indices(check.warnings)});
    }
    return out;
  }

  void add_requests(const TestResult& test, json::object& object) {
    std::vector<std::pair<const NodeResult*, const BackendRequest*>> shown;
    size_t more = 0;
    for (const NodeResult& node : test.nodes) {
      const size_t count = std::min(node.requests.size(), most_requests);
      for (size_t i = 0; i < count; ++i) shown.emplace_back(&node, &node.requests[i]);
      more += node.requests.size() - count + node.more_requests;
    }
    std::stable_sort(shown.begin(), shown.end(),
                     [](const auto& a, const auto& b) { return a.second->at_s < b.second->at_s; });
    json::array rows;
    for (const auto& [node, request] : shown) {
      rows.emplace_back(json::array{
          index(node->name), number(request->at_s, 0.001),
          request->duration_ms ? number(*request->duration_ms, 0.1) : json::value(nullptr),
          index(cut_end(request->query, most_of_passed)), index(request->outcome), request->status,
          request->series, index(cut_end(request->note, most_of_passed))});
    }
    if (!rows.empty()) object["requests"] = std::move(rows);
    if (more > 0) object["more_requests"] = more;
  }

  // Nodes are sampled together, so their samples have the same times.
  json::object usage_of(const TestResult& test) {
    std::map<double, size_t> columns;
    for (const NodeResult& node : test.nodes) {
      for (const UsageSample& sample : node.usage) columns[sample.at_s] = 0;
    }
    // Of many, every second, third, … from the last one back.
    const size_t step = (columns.size() + most_looks - 1) / most_looks;
    size_t left = columns.size();
    std::erase_if(columns, [&](const auto&) { return --left % step != 0; });
    json::array times;
    for (auto& [at_s, column] : columns) {
      column = times.size();
      times.push_back(number(at_s, 0.01));
    }
    json::array nodes;
    for (const NodeResult& node : test.nodes) {
      if (node.usage.empty()) continue;
      json::array cpu(times.size(), nullptr);
      json::array memory(times.size(), nullptr);
      for (const UsageSample& sample : node.usage) {
        const auto found = columns.find(sample.at_s);
        if (found == columns.end()) continue;
        cpu[found->second] = number(sample.cpu_percent, 1);
        memory[found->second] = number(sample.memory_mib, 1);
      }
      nodes.emplace_back(json::array{index(node.name), std::move(cpu), std::move(memory)});
    }
    if (nodes.empty()) return {};
    return {{"at_s", std::move(times)}, {"nodes", std::move(nodes)}};
  }

  json::object test_object(const TestResult& test) {
    json::object object;
    object["id"] = index(test.id);
    object["title"] = index(test.title);
    object["verdict"] = static_cast<int>(test.verdict);
    object["length_s"] = number(test.course.length_s, 0.001);
    object["nodes"] = nodes_of(test);
    object["events"] = events_of(test.course);
    object["questions"] = questions_of(test.course);
    if (test.course.more_questions > 0) object["more_questions"] = test.course.more_questions;
    object["checks"] = checks_of(test);
    add_requests(test, object);
    if (json::object usage = usage_of(test); !usage.empty()) object["usage"] = std::move(usage);
    if (!test.load) return object;
    json::array load;
    for (const LoadRequest& request : test.load->requests) {
      load.emplace_back(json::array{number(request.at_s, 0.001), number(request.duration_ms, 0.1),
                                    number(request.late_ms, 0.1), request.failed ? 1 : 0});
    }
    object["load"] = std::move(load);
    return object;
  }

  json::array texts_;
  std::map<std::string, size_t> known_;
};

}  // namespace

std::string page_data(const Report& report) {
  return printable_json(compact_json(PageData().make(report)));
}

}  // namespace mread::scenarios
