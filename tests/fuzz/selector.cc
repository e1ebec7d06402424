// Selectors and series as text: what is read is printed, and the print is read as the same.
#include "fuzz/harness.h"
#include "model/labels.h"
#include "model/matcher.h"

MREAD_FUZZ(selector) {
  using namespace mread;  // NOLINT: a program of its own
  const std::string text = input.rest();
  size_t offset = 0;
  const auto matchers = model::parse_selector(text, &offset);
  FUZZ_CHECK(matchers.has_value() == model::parse_selector(text).has_value());
  if (matchers) {
    const std::string printed = model::to_string(*matchers);
    const auto again = model::parse_selector(printed);
    FUZZ_CHECK_SHOW(again.has_value(), printed + (again ? "" : ": " + again.error().to_string()));
    // An equality on __name__ goes to the front.
    FUZZ_CHECK_SHOW(again->size() == matchers->size() && model::to_string(*again) == printed,
                    printed);
  } else {
    FUZZ_CHECK(offset <= text.size());
    FUZZ_CHECK(!matchers.error().context.empty());
  }
  const auto series = model::parse_series(text, &offset);
  FUZZ_CHECK(series.has_value() == model::parse_series(text).has_value());
  if (series) {
    const std::string printed = series->to_string();
    const auto again = model::parse_series(printed);
    FUZZ_CHECK_SHOW(again.has_value() && *again == *series, printed);
  } else {
    FUZZ_CHECK(offset <= text.size());
  }
}
