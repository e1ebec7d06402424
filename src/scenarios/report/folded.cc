#include "scenarios/report/folded.h"

#include <map>
#include <tuple>

namespace mread::scenarios {

std::vector<CheckResult> folded(const TestResult& result, Verdict verdict) {
  const auto same = [](const CheckResult& check) {
    return std::tie(check.expr, check.name, check.node, check.line, check.want, check.got,
                    check.detail, check.warnings);
  };
  using Same = decltype(same(std::declval<const CheckResult&>()));
  std::vector<CheckResult> out;
  std::map<Same, size_t> places;
  for (const CheckResult& check : result.checks) {
    if (check.verdict != verdict) continue;
    const auto [place, is_new] = places.try_emplace(same(check), out.size());
    if (is_new) {
      out.push_back(check);
    } else {
      out[place->second].phase += ", " + check.phase;
    }
  }
  return out;
}

}  // namespace mread::scenarios
