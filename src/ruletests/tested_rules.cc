#include "ruletests/tested_rules.h"

#include <algorithm>

#include <re2/re2.h>

#include "setup/rule_file.h"

namespace mread::ruletests {
namespace {

using scenarios::TestedRule;

TestedRule::Texts read_texts(yaml::Mapping& lines, const std::string& key) {
  TestedRule::Texts texts;
  if (const auto mapping = lines.find(key)) {
    yaml::Mapping pairs = mapping->mapping();
    for (const yaml::Mapping::Entry& entry : pairs.entries())
      texts.emplace_back(entry.key, entry.value.string_or_empty());
  }
  return texts;
}

// promtool hides the samples after a step from the rules; a real store has them.
void refuse_the_future(const yaml::Node& expr, const std::string& text) {
  static const re2::RE2 strings(R"("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#[^\n]*)");
  static const re2::RE2 future(R"((?i)\boffset\s+-|@\s*-?[0-9])");
  std::string bare = text;
  re2::RE2::GlobalReplace(&bare, strings, "");
  if (!re2::RE2::PartialMatch(bare, future)) return;
  expr.error(
      "a rule with a negative offset, or @ and a time, may read samples after its own time; "
      "promtool hides them and a store does not, so this rule cannot be tested over a topology");
}

struct GroupOptions {
  size_t limit = 0;
  std::chrono::milliseconds query_offset{0};
  TestedRule::Texts labels;
};

GroupOptions read_group(const yaml::Node& at) {
  yaml::Mapping lines = at.mapping();
  for (const char* key : {"name", "interval", "rules"}) lines.find(key);
  GroupOptions options;
  if (const auto limit = lines.find("limit"))
    options.limit = static_cast<size_t>(limit->integer(0));
  if (const auto offset = lines.find("query_offset")) options.query_offset = offset->duration();
  options.labels = read_texts(lines, "labels");
  lines.finish();
  return options;
}

TestedRule read_rule(const setup::Rule& rule, const GroupOptions& group) {
  TestedRule out;
  out.kind =
      rule.kind == setup::Rule::Kind::alert ? TestedRule::Kind::alert : TestedRule::Kind::record;
  out.name = rule.name;
  out.expr = rule.expr;
  out.place = rule.at.file() + ":" + std::to_string(rule.at.line());
  out.limit = group.limit;
  out.query_offset = group.query_offset;
  refuse_the_future(rule.expr_at, rule.expr);
  yaml::Mapping lines = rule.at.mapping();
  for (const char* key : {"alert", "record", "expr"}) lines.find(key);
  const TestedRule::Texts own = read_texts(lines, "labels");
  // A rule's own label wins over its group's.
  for (const auto& label : group.labels) {
    if (std::ranges::none_of(own, [&](const auto& one) { return one.first == label.first; }))
      out.labels.push_back(label);
  }
  out.labels.insert(out.labels.end(), own.begin(), own.end());
  if (out.kind == TestedRule::Kind::alert) {
    if (const auto hold = lines.find("for")) out.hold = hold->duration();
    if (const auto keep = lines.find("keep_firing_for")) out.keep_firing = keep->duration();
    out.annotations = read_texts(lines, "annotations");
  }
  lines.finish();
  return out;
}

}  // namespace

std::vector<TestedRule> read_tested_rules(const yaml::Node& rule_files, const std::string& folder,
                                          const std::vector<std::string>& group_order) {
  struct Group {
    size_t order;
    std::vector<TestedRule> rules;
  };
  std::vector<Group> groups;
  for (const yaml::Node& pattern : rule_files.sequence()) {
    const std::vector<std::string> files = setup::files_of_pattern(pattern.string(), folder);
    if (files.empty())
      pattern.error("no such rule file; relative paths begin at this file's folder");
    for (const std::string& file : files) {
      for (const setup::RuleGroup& group : setup::read_rule_file(file)) {
        const auto named = std::ranges::find(group_order, group.name);
        // As promtool: a group that is not named has the order of the first that is.
        Group out{named == group_order.end() ? 0 : static_cast<size_t>(named - group_order.begin()),
                  {}};
        const GroupOptions options = read_group(group.at);
        for (const setup::Rule& rule : group.rules) out.rules.push_back(read_rule(rule, options));
        groups.push_back(std::move(out));
      }
    }
  }
  std::ranges::stable_sort(groups, {}, &Group::order);
  std::vector<TestedRule> rules;
  for (Group& group : groups) std::ranges::move(group.rules, std::back_inserter(rules));
  return rules;
}

}  // namespace mread::ruletests
