#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/printable.h"
#include "probe/conformance.h"

namespace mread::probe {

namespace {

uint64_t number_of(const std::vector<ConformanceRow>& rows, Verdict verdict) {
  return static_cast<uint64_t>(std::count_if(
      rows.begin(), rows.end(), [&](const ConformanceRow& row) { return row.verdict == verdict; }));
}

constexpr Verdict verdicts[] = {Verdict::yes, Verdict::no, Verdict::differs,
                                Verdict::not_applicable};

}  // namespace

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::yes:
      return "yes";
    case Verdict::no:
      return "no";
    case Verdict::differs:
      return "differs";
    case Verdict::not_applicable:
      return "n/a";
  }
  return "";
}

std::string conformance_text(const std::vector<ConformanceRow>& rows) {
  std::string out;
  for (const ConformanceRow& row : rows) {
    out += fmt::format("{:<8} {}\n", to_string(row.verdict), row.fact);
    if (!row.seen.empty()) out += fmt::format("         seen: {}\n", printable(row.seen));
    if (row.verdict == Verdict::no || row.verdict == Verdict::differs)
      out += fmt::format("         why it matters: {}\n", row.why);
  }
  out += '\n';
  for (const Verdict verdict : verdicts) {
    out += fmt::format("{}{} {}", verdict == Verdict::yes ? "" : ", ", number_of(rows, verdict),
                       to_string(verdict));
  }
  return out + "\n";
}

std::string conformance_json(const std::vector<ConformanceRow>& rows) {
  boost::json::array list;
  for (const ConformanceRow& row : rows) {
    list.push_back(boost::json::object{{"fact", row.fact},
                                       {"verdict", to_string(row.verdict)},
                                       {"seen", row.seen},
                                       {"why", row.why}});
  }
  boost::json::object out{{"rows", list}};
  for (const Verdict verdict : verdicts) out[to_string(verdict)] = number_of(rows, verdict);
  return printable_json(boost::json::serialize(out)) + "\n";
}

}  // namespace mread::probe
