#include <algorithm>
#include <cctype>

#include "base/duration.h"
#include "base/nearest.h"
#include "base/shown_text.h"
#include "model/regex.h"
#include "scenarios/loading/context.h"

namespace mread::scenarios::loading {

const NodeDeclaration& known_node(const yaml::Node& value, const Test& test) {
  const std::string name = value.string();
  if (const NodeDeclaration* found = test.find(name)) return *found;
  std::vector<std::string> names;
  for (const NodeDeclaration& node : test.nodes) names.push_back(node.name);
  value.error("unknown node \"" + name + "\"" + suggestion(name, names, "known here: "));
}

std::vector<std::string> read_during(const std::optional<yaml::Node>& value, const Test& test) {
  const std::vector<std::string> phases = phases_of(test.timeline);
  if (!value) return phases;
  std::vector<std::string> during;
  for (const yaml::Node& item : value->sequence_or_one()) {
    const std::string phase = item.string();
    if (std::find(phases.begin(), phases.end(), phase) == phases.end()) {
      item.error("unknown phase \"" + phase + "\"" + suggestion(phase, phases, "known here: ") +
                 (test.timeline.empty() ? " (there is no timeline)" : ""));
    }
    during.push_back(phase);
  }
  if (during.empty()) value->error("a check that runs during no phase checks nothing");
  return during;
}

Pattern read_pattern(const yaml::Node& value, const std::string& text, size_t offset) {
  auto expression = model::compile_search(text);
  if (!expression) {
    std::string reason = expression.error().context;
    constexpr std::string_view invalid = "is invalid: ";
    if (reason.starts_with(invalid))
      reason = "is no regular expression: " + reason.substr(invalid.size());
    value.error_at(offset, "\"" + cut_end(text) + "\" " + reason);
  }
  return {text, std::move(*expression)};
}

namespace {

// A duration behind "offset" ends where no letter or digit stands.
std::string word_at(const std::string& text, size_t at) {
  size_t end = at;
  while (end < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '.'))
    ++end;
  return text.substr(at, end - at);
}

void check_duration(const yaml::Node& value, const std::string& text, size_t offset) {
  // 3.x takes plain seconds and arithmetic on durations; what begins with a digit and ends with a
  // letter is a duration.
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.';
  });
  if (text.empty()) value.error_at(offset, "want a duration");
  if (!plain || std::isdigit(static_cast<unsigned char>(text.back())) != 0) return;
  if (const auto parsed = parse_duration(text); !parsed)
    value.error_at(offset, parsed.error().context);
}

}  // namespace

std::string read_expr(const yaml::Node& value) {
  constexpr size_t most_bytes = 64U << 10;
  const std::string expr = value.string();
  if (expr.size() > most_bytes) value.error("an expression of more than 64 KiB");
  std::vector<std::pair<char, size_t>> open;
  bool blank = true;
  for (size_t i = 0; i < expr.size(); ++i) {
    const char c = expr[i];
    if (std::isspace(static_cast<unsigned char>(c)) == 0) blank = false;
    if (c == '#') {
      i = std::min(expr.find('\n', i), expr.size());
    } else if (c == '"' || c == '\'' || c == '`') {
      size_t end = i + 1;
      while (end < expr.size() && expr[end] != c) end += expr[end] == '\\' && c != '`' ? 2 : 1;
      if (end >= expr.size()) value.error_at(i, std::string("the quote ") + c + " is not closed");
      i = end;
    } else if (c == '(' || c == '[' || c == '{') {
      open.emplace_back(c, i);
    } else if (c == ')' || c == ']' || c == '}') {
      const char want = c == ')' ? '(' : c == ']' ? '[' : '{';
      if (open.empty() || open.back().first != want)
        value.error_at(i, std::string("\"") + c + "\" closes nothing");
      const size_t begin = open.back().second + 1;
      open.pop_back();
      if (c == ']') {
        const std::string inside = expr.substr(begin, i - begin);
        const size_t colon = inside.find(':');
        check_duration(value, inside.substr(0, colon), begin);
        if (colon != std::string::npos && colon + 1 < inside.size()) {
          check_duration(value, inside.substr(colon + 1), begin + colon + 1);
        }
      }
    } else if (expr.compare(i, 7, "offset ") == 0 && open.empty()) {
      size_t at = i + 7;
      while (at < expr.size() && (expr[at] == ' ' || expr[at] == '-')) ++at;
      if (at < expr.size() && std::isdigit(static_cast<unsigned char>(expr[at])) != 0) {
        check_duration(value, word_at(expr, at), at);
      }
    }
  }
  if (blank) value.error("the expression is empty");
  if (!open.empty())
    value.error_at(open.back().second, std::string("\"") + open.back().first + "\" is not closed");
  return expr;
}

std::string read_asked_node(yaml::Mapping& mapping, const Test& test) {
  if (const auto value = mapping.find("node")) {
    const NodeDeclaration& node = known_node(*value, test);
    if (!node.node->knows_promql())
      value->error("\"" + node.name + "\" is a " + node.kind + " node, which knows no PromQL");
    return node.name;
  }
  std::vector<std::string> query_nodes;
  std::vector<std::string> prometheus_nodes;
  for (const NodeDeclaration& node : test.nodes) {
    if (!node.node->knows_promql()) continue;
    prometheus_nodes.push_back(node.name);
    if (node.is_query_node) query_nodes.push_back(node.name);
  }
  if (query_nodes.size() == 1) return query_nodes.front();
  if (query_nodes.empty() && prometheus_nodes.size() == 1) return prometheus_nodes.front();
  for (const std::string& name : query_nodes) {
    if (name == "query") return name;
  }
  const std::vector<std::string>& names = query_nodes.empty() ? prometheus_nodes : query_nodes;
  if (names.empty()) mapping.node().error("there is no prometheus node to ask");
  mapping.node().error("which node is asked? say node: with one of " + comma_list(names));
}

}  // namespace mread::scenarios::loading
