#include <boost/json.hpp>

#include "base/printable.h"
#include "check/output/formats.h"

namespace mread::check {
namespace {

namespace json = boost::json;

json::object place_json(const Place& place) {
  return {{"file", valid_utf8(place.file)}, {"line", place.line}, {"column", place.column}};
}

json::object finding_json(const Finding& one) {
  const Rule& rule = rule_of(one.rule);
  json::object out = place_json(one.place);
  out["rule"] = rule.code;
  out["name"] = rule.name;
  out["severity"] = to_string(one.severity);
  out["message"] = valid_utf8(one.message);
  out["effect"] = rule.effect;
  out["mend"] = rule.mend;
  out["page"] = page_of(rule);
  out["fingerprint"] = one.fingerprint;
  json::array related;
  for (const Related& other : one.related) {
    json::object item = place_json(other.place);
    item["text"] = valid_utf8(other.text);
    related.push_back(std::move(item));
  }
  out["related"] = std::move(related);
  if (one.edit) {
    out["edit"] = {{"line", one.edit->line},
                   {"action", one.edit->inserts ? "insert_below" : "replace"},
                   {"text", valid_utf8(one.edit->text)}};
  }
  if (!one.note.empty()) out["note"] = one.note;
  if (one.suppression) {
    json::object why{{"reason", valid_utf8(one.suppression->reason)}};
    if (!one.suppression->until.empty()) why["until"] = one.suppression->until;
    out["suppressed"] = std::move(why);
  }
  return out;
}

}  // namespace

std::string to_json(const CheckResult& result) {
  json::array findings;
  for (const Finding& one : result.findings) findings.push_back(finding_json(one));
  json::array not_judged;
  for (const NotJudged& one : result.not_judged) {
    not_judged.push_back(
        json::object{{"rule", rule_of(one.rule).code}, {"needs", valid_utf8(one.needs)}});
  }
  json::array passed;
  for (const RuleId one : result.passed) passed.push_back(json::value(rule_of(one).code));
  json::array notes;
  for (const std::string& one : result.notes) notes.push_back(json::value(valid_utf8(one)));
  const json::object out{{"format", 1},
                         {"file", valid_utf8(result.file)},
                         {"errors", result.count(Severity::error)},
                         {"warnings", result.count(Severity::warning)},
                         {"infos", result.count(Severity::info)},
                         {"suppressed", result.suppressed()},
                         {"expressions", result.expressions},
                         {"findings", std::move(findings)},
                         {"not_judged", std::move(not_judged)},
                         {"passed", std::move(passed)},
                         {"notes", std::move(notes)}};
  return printable_json(json::serialize(out)) + "\n";
}

}  // namespace mread::check
