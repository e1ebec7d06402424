#include "rehearse/twin/scenario_yaml.h"

namespace mread::rehearse {

std::string verbatim(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text.compare(at, 2, "${") == 0) out += '$';
    out += text[at];
  }
  return out;
}

std::string data_name(size_t group) { return "data_" + std::to_string(group); }

YAML::Node series_of(const ExampleData& data, size_t group) {
  YAML::Node list(YAML::NodeType::Sequence);
  for (const ExampleSeries& one : data.series) {
    if (one.group != group) continue;
    YAML::Node item;
    item["series"] = verbatim(one.labels.to_string());
    item["values"] = one.values;
    item.SetStyle(YAML::EmitterStyle::Flow);
    list.push_back(item);
  }
  return list;
}

YAML::Node checks_of(const std::vector<Question>& questions) {
  YAML::Node checks(YAML::NodeType::Sequence);
  for (const Question& question : questions) {
    YAML::Node check;
    check["name"] = verbatim(question.name);
    check["expr"] = verbatim(question.expr);
    check["node"] = query_node;
    check["eval_time"] = example_eval_time;
    checks.push_back(check);
  }
  return checks;
}

}  // namespace mread::rehearse
