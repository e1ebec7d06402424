#include <algorithm>
#include <set>

#include "scenarios/loading/context.h"

namespace mread::scenarios::loading {
namespace {

// The nodes that checks, invariants and the load ask themselves.
std::set<std::string> asked_nodes(const Test& test) {
  std::set<std::string> asked;
  for (const Check& check : test.checks) {
    asked.insert(check.node);
    if (check.same_as) asked.insert(check.same_as->node);
    for (const auto& [node, count] : check.requests) asked.insert(node);
  }
  for (const Invariant& invariant : test.invariants) asked.insert(invariant.node);
  if (test.load) asked.insert(test.load->node);
  return asked;
}

bool has(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

void find_unread(const Test& test, std::vector<std::string>& warnings) {
  std::set<std::string> used = asked_nodes(test);
  for (const NodeDeclaration& node : test.nodes) {
    for (const std::string& name : node.node->uses().named) {
      if (name != node.name) used.insert(name);
    }
  }
  for (const NodeDeclaration& node : test.nodes) {
    if (used.contains(node.name) || !node.node->wants_a_reader()) continue;
    warnings.push_back("nobody reads node " + node.name +
                       ": no node's configuration names it, and no check asks it");
  }
}

void find_bypassed(const Test& test, std::vector<std::string>& warnings) {
  for (const NodeDeclaration& reader : test.nodes) {
    const std::vector<std::string>& read = reader.node->uses().read;
    for (const std::string& name : read) {
      const NodeDeclaration* merger = test.find(name);
      if (merger == nullptr || !merger->node->forwards_reads()) continue;
      std::string both;
      for (const std::string& backend : merger->node->uses().read) {
        if (has(read, backend)) both += (both.empty() ? "" : ", ") + backend;
      }
      if (both.empty()) continue;
      warnings.push_back("node " + reader.name + " bypasses the merger " + name + ": it reads " +
                         both + " itself, and through " + name + " too");
    }
  }
}

}  // namespace

std::vector<std::string> find_warnings(const Test& test) {
  std::vector<std::string> warnings;
  find_unread(test, warnings);
  find_bypassed(test, warnings);
  return warnings;
}

}  // namespace mread::scenarios::loading
