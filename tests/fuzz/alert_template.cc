// A template of an alert: any text expands, or is refused with the action that is not known.
#include "scenarios/rules/alert_template.h"

#include <bit>

#include "fuzz/harness.h"

MREAD_FUZZ(alert_template) {
  using namespace mread;  // NOLINT: a program of its own
  const auto high = static_cast<uint64_t>(input.number()) << 32U;
  const auto value = std::bit_cast<double>(high | input.number());
  const std::string text = input.rest();
  const model::LabelSet labels{{"instance", "a.b:9090"}, {"job", "x y"}};
  const std::map<std::string, std::string> external{{"dc", "eu"}};
  const auto expanded = scenarios::expand_template(text, {labels, value, external});
  if (!expanded) {
    FUZZ_CHECK(expanded.error().context.starts_with("{{"));
    return;
  }
  if (text.find("{{") == std::string::npos) FUZZ_CHECK(*expanded == text);
  // It depends on nothing but its input.
  FUZZ_CHECK(scenarios::expand_template(text, {labels, value, external}).value() == *expanded);
}
