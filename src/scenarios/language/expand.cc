#include "scenarios/language/expand.h"

#include <algorithm>

namespace mread::scenarios {
namespace {

// Where the `}` is that closes the `${` whose inside begins at `at`; quotes may hold one.
size_t closing_brace(const std::string& text, size_t at) {
  char quote = 0;
  for (; at < text.size(); ++at) {
    if (quote != 0) {
      if (text[at] == quote) quote = 0;
    } else if (text[at] == '\'' || text[at] == '"') {
      quote = text[at];
    } else if (text[at] == '}') {
      return at;
    }
  }
  return std::string::npos;
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Doubling a text thirty times takes a line each.
void check_length(const yaml::Node& node, size_t at, size_t bytes) {
  constexpr size_t most_bytes = 1U << 20;
  if (bytes > most_bytes)
    node.error_at(at, "with what ${…} stands for, this text is longer than 1 MiB");
}

[[noreturn]] void exhausted(const yaml::Node& node) {
  node.error(
      "the cases of this scenario hold more than 2000000 values or 256 MiB of text together; "
      "shorten its matrix: or "
      "its vars:");
}

void expand_scalar(const yaml::Node& node, const Scope& scope, ExpansionBudget& budget) {
  const std::string text = node.string();
  if (text.find("${") == std::string::npos) return;
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    if (text.compare(at, 3, "$${") == 0) {
      out += "${";
      at += 3;
      continue;
    }
    if (text.compare(at, 2, "${") != 0) {
      out += text[at++];
      continue;
    }
    const size_t end = closing_brace(text, at + 2);
    if (end == std::string::npos)
      node.error_at(at, "\"${\" is not closed; write $${ where it is meant as it stands");
    const std::string inside = text.substr(at + 2, end - at - 2);
    if (is_digits(inside)) {
      out += text.substr(at, end + 1 - at);
      at = end + 1;
      continue;
    }
    const auto value = evaluate_value(inside, scope);
    if (!value) node.error_at(at + 2 + value.error().offset, value.error().message);
    if (!value->is_text()) {
      if (at != 0 || end + 1 != text.size()) {
        node.error_at(at,
                      "\"" + inside + "\" is a list or a mapping, which cannot stand within text");
      }
      YAML::Node target = node.raw();
      target = value->structure->raw();
      return;
    }
    check_length(node, at, out.size() + value->text.size());
    out += value->text;
    at = end + 1;
  }
  if (out.size() > budget.text_bytes) exhausted(node);
  budget.text_bytes -= out.size();
  YAML::Node target = node.raw();
  target = out;
}

// True if a mapping's `when:` says that it is there; takes the key out.
bool is_there(const yaml::Node& node, const Scope& scope) {
  if (!node.is_mapping()) return true;
  auto when = node.mapping().find("when");
  if (!when) return true;
  const auto holds = evaluate_condition(when->string(), scope);
  if (!holds) when->error_at(holds.error().offset, holds.error().message);
  if (*holds) node.raw().remove("when");
  return *holds;
}

}  // namespace

void expand(const yaml::Node& node, const Scope& scope) {
  ExpansionBudget budget;
  expand(node, scope, budget);
}

void charge(const yaml::Node& document, ExpansionBudget& budget) {
  const yaml::Extent extent = document.measure();
  if (extent.values > budget.values || extent.text_bytes > budget.text_bytes) exhausted(document);
  budget.values -= extent.values;
  budget.text_bytes -= extent.text_bytes;
}

void expand(const yaml::Node& node, const Scope& scope, ExpansionBudget& budget) {
  if (node.is_scalar()) {
    expand_scalar(node, scope, budget);
  } else if (node.is_sequence()) {
    const std::vector<yaml::Node> items = node.sequence();
    for (size_t i = items.size(); i-- > 0;) {
      if (is_there(items[i], scope)) {
        expand(items[i], scope, budget);
      } else {
        node.raw().remove(i);
      }
    }
  } else if (node.is_mapping()) {
    yaml::Mapping mapping = node.mapping();
    for (const auto& [key, key_node, value] : mapping.entries()) {
      if (key.find("${") != std::string::npos)
        key_node.error("${…} is replaced in values, not in keys");
      if (is_there(value, scope)) {
        expand(value, scope, budget);
      } else {
        node.raw().remove(key);
      }
    }
  }
}

}  // namespace mread::scenarios
