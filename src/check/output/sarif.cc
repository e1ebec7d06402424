#include <boost/json.hpp>

#include "base/printable.h"
#include "check/output/formats.h"

namespace mread::check {
namespace {

namespace json = boost::json;

// A path as a URI reference: SARIF wants one.
std::string uri_of(const std::string& path) {
  constexpr std::string_view kept = "-._~/!$&'()*+,;=@";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_word || kept.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

std::string_view level_of(Severity severity) {
  return severity == Severity::info ? "note" : to_string(severity);
}

json::object text_of(std::string_view text) { return {{"text", valid_utf8(text)}}; }

json::object location_of(const Place& place) {
  return {{"physicalLocation",
           json::object{{"artifactLocation", json::object{{"uri", uri_of(place.file)}}},
                        {"region",
                         json::object{{"startLine", place.line}, {"startColumn", place.column}}}}}};
}

json::object fix_of(const Edit& edit) {
  // An inserted line goes before the next one; a replaced one is deleted up to its end.
  const int line = edit.inserts ? edit.line + 1 : edit.line;
  json::object region{{"startLine", line}, {"startColumn", 1}};
  region["endLine"] = edit.inserts ? line : line + 1;
  region["endColumn"] = 1;
  const json::object replacement{{"deletedRegion", std::move(region)},
                                 {"insertedContent", text_of(edit.text + "\n")}};
  const json::object change{{"artifactLocation", json::object{{"uri", uri_of(edit.file)}}},
                            {"replacements", json::array{replacement}}};
  return {{"artifactChanges", json::array{change}}};
}

json::object rule_json(const Rule& rule) {
  return {{"id", rule.code},
          {"name", rule.name},
          {"shortDescription", text_of(rule.title)},
          {"fullDescription", text_of(std::string(rule.title) + ". " + std::string(rule.effect))},
          {"help", text_of(std::string(rule.mend) + " See " + page_of(rule) + ".")},
          {"defaultConfiguration", json::object{{"level", level_of(rule.severity)}}}};
}

json::object result_json(const Finding& one) {
  json::object out{{"ruleId", rule_of(one.rule).code},
                   {"ruleIndex", static_cast<int>(one.rule) - 1},
                   {"level", level_of(one.severity)},
                   {"message", text_of(one.message)},
                   {"locations", json::array{location_of(one.place)}},
                   {"partialFingerprints", json::object{{"mreadFinding/v1", one.fingerprint}}}};
  json::array related;
  for (const Related& other : one.related) {
    json::object location = location_of(other.place);
    location["message"] = text_of(other.text);
    related.push_back(std::move(location));
  }
  if (!related.empty()) out["relatedLocations"] = std::move(related);
  if (one.edit) out["fixes"] = json::array{fix_of(*one.edit)};
  if (one.suppression) {
    out["suppressions"] = json::array{
        json::object{{"kind", "inSource"}, {"justification", valid_utf8(one.suppression->reason)}}};
  } else {
    out["suppressions"] = json::array{};
  }
  return out;
}

}  // namespace

std::string to_sarif(const CheckResult& result, std::string_view version) {
  json::array rules;
  for (const Rule& rule : all_rules()) rules.push_back(rule_json(rule));
  json::array results;
  for (const Finding& one : result.findings) results.push_back(result_json(one));
  const json::object driver{
      {"name", "mread check"}, {"semanticVersion", version}, {"rules", std::move(rules)}};
  const json::object run{{"tool", json::object{{"driver", driver}}},
                         {"columnKind", "unicodeCodePoints"},
                         {"results", std::move(results)}};
  const json::object out{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                         {"version", "2.1.0"},
                         {"runs", json::array{run}}};
  return printable_json(json::serialize(out)) + "\n";
}

}  // namespace mread::check
