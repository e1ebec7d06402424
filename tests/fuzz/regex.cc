// A matcher's regular expression with a value behind a zero byte. Where the expression is taken
// apart into the strings that it matches, it matches those and no others.
#include "model/regex.h"

#include <algorithm>

#include "fuzz/harness.h"
#include "model/matcher.h"
#include "model/regex_set.h"

MREAD_FUZZ(regex) {
  using namespace mread;  // NOLINT: a program of its own
  const std::string bytes = input.rest();
  const std::string expression = bytes.substr(0, bytes.find('\0'));
  const std::string value =
      expression.size() < bytes.size() ? bytes.substr(expression.size() + 1) : "";
  const auto matcher = model::Matcher::create(model::MatchType::regex, "job", expression);
  const auto inverse = model::Matcher::create(model::MatchType::not_regex, "job", expression);
  FUZZ_CHECK(matcher.has_value() == inverse.has_value());
  const auto strings = model::finite_set(expression);
  if (!matcher) {
    FUZZ_CHECK(!matcher.error().context.empty());
    return;
  }
  FUZZ_CHECK(matcher->matches(value) != inverse->matches(value));
  // Of one that is only sent on, the same answer, or none.
  model::RegexBudget budget(model::RegexBudget::Use::passed_on);
  const auto passed_on = model::Regex::create(expression, budget);
  FUZZ_CHECK(passed_on.has_value());
  for (int round = 0; round < 2; ++round) {
    const auto answer = (*passed_on)->matches(value);
    FUZZ_CHECK(!answer || *answer == matcher->matches(value));
    (*passed_on)->release();
  }
  if (const auto* words = matcher->words()) {
    for (const auto& word : *words)
      FUZZ_CHECK_SHOW(matcher->matches(word), expression + " / " + word);
  }
  if (!strings) return;
  FUZZ_CHECK(std::is_sorted(strings->begin(), strings->end()));
  FUZZ_CHECK(std::adjacent_find(strings->begin(), strings->end()) == strings->end());
  for (const auto& string : *strings)
    FUZZ_CHECK_SHOW(matcher->matches(string), expression + " / " + string);
  for (const auto& probe : {value, value + "x", std::string()}) {
    FUZZ_CHECK_SHOW(
        matcher->matches(probe) == std::binary_search(strings->begin(), strings->end(), probe),
        expression + " / " + probe);
  }
}
