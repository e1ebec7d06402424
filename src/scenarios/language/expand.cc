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
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void expand_scalar(const yaml::Node& node, const Scope& scope) {
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
    if (end == std::string::npos) node.error_at(at, "\"${\" is not closed; write $${ where it is meant as it stands");
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
        node.error_at(at, "\"" + inside + "\" is a list or a mapping, which cannot stand within text");
      }
      YAML::Node target = node.raw();
      target = value->structure->raw();
      return;
    }
    out += value->text;
    at = end + 1;
  }
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
  if (node.is_scalar()) {
    expand_scalar(node, scope);
  } else if (node.is_sequence()) {
    const std::vector<yaml::Node> items = node.sequence();
    for (size_t i = items.size(); i-- > 0;) {
      if (is_there(items[i], scope)) {
        expand(items[i], scope);
      } else {
        node.raw().remove(i);
      }
    }
  } else if (node.is_mapping()) {
    yaml::Mapping mapping = node.mapping();
    for (const auto& [key, key_node, value] : mapping.entries()) {
      if (key.find("${") != std::string::npos) key_node.error("${…} is replaced in values, not in keys");
      if (is_there(value, scope)) {
        expand(value, scope);
      } else {
        node.raw().remove(key);
      }
    }
  }
}

}  // namespace mread::scenarios
