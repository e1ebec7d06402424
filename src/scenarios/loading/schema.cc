#include "scenarios/loading/schema.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "mockstore/faults/registry.h"
#include "scenarios/model/invariant.h"
#include "scenarios/model/scenario.h"
#include "scenarios/nodes/node_kinds.h"

namespace mread::scenarios {
namespace {

namespace json = boost::json;

// What stands behind a key: a reference into $defs, or a schema of its own.
struct Key {
  std::string_view name;
  json::value value;
  std::string_view means;
};

json::value ref(std::string_view name) {
  return json::object{{"$ref", "#/$defs/" + std::string(name)}};
}

// Every value may be a variable: "${axis}", "${shards > 1 ? a : b}".
json::value or_variable(json::value schema) {
  return json::object{{"anyOf", json::array{std::move(schema), ref("variable")}}};
}

json::object array_of(json::value item) {
  return {
      {"type", "array"},
      {"items",
       json::object{{"anyOf", json::array{std::move(item), ref("repeated"), ref("variable")}}}}};
}

json::value list_of(json::value item) { return or_variable(array_of(std::move(item))); }

json::value one_or_list_of(const json::value& item) {
  return json::object{{"anyOf", json::array{item, array_of(item), ref("variable")}}};
}

json::value named(json::value item) {
  return or_variable(json::object{{"type", json::array{"object", "null"}},
                                  {"additionalProperties", std::move(item)}});
}

json::value words(const std::vector<std::string>& known) {
  json::array list;
  for (const std::string& word : known) list.emplace_back(word);
  return or_variable(json::object{{"enum", std::move(list)}});
}

// A key without a value is as good as none.
json::value or_nothing(const json::value& schema) {
  return json::object{{"anyOf", json::array{schema, json::object{{"type", "null"}}}}};
}

// A mapping with these keys and no others. `when:` decides whether it is there.
json::object mapping(const std::vector<Key>& keys, const std::vector<std::string>& required = {}) {
  json::object properties;
  for (const Key& key : keys) {
    const bool is_needed = std::find(required.begin(), required.end(), key.name) != required.end();
    json::object property = (is_needed ? key.value : or_nothing(key.value)).as_object();
    if (!key.means.empty()) property["description"] = json::string(key.means);
    properties[key.name] = std::move(property);
  }
  properties["when"] =
      json::object{{"$ref", "#/$defs/text"}, {"description", "the mapping is there if this holds"}};
  properties["each"] = json::object{
      {"$ref", "#/$defs/text"},
      {"description", "of an item: a number, or a node with count:; ${index} is the number"}};
  json::object out{
      {"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  json::array needed;
  for (const std::string& key : required) needed.emplace_back(key);
  if (!needed.empty()) out["required"] = std::move(needed);
  return out;
}

std::vector<std::string> fault_words(bool alone) {
  std::vector<std::string> out;
  for (const auto& fault : mockstore::faults::registry()) {
    if (!alone || fault.stands_alone) out.emplace_back(fault.name);
  }
  return out;
}

json::value fault() {
  std::vector<Key> keys{{"probability", ref("text"), "from 0 to 1: it meets so many requests"},
                        {"first", ref("text"), "it meets only the first requests"},
                        {"at", ref("text"), "in faults: of a node: when it begins"},
                        {"for", ref("text"), "in faults: of a node: how long it lasts"}};
  const std::vector<std::string> names = fault_words(false);
  for (const std::string& name : names) keys.push_back({name, ref("anything"), "a fault"});
  return json::object{{"anyOf", json::array{words(fault_words(true)), mapping(keys)}}};
}

json::value input_series() {
  json::value list =
      list_of(mapping({{"series", ref("text"), "metric{label=\"value\"}"},
                       {"values", ref("text"), "promtool's notation: 1+1x40"},
                       {"repeat", named(ref("anything")), "labels, and how many values"}},
                      {"series", "values"}));
  return json::object{
      {"anyOf", json::array{std::move(list), words({"tests"}),
                            mapping({{"tests", ref("anything"),
                                      "with mread run --topology: a selector, or shard: and of:"}},
                                    {"tests"})}}};
}

json::value auth() {
  return or_variable(
      mapping({{"basic",
                mapping({{"username", ref("text"), ""}, {"password", ref("text"), ""}},
                        {"username", "password"}),
                "a user and a password"},
               {"bearer", ref("text"), "a token"},
               {"credentials", ref("text"), "of an Authorization header"},
               {"type", ref("text"), "of the credentials"},
               {"oauth2", ref("text"), "a token server of token_servers:"}}));
}

std::vector<Key> store_keys() {
  return {{"upstream", ref("anything"), "the server whose answers it gives, in place of data"},
          {"input_series", input_series(), "its series, in promtool's notation"},
          {"interval", ref("text"), "between samples; default: the scenario's"},
          {"start_timestamp", ref("text"), "of the first sample; default: the scenario's"},
          {"sample_offset", ref("text"), "moves all samples in time"},
          {"external_labels", named(ref("text")), "added to every series"},
          {"read_path", ref("text"), "default /api/v1/read"},
          {"sink", ref("flag"), "takes scrapes and alerts, and answers with nothing"},
          {"behaves_like", words({"v2.42", "v3.5"}), "the Prometheus that it imitates"},
          {"chunk_encodings", words({"compatible", "newer"}), ""},
          {"streamed", ref("flag"), "whether it answers with chunks; default true"},
          {"max_samples", ref("text"), "of an answer"},
          {"max_bytes_in_frame", ref("text"), "of a streamed answer"},
          {"journal_size", ref("text"), "requests that the journal keeps"},
          {"faults", or_nothing(one_or_list_of(ref("fault"))), "in force from the start"},
          {"tls", ref("anything"), "certificate and client checks of a server"},
          {"auth", auth(), "what a reader must show"},
          {"required_headers", named(ref("text")), "of every read"},
          {"hostnames", ref("texts"), "further names that its control port answers to"},
          {"token_servers", ref("anything"), "one OAuth 2 token server"},
          {"proxies", ref("anything"), "one forward proxy"}};
}

// Of each kind of node: its keys besides those of all nodes.
std::vector<Key> keys_of_kind(std::string_view kind) {
  const Key version{"version", ref("text"), "v3.5: the newest patch here; 3.5.3: this one"};
  const Key files{"files", named(ref("anything")), "path below the node's folder, and contents"};
  const Key flags{"flags", ref("texts"), "added to its command line"};
  const Key series{"input_series", input_series(), "its series, in promtool's notation"};
  const Key faults{"faults", or_nothing(one_or_list_of(ref("fault"))),
                   "of a proxy in front of it, from the start"};
  if (kind == "prometheus") {
    return {version,
            files,
            flags,
            series,
            faults,
            {"image", ref("text"), "a registry's image in place of version:"},
            {"tsdb_age", ref("text"), "its TSDB begins so long before now"},
            {"config", ref("anything"), "prometheus.yml"},
            {"config_file", ref("text"), "a prometheus.yml in place of config:"},
            {"rules", ref("anything"), "groups of rules"}};
  }
  if (kind == "mock") {
    std::vector<Key> keys = store_keys();
    keys.push_back(flags);
    return keys;
  }
  if (kind == "merger") {
    return {files,
            flags,
            faults,
            {"config", ref("anything"), "mread.yml"},
            {"config_file", ref("text"), "an mread.yml in place of config:"}};
  }
  if (kind == "influxdb") return {version, series, faults};
  if (kind == "alertmanager") {
    return {version,
            files,
            flags,
            {"config", ref("anything"), "alertmanager.yml"},
            {"config_file", ref("text"), "an alertmanager.yml in place of config:"},
            // The loader says of such a node that it has no reads.
            faults};
  }
  if (kind == "container") {
    return {files,
            faults,
            {"image", ref("text"), "a registry's image"},
            {"args", ref("texts"), "after its entry point"},
            {"ports", one_or_list_of(ref("text")), "that it listens on; the first is asked"},
            {"ready_path", ref("text"), "answers 2xx when it is ready"}};
  }
  // The loader says of such a node that it has no reads.
  return {version, files, flags, faults};
}

json::value nodes() {
  json::array kinds;
  std::vector<std::string> words_of_kinds;
  for (const auto& entry : all_node_kinds) words_of_kinds.emplace_back(entry().word);
  for (const std::string& kind : words_of_kinds) {
    std::vector<Key> keys = keys_of_kind(kind);
    keys.push_back({"kind", json::object{{"const", kind}}, "the program that runs"});
    keys.push_back(
        {"count", ref("text"), "so many nodes, NAME-0 and so on; ${index} is the number"});
    keys.push_back({"aliases", ref("texts"), "further addresses that mean this node"});
    kinds.emplace_back(mapping(keys, {"kind"}));
  }
  return or_variable(json::object{
      {"type", "object"}, {"additionalProperties", json::object{{"anyOf", std::move(kinds)}}}});
}

json::value check() {
  const json::value sample = mapping({{"labels", ref("anything"), "as in promtool"},
                                      {"value", ref("text"), ""},
                                      {"histogram", ref("text"), "in promtool's notation"}});
  const json::value range = mapping({{"start", ref("text"), "default 0"},
                                     {"end", ref("text"), ""},
                                     {"step", ref("text"), "default: the interval"}},
                                    {"end"});
  const json::value same_as =
      mapping({{"expr", ref("text"), "another question"}, {"node", ref("text"), "another node"}});
  const json::value alert = mapping({{"exp_labels", named(ref("text")), "all labels of an alert"},
                                     {"exp_annotations", named(ref("text")), "all of them"}},
                                    {"exp_labels"});
  return mapping(
      {{"expr", ref("text"), "PromQL that a node is asked"},
       {"read", ref("text"), "a selector that a node is asked over remote read"},
       {"alerts", ref("text"), "a selector of the alerts that an alertmanager node holds"},
       {"name", ref("text"), "for reports"},
       {"node", ref("text"), "that is asked; default: the only query node"},
       {"eval_time", ref("text"), "after start_timestamp, or now"},
       {"time", words({"now"}), "the same as eval_time: now"},
       {"range", or_variable(range), "a range query"},
       {"exp_samples", json::object{{"anyOf", json::array{list_of(sample), ref("text")}}},
        "the samples of the answer; of a read: how many"},
       {"exp_alerts", list_of(alert), "the alerts, each with all its labels"},
       {"exp_count", ref("text"), "how many series or alerts: 3 or '>= 3'"},
       {"exp_value", one_or_list_of(ref("text")), "every value: 3 or '>= 3'"},
       {"oracle", ref("flag"), "false: the oracles do not judge it"},
       {"same_as", or_variable(same_as), "another question with the same answer"},
       {"start", ref("text"), "of a read"},
       {"end", ref("text"), "of a read"},
       {"stream", ref("flag"), "of a read: ask for chunks; default true"},
       {"exp_series", ref("text"), "of a read: how many series"},
       {"exp_partial", ref("text"), "of a read: false, or what it says is missing"},
       {"during", ref("texts"), "phases; default: all"},
       {"repeat", ref("text"), "asks so many times"},
       {"exp_distinct", ref("text"), "of a repeated question: how many different answers"},
       {"eventually", ref("text"), "asks again so long until it holds"},
       {"timeout", ref("text"), "of the request"},
       {"expect", ref("texts"), "no_warn, no_info, warn, info, fail; regex: … or msg: …"},
       {"exp_requests", named(ref("text")), "reads that nodes are asked"},
       {"min_duration", ref("text"), "2s, baseline * 1.5"},
       {"max_duration", ref("text"), "2s, baseline * 1.5"}});
}

json::value timeline() {
  std::vector<std::string> acts;
  for (const Act act : {Act::kill, Act::stop, Act::start, Act::restart, Act::pause, Act::resume,
                        Act::disconnect, Act::connect})
    acts.emplace_back(to_string(act));
  return list_of(mapping({{"at", ref("text"), "after the phase before; default 0"},
                          {"for", ref("text"), "how long it lasts"},
                          {"phase", ref("text"), "its name; default fault"},
                          {"node", ref("text"), "to which it is done"},
                          {"act", words(acts), "what is done to it"},
                          {"fault", one_or_list_of(ref("fault")), "of its answers to reads"}}));
}

json::value invariant() {
  json::array forms;
  std::vector<std::string> alone;
  for (const InvariantEntry& entry : all_invariants) {
    std::vector<Key> fields;
    fields.reserve(8);
    fields.push_back({"during", ref("texts"), "phases; default: all"});
    if (entry.subject == Invariant::Subject::oracle)
      fields.push_back({"replica_labels", ref("texts"), "labels that the merger takes off"});
    if (entry.subject == Invariant::Subject::samples) {
      fields.push_back({"expr", ref("text"), "a selector"});
      fields.push_back({"range", ref("text"), "the time that is looked at"});
      fields.push_back({"eval_time", ref("text"), "its end; default now"});
      fields.push_back({"node", ref("text"), "that is asked"});
      if (entry.kind == Invariant::Kind::no_gap)
        fields.push_back({"interval", ref("text"), "of the samples"});
    } else if (entry.subject == Invariant::Subject::course) {
      fields.push_back({"name", ref("text"), "for the report"});
      fields.push_back({"warn", ref("text"), "a regular expression of a warning"});
      fields.push_back({"fail", ref("text"), "a regular expression of an error"});
      fields.push_back({"log", ref("text"), "a regular expression of a line in a node's log"});
      fields.push_back({"node", ref("text"), "whose log it is"});
      fields.push_back(
          {"file", ref("text"), "a file of the node's folder, in place of its output"});
      fields.push_back({"duration", ref("text"), "the least time that an answer takes"});
    } else {
      alone.emplace_back(entry.word);
    }
    forms.emplace_back(
        mapping({{entry.word, mapping(fields), "an invariant"}}, {std::string(entry.word)}));
  }
  forms.emplace_back(words(alone));
  return json::object{{"anyOf", std::move(forms)}};
}

json::value load() {
  std::vector<std::string> executors;
  for (const Load::Executor executor : all_executors) executors.emplace_back(to_string(executor));
  const json::value query = mapping({{"expr", ref("text"), "PromQL"},
                                     {"range", ref("text"), "a range query over so long"},
                                     {"step", ref("text"), "of the range query"}},
                                    {"expr"});
  const json::value question = json::object{{"anyOf", json::array{ref("text"), query}}};
  const json::value stage =
      mapping({{"duration", ref("text"), ""}, {"target", ref("text"), ""}}, {"duration", "target"});
  return or_variable(mapping({{"executor", words(executors), "k6's"},
                              {"rate", ref("text"), "requests a second"},
                              {"vus", ref("text"), "users at once"},
                              {"stages", list_of(stage), "of a ramping executor"},
                              {"duration", ref("text"), "of a constant executor"},
                              {"warmup", ref("text"), "not measured"},
                              {"expr", question, "what is asked; default: the first check's"},
                              {"queries", list_of(question), "what is asked, in turn"},
                              {"dashboard", ref("flag"), "all queries at once, as panels"},
                              {"vary_time", ref("flag"), "a time of its own for each request"},
                              {"node", ref("text"), "that is asked"},
                              {"eval_time", ref("text"), "of the queries"}}));
}

// An item of a list that stands for several, each of them what `item:` is.
json::value repeated() {
  json::object out = mapping({{"item", ref("anything"), "the items"}}, {"item", "each"});
  return out;
}

json::object root() {
  const json::value known_issue =
      mapping({{"reason", ref("text"), "for reports"},
               {"expect", ref("text"), "a regular expression that the failure fits"}},
              {"reason"});
  const json::value thresholds = or_variable(
      mapping({{"query_duration", one_or_list_of(ref("text")), "p(99) < baseline * 1.5"},
               {"query_failed", one_or_list_of(ref("text")), "rate <= 0.01"}}));
  json::object out =
      mapping({{"name", ref("text"), "lower-case letters, digits, hyphens"},
               {"description", ref("text"), "for people"},
               {"tags", ref("texts"), "for --tag"},
               {"seed", ref("text"), "of every random decision; default 0"},
               {"interval", ref("text"), "of input_series; default 15s"},
               {"start_timestamp", ref("text"), "of the first sample; default now-1h"},
               {"matrix", named(ref("anything")), "axes with their words; include and exclude"},
               {"vars", named(ref("anything")), "what ${…} stands for"},
               {"nodes", nodes(), "the programs that run, by name"},
               {"external", ref("texts"), "hosts that nodes may reach although they are not nodes"},
               {"sinks", ref("texts"), "targets and Alertmanagers that one node stands for"},
               {"certificates", named(ref("texts")), "authorities, and whom they certify"},
               {"timeline", timeline(), "what is done to the nodes, and when"},
               {"checks", list_of(ref("check")), "questions and expected answers"},
               {"invariants", list_of(ref("invariant")), "what holds for every answer"},
               {"load", load(), "many requests"},
               {"thresholds", thresholds, "limits on the times and failures of the load"},
               {"known_issue", one_or_list_of(known_issue), "a failure that is expected"}},
              {"name", "nodes", "checks"});
  for (const char* key : {"when", "each"}) out["properties"].as_object().erase(key);
  return out;
}

}  // namespace

json::object scenario_schema() {
  const json::value scalar = json::array{"string", "number", "boolean"};
  json::object out{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                   {"title", "A scenario of mread run"}};
  for (auto& [key, value] : root()) out[key] = value;
  out["$defs"] = json::object{{"variable", json::object{{"type", "string"}, {"pattern", "\\$\\{"}}},
                              // YAML has a number where the loader reads a text: 41, 3.5.
                              {"text", json::object{{"type", scalar}}},
                              {"flag", json::object{{"type", json::array{"boolean", "string"}}}},
                              {"texts", one_or_list_of(ref("text"))},
                              {"anything", json::object()},
                              {"repeated", repeated()},
                              {"fault", fault()},
                              {"check", check()},
                              {"invariant", invariant()}};
  return out;
}

}  // namespace mread::scenarios
