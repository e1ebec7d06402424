#include <boost/json.hpp>

#include "base/printable.h"
#include "check/output/formats.h"

namespace mread::check {
namespace {

namespace json = boost::json;

std::string_view gitlab_severity(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "critical";
    case Severity::warning:
      return "major";
    case Severity::info:
      break;
  }
  return "info";
}

}  // namespace

std::string to_gitlab(const CheckResult& result) {
  json::array out;
  for (const Finding& one : result.findings) {
    if (one.suppression) continue;
    const Rule& rule = rule_of(one.rule);
    out.push_back(json::object{
        {"description", std::string(rule.code) + ": " + valid_utf8(one.message)},
        {"check_name", rule.code},
        {"fingerprint", one.fingerprint},
        {"severity", gitlab_severity(one.severity)},
        {"location", json::object{{"path", valid_utf8(one.place.file)},
                                  {"lines", json::object{{"begin", one.place.line}}}}}});
  }
  return printable_json(json::serialize(out)) + "\n";
}

}  // namespace mread::check
