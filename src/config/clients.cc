#include <algorithm>

#include <fmt/format.h>

#include "config/reader.h"
#include "config/text.h"

namespace mread::config {

std::vector<ClientRule> read_clients(const yaml::Node& node) {
  std::vector<ClientRule> rules;
  for (const yaml::Node& entry : node.sequence()) {
    ClientRule rule;
    yaml::Mapping mapping = entry.mapping();
    const yaml::Node user_agent = mapping.require("user_agent");
    rule.user_agent = user_agent.string();
    if (rule.user_agent.empty())
      user_agent.error("want the beginning of a User-Agent, like vmctl or Prometheus/2.42");
    for (const ClientRule& earlier : rules) {
      if (!rule.user_agent.starts_with(earlier.user_agent)) continue;
      user_agent.error(
          fmt::format("{} stands before it and fits all that this would: put the longer text first",
                      quoted(earlier.user_agent)));
    }
    const std::string word = mapping.require("as").one_of({"v2.42", "v2.53", "v3.5"});
    for (const auto client : merger::client_classes) {
      if (word == to_string(client)) rule.as = client;
    }
    mapping.finish();
    rules.push_back(std::move(rule));
  }
  return rules;
}

std::string describe_clients(const Config& config) {
  if (config.clients.empty()) return "";
  std::string out = "clients:\n";
  for (const ClientRule& rule : config.clients) {
    out += fmt::format("  - {{user_agent: {}, as: {}}}\n", quoted(rule.user_agent),
                       to_string(rule.as));
  }
  return out;
}

merger::ClientClass Config::class_of(std::string_view user_agent) const {
  const auto rule = std::find_if(
      clients.begin(), clients.end(),
      [user_agent](const ClientRule& each) { return user_agent.starts_with(each.user_agent); });
  return rule == clients.end() ? merger::class_of_user_agent(user_agent) : rule->as;
}

}  // namespace mread::config
