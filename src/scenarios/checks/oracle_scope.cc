#include "scenarios/checks/oracle_scope.h"

#include <algorithm>
#include <cctype>

#include <re2/re2.h>

namespace mread::scenarios {
namespace {

bool begins_name(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
}
bool continues_name(char c) {
  return begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// A PromQL expression, looked through for the names of metrics.
class NameScan {
 public:
  NameScan(const std::string& expr, const std::set<std::string>& names)
      : expr_(expr), names_(names) {}

  std::string first() {
    while (at_ < expr_.size()) {
      const char c = expr_[at_];
      std::string found;
      if (c == '#') {
        at_ = std::min(expr_.find('\n', at_), expr_.size());
      } else if (c == '"' || c == '\'' || c == '`') {
        found = of_string(string());
      } else if (begins_name(c)) {
        found = of_word(word());
      } else {
        if (c == '{' || c == '}') in_braces_ = c == '{';
        if (std::isspace(static_cast<unsigned char>(c)) == 0) see(c);
        ++at_;
      }
      if (!found.empty()) return found;
    }
    return {};
  }

 private:
  // Within braces a word is a label; elsewhere it may be a metric.
  std::string of_word(const std::string& text) {
    label_ = text;
    symbol_.clear();
    return !in_braces_ && names_.contains(text) ? text : "";
  }

  std::string of_string(const std::string& text) {
    if (!in_braces_) return {};
    if (symbol_ == "{" || symbol_ == ",") {  // {"a metric of 3.x"}, or a label's name in quotes
      label_ = text;
      symbol_.clear();
      return names_.contains(text) ? text : "";
    }
    if (label_ != "__name__") return {};
    const re2::RE2 pattern(text, re2::RE2::Quiet);
    for (const std::string& name : names_) {
      const bool matches = symbol_ == "=~" || symbol_ == "!~"
                               ? pattern.ok() && re2::RE2::FullMatch(name, pattern)
                               : name == text;
      if (matches == !symbol_.starts_with('!')) return name;
    }
    return {};
  }

  void see(char c) {
    const bool goes_on = (c == '=' || c == '~') && (symbol_ == "=" || symbol_ == "!");
    symbol_ = goes_on ? symbol_ + c : std::string(1, c);
  }

  std::string word() {
    const size_t begin = at_;
    while (at_ < expr_.size() && continues_name(expr_[at_])) ++at_;
    return expr_.substr(begin, at_ - begin);
  }

  std::string string() {
    const char quote = expr_[at_++];
    std::string text;
    while (at_ < expr_.size() && expr_[at_] != quote) {
      if (expr_[at_] == '\\' && quote != '`' && at_ + 1 < expr_.size()) ++at_;
      text += expr_[at_++];
    }
    if (at_ < expr_.size()) ++at_;
    return text;
  }

  const std::string& expr_;
  const std::set<std::string>& names_;
  size_t at_ = 0;
  bool in_braces_ = false;
  std::string label_;   // The last word.
  std::string symbol_;  // What stands since: "=", "=~", "{", ",".
};

}  // namespace

std::string selected_name(const std::string& expr, const std::set<std::string>& names) {
  return names.empty() ? std::string() : NameScan(expr, names).first();
}

std::string beyond_oracle(const Test& test, const Check& check) {
  const NodeDeclaration* asked = test.find(check.node);
  if (check.kind != Check::Kind::promql || asked == nullptr || !asked->is_query_node) return {};
  const std::string name = selected_name(check.expr, asked->node->series_of_rules());
  if (name.empty()) return {};
  return name + " is made by the rules of " + check.node +
         ", and the oracle has only what data nodes hold";
}

bool is_oracles(const Test& test, const Check& check) {
  return check.kind == Check::Kind::promql && check.oracle && test.answers_for_all(check.node) &&
         beyond_oracle(test, check).empty();
}

}  // namespace mread::scenarios
