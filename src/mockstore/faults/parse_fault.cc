#include "mockstore/faults/parse_fault.h"

#include <boost/json.hpp>

#include "base/nearest.h"
#include "base/printable.h"
#include "mockstore/faults/registry.h"

namespace mread::mockstore {
namespace {

boost::json::value json_of(const yaml::Node& node) {
  if (node.is_sequence()) {
    boost::json::array items;
    for (const yaml::Node& item : node.sequence()) items.push_back(json_of(item));
    return items;
  }
  if (node.is_mapping()) {
    boost::json::object object;
    yaml::Mapping mapping = node.mapping();
    for (const auto& entry : mapping.entries()) object[entry.key] = json_of(entry.value);
    return object;
  }
  if (node.is_null()) return nullptr;
  return boost::json::string(node.string());
}

const faults::Entry* find_fault(std::string_view name) {
  for (const auto& entry : faults::registry())
    if (entry.name == name) return &entry;
  return nullptr;
}

}  // namespace

std::string to_json(const yaml::Node& node) {
  return printable_json(boost::json::serialize(json_of(node)));
}

namespace {

std::string unknown_fault(std::string_view word) {
  std::vector<std::string> known{"at", "for", "probability", "first"};
  for (const auto& fault : faults::registry()) known.emplace_back(fault.name);
  return "unknown fault \"" + std::string(word) + "\"" + suggestion(word, known);
}

// A fault that needs no settings, as a word alone.
FaultRule parse_bare_fault(const yaml::Node& node) {
  const std::string word = node.string();
  const faults::Entry* entry = find_fault(word);
  if (entry == nullptr) node.error(unknown_fault(word));
  if (!entry->stands_alone) {
    node.error("'" + word + "' needs its settings: {" + word + ": …}; see docs/reference/mock.md");
  }
  FaultRule rule;
  rule.faults.push_back(entry->parse(yaml::Node::parse("~", node.file())));
  rule.notation = boost::json::serialize(boost::json::object{{word, nullptr}});
  return rule;
}

}  // namespace

FaultRule parse_fault(const yaml::Node& node) {
  if (node.is_scalar()) return parse_bare_fault(node);
  FaultRule rule;
  yaml::Mapping mapping = node.mapping();
  std::optional<yaml::Node> random;
  for (const auto& [key, key_node, value] : mapping.entries()) {
    if (key == "at") {
      rule.at = value.duration();
    } else if (key == "for") {
      rule.duration = value.duration();
    } else if (key == "probability") {
      rule.probability = value.number();
      if (!(rule.probability >= 0 && rule.probability <= 1))
        value.error("a probability is a number from 0 to 1");
      random = key_node;
    } else if (key == "first") {
      rule.first = value.count();
      random = key_node;
    } else if (const faults::Entry* entry = find_fault(key)) {
      rule.faults.push_back(entry->parse(value));
    } else {
      key_node.error(unknown_fault(key));
    }
  }
  if (rule.faults.empty()) node.error("no fault named, for instance {latency: 1s}");
  for (const auto& fault : rule.faults)
    if (fault->refuses() && random)
      random->error(
          "'refused' closes the listener for every client: it takes at and for, not probability or "
          "first");
  rule.notation = to_json(node);
  return rule;
}

std::vector<FaultRule> parse_faults(const yaml::Node& node) {
  std::vector<FaultRule> rules;
  if (node.is_null()) return rules;
  for (const yaml::Node& item : node.sequence_or_one()) rules.push_back(parse_fault(item));
  return rules;
}

}  // namespace mread::mockstore
