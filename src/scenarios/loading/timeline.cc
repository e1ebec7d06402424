#include <algorithm>

#include "base/duration.h"
#include "mockstore/faults/fault.h"
#include "mockstore/faults/parse_fault.h"
#include "scenarios/loading/context.h"

namespace mread::scenarios::loading {
namespace {

constexpr Act all_acts[] = {Act::kill,  Act::stop,   Act::start,      Act::restart,
                            Act::pause, Act::resume, Act::disconnect, Act::connect};

bool can_be_undone(Act act) {
  return act == Act::kill || act == Act::stop || act == Act::pause || act == Act::disconnect;
}

void refuse_without_reads(const yaml::Node& place, const NodeDeclaration& node) {
  if (node.node->accepts_faults() || node.node->can_have_front()) return;
  place.error("a fault changes the answers of remote reads on a node's only port, and \"" +
              node.name + "\", a " + node.kind +
              " node, has no such port: use act: kill, pause, disconnect, …");
}

TimelineEntry read_entry(const yaml::Node& node, const Test& test) {
  yaml::Mapping mapping = node.mapping();
  TimelineEntry entry;
  entry.line = node.line();
  if (const auto at = mapping.find("at")) entry.at = at->duration();
  const auto lasts = mapping.find("for");
  if (lasts) entry.lasts = lasts->duration();
  const auto phase = mapping.find("phase");
  if (phase) {
    entry.phase = phase->string();
    if (entry.phase == "before" || entry.phase == "after" || entry.phase.empty()) {
      phase->error("\"" + entry.phase +
                   "\" cannot name the phase of a step; before and after frame the timeline");
    }
  }
  const auto fault = mapping.find("fault");
  const auto act = mapping.find("act");
  if (phase && !fault && !act && !mapping.find("node")) {
    mapping.finish();
    return entry;
  }
  const yaml::Node node_value = mapping.require("node");
  const NodeDeclaration& target = known_node(node_value, test);
  entry.node = target.name;
  mapping.finish();
  if (fault.has_value() == act.has_value()) {
    node.error(fault ? "fault: and act: need an entry each" : "want fault: or act:");
  }
  if (act) {
    std::vector<std::string> names;
    for (const Act one : all_acts) names.emplace_back(to_string(one));
    const std::string word = act->one_of(names);
    entry.act = all_acts[std::find(names.begin(), names.end(), word) - names.begin()];
    if (lasts && !can_be_undone(*entry.act)) {
      lasts->error("for: undoes kill, stop, pause and disconnect; \"" + word +
                   "\" has nothing to be undone");
    }
  } else {
    refuse_without_reads(*fault, target);
    entry.fault = read_fault(*fault);
  }
  return entry;
}

}  // namespace

std::string read_fault(const yaml::Node& value) {
  std::string list;
  for (const yaml::Node& item : value.sequence_or_one()) {
    const mockstore::FaultRule rule = mockstore::parse_fault(item);
    if (rule.at.count() != 0 || rule.duration)
      item.error("at: and for: go next to fault:, not into it");
    list += (list.empty() ? "" : ",") + rule.notation;
  }
  if (list.empty()) value.error("want a fault: {latency: 1s}");
  return list;
}

void read_faults_of_nodes(const yaml::Node& nodes, Test& test) {
  yaml::Mapping mapping = nodes.mapping();
  for (const auto& [name, name_node, value] : mapping.entries()) {
    NodeDeclaration& node = *test.find(name);
    const auto faults = value.mapping().find("faults");
    if (!faults || node.node->accepts_faults()) continue;  // A mock has read them itself.
    refuse_without_reads(*faults, node);
    for (const mockstore::FaultRule& rule : mockstore::parse_faults(*faults))
      node.faults += (node.faults.empty() ? "" : ",") + rule.notation;
    node.has_front = true;
  }
}

std::vector<TimelineEntry> read_timeline(const yaml::Node& list, Test& test) {
  constexpr size_t most_entries = 500;
  std::vector<TimelineEntry> timeline;
  const std::vector<yaml::Node> items = list.sequence();
  if (items.size() > most_entries) list.error("more than 500 entries");
  for (const yaml::Node& item : items) {
    TimelineEntry entry = read_entry(item, test);
    if (!timeline.empty()) {
      TimelineEntry& last = timeline.back();
      if (entry.at < last.at) {
        item.error("entries are in the order of their times, but at: " + format_duration(entry.at) +
                   " comes after " + format_duration(last.at));
      }
      if (entry.at == last.at) {
        if (entry.phase.empty()) entry.phase = last.phase;
        if (entry.phase != last.phase)
          item.error("entries with the same at: are one step and have one phase:");
      }
    }
    if (entry.phase.empty()) entry.phase = "fault";
    if (!entry.fault.empty()) {
      NodeDeclaration& target = *test.find(entry.node);
      target.has_front |= target.node->can_have_front();
    }
    timeline.push_back(std::move(entry));
  }
  return timeline;
}

}  // namespace mread::scenarios::loading
