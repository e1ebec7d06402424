#include "scenarios/language/expand.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/nearest.h"

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
      "shorten its matrix:, its vars:, or what count: and each: repeat");
}

// What a scalar becomes: text, or a list or a mapping of `vars:`.
Value replaced(const yaml::Node& node, const Scope& scope) {
  const std::string text = node.string();
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
      return *value;
    }
    check_length(node, at, out.size() + value->text.size());
    out += value->text;
    at = end + 1;
  }
  return {std::move(out), std::nullopt};
}

void expand_scalar(const yaml::Node& node, const Scope& scope, ExpansionBudget& budget) {
  if (node.string().find("${") == std::string::npos) return;
  const Value value = replaced(node, scope);
  YAML::Node target = node.raw();
  if (!value.is_text()) {
    target = value.structure->raw();
    return;
  }
  if (value.text.size() > budget.text_bytes) exhausted(node);
  budget.text_bytes -= value.text.size();
  target = value.text;
}

bool holds(const yaml::Node& when, const Scope& scope) {
  const auto value = evaluate_condition(when.string(), scope);
  if (!value) when.error_at(value.error().offset, value.error().message);
  return *value;
}

// True if a mapping's `when:` says that it is there; takes the key out.
bool is_there(const yaml::Node& node, const Scope& scope) {
  if (!node.is_mapping()) return true;
  auto when = node.mapping().find("when");
  if (!when) return true;
  if (!holds(*when, scope)) return false;
  node.raw().remove("when");
  return true;
}

constexpr uint64_t most_nodes_of_a_name = 1'000;
constexpr uint64_t most_items_of_each = 10'000;
constexpr size_t least_cost_of_a_copy = 2048;  // Bytes: a short document takes time too.

std::string numbered(const std::string& name, size_t index) {
  return name + "-" + std::to_string(index);
}

Scope with_index(const Scope& scope, size_t index) {
  Scope inner = scope;
  inner.set("index", {std::to_string(index), {}});
  return inner;
}

// A scalar's text as a whole number from `lowest` to `highest`.
uint64_t number_of(const yaml::Node& node, const Scope& scope, uint64_t lowest, uint64_t highest) {
  const Value value = replaced(node, scope);
  if (is_digits(value.text) && value.text.size() < 10) {
    const uint64_t number = std::stoull(value.text);
    if (number >= lowest && number <= highest) return number;
  }
  node.error(fmt::format("want a whole number from {} to {}, got \"{}\"", lowest, highest,
                         value.is_text() ? value.text : node.string()));
}

class Expander {
 public:
  Expander(const NodeCounts& counts, DocumentPath path, ExpansionBudget& budget)
      : counts_(counts), path_(std::move(path)), budget_(budget) {}

  void value(const yaml::Node& node, const Scope& scope) {
    if (node.is_scalar()) {
      expand_scalar(node, scope, budget_);
    } else if (node.is_sequence()) {
      list(node, scope);
    } else if (node.is_mapping()) {
      mapping(node, scope);
    }
  }

  void nodes(const yaml::Node& nodes, const Scope& scope) {
    const std::vector<yaml::Mapping::Entry> entries = nodes.mapping().raw_entries();
    YAML::Node raw = nodes.raw();
    refuse_equal_names(entries);
    for (const auto& entry : entries) raw.remove(entry.key);
    for (const auto& entry : entries) {
      refuse_variable(entry);
      path_.emplace_back(entry.key);
      const bool has_count =
          entry.value.is_mapping() && entry.value.mapping().find("count").has_value();
      if (!is_there(entry.value, scope)) {
        // Not in this case of the matrix.
      } else if (has_count) {
        for (size_t i = 0; i < counts_.at(entry.key); ++i) {
          const yaml::Mapping::Entry copy = copy_entry(entry);
          copy.value.raw().remove("count");
          copy.value.raw().remove("when");
          value(copy.value, with_index(scope, i));
          YAML::Node key = copy.key_node.raw();
          key = numbered(entry.key, i);
          raw.force_insert(key, copy.value.raw());
        }
      } else {
        value(entry.value, scope);
        raw.force_insert(entry.key_node.raw(), entry.value.raw());
      }
      path_.pop_back();
    }
  }

 private:
  // A node NAME-3 next to NAME with `count:`.
  void refuse_equal_names(const std::vector<yaml::Mapping::Entry>& entries) const {
    std::set<std::string> names;
    for (const auto& [name, count] : counts_) {
      for (size_t i = 0; i < count; ++i) names.insert(numbered(name, i));
    }
    for (const auto& entry : entries) {
      if (names.contains(entry.key))
        entry.key_node.error("\"" + entry.key + "\" is one of the nodes of an entry with count:");
    }
  }

  static void refuse_variable(const yaml::Mapping::Entry& entry) {
    if (entry.key.find("${") != std::string::npos)
      entry.key_node.error("${…} is replaced in values, not in keys");
  }

  void mapping(const yaml::Node& node, const Scope& scope) {
    const yaml::Mapping lines = node.mapping();
    for (const auto& entry : lines.raw_entries()) {
      refuse_variable(entry);
      path_.emplace_back(entry.key);
      if (is_there(entry.value, scope)) {
        value(entry.value, scope);
      } else {
        node.raw().remove(entry.key);
      }
      path_.pop_back();
    }
  }

  void list(const yaml::Node& node, const Scope& scope) {
    const std::vector<yaml::Node> items = node.sequence();
    std::vector<YAML::Node> out;
    bool is_changed = false;
    for (size_t i = 0; i < items.size(); ++i) {
      path_.emplace_back(i);
      if (!is_there(items[i], scope) || repeat(items[i], scope, out)) {
        is_changed = true;
      } else {
        value(items[i], scope);
        out.push_back(items[i].raw());
      }
      path_.pop_back();
    }
    if (!is_changed) return;
    YAML::Node raw = node.raw();
    for (size_t i = items.size(); i-- > 0;) raw.remove(i);
    for (const YAML::Node& item : out) raw.push_back(item);
  }

  // Appends what an item with `each:`, or NAME-*, stands for; false where it is another item.
  bool repeat(const yaml::Node& item, const Scope& scope, std::vector<YAML::Node>& out) {
    if (item.is_scalar()) {
      const std::string text = item.string();
      if (!text.ends_with("-*")) return false;
      const auto found = counts_.find(text.substr(0, text.size() - 2));
      if (found == counts_.end()) return false;
      for (size_t i = 0; i < found->second; ++i) {
        YAML::Node name = copy_of(item).raw();
        name = numbered(found->first, i);
        out.push_back(name);
      }
      return true;
    }
    if (!item.is_mapping()) return false;
    const auto each = item.mapping().find("each");
    if (!each) return false;
    const size_t count = count_of(*each, scope);
    for (size_t i = 0; i < count; ++i) {
      const yaml::Node copy = copy_of(item);
      copy.raw().remove("each");
      copy.raw().remove("when");
      value(copy, with_index(scope, i));
      const auto entries = copy.mapping().raw_entries();
      const bool is_item = entries.size() == 1 && entries.front().key == "item";
      out.push_back(is_item ? entries.front().value.raw() : copy.raw());
    }
    return true;
  }

  size_t count_of(const yaml::Node& each, const Scope& scope) const {
    const Value value = replaced(each, scope);
    if (const auto found = counts_.find(value.text); found != counts_.end()) return found->second;
    if (!value.text.empty() && !is_digits(value.text)) {
      std::vector<std::string> names;
      for (const auto& [name, count] : counts_) names.push_back(name);
      each.error("each: wants a number, or a node with count:, got \"" + value.text + "\"" +
                 suggestion(value.text, names));
    }
    return number_of(each, scope, 0, most_items_of_each);
  }

  // The value at path_ as the file has it, in a document of its own.
  yaml::Node copy_of(const yaml::Node& original) {
    yaml::Node at = yaml::Node::parse(take_document(original), original.file());
    for (const auto& step : path_) {
      std::optional<yaml::Node> next;
      if (const auto* key = std::get_if<std::string>(&step)) {
        if (at.is_mapping()) next = at.mapping().find(*key);
      } else if (const size_t index = std::get<size_t>(step); at.is_sequence()) {
        const auto items = at.sequence();
        if (index < items.size()) next = items[index];
      }
      if (!next) original.error("count: and each: cannot stand in what a variable holds");
      at = *next;
    }
    const size_t values = at.measure().values;
    if (values > budget_.values - copied_values_) exhausted(original);
    copied_values_ += values;
    return at;
  }

  yaml::Mapping::Entry copy_entry(const yaml::Mapping::Entry& original) {
    const DocumentPath whole = path_;
    path_.pop_back();
    const yaml::Mapping mapping = copy_of(original.value).mapping();
    path_ = whole;
    for (const auto& entry : mapping.raw_entries()) {
      if (entry.key == original.key) return entry;
    }
    original.key_node.error("count: and each: cannot stand in what a variable holds");
  }

  const std::string& take_document(const yaml::Node& original) {
    const std::string& text = original.document();
    const size_t cost = std::max(text.size(), least_cost_of_a_copy);
    if (cost > budget_.copied_bytes) {
      original.error(
          "count: and each: repeat too much: they read the file again for each repetition, 16 MiB "
          "in all, 2 KiB at least; write a smaller number or a shorter file");
    }
    budget_.copied_bytes -= cost;
    return text;
  }

  const NodeCounts& counts_;
  DocumentPath path_;
  ExpansionBudget& budget_;
  size_t copied_values_ = 0;
};

}  // namespace

void charge(const yaml::Node& document, ExpansionBudget& budget) {
  const yaml::Extent extent = document.measure();
  if (extent.values > budget.values || extent.text_bytes > budget.text_bytes) exhausted(document);
  budget.values -= extent.values;
  budget.text_bytes -= extent.text_bytes;
}

void expand(const yaml::Node& node, const DocumentPath& path, const Scope& scope,
            const NodeCounts& counts, ExpansionBudget& budget) {
  Expander(counts, path, budget).value(node, scope);
}

NodeCounts count_nodes(const yaml::Node& nodes, const Scope& scope) {
  NodeCounts counts;
  if (!nodes.is_mapping()) return counts;
  const yaml::Mapping all = nodes.mapping();
  for (const auto& entry : all.raw_entries()) {
    if (!entry.value.is_mapping()) continue;
    yaml::Mapping lines = entry.value.mapping();
    const auto count = lines.find("count");
    if (!count) continue;
    const auto when = lines.find("when");
    const bool is_there = !when || holds(*when, scope);
    counts[entry.key] = is_there ? number_of(*count, scope, 1, most_nodes_of_a_name) : 0;
  }
  return counts;
}

void expand_nodes(const yaml::Node& nodes, const Scope& scope, const NodeCounts& counts,
                  ExpansionBudget& budget) {
  Expander expander(counts, {"nodes"}, budget);
  if (counts.empty() || !nodes.is_mapping()) return expander.value(nodes, scope);
  expander.nodes(nodes, scope);
}

}  // namespace mread::scenarios
