// A PromQL test script: any text is groups of questions, or an error with its place.
#include "ruletests/promql_script.h"

#include "fuzz/harness.h"
#include "mockstore/notation/input_series.h"

MREAD_FUZZ(promql_script) {
  using namespace mread;  // NOLINT: a program of its own
  const std::string text = input.rest();
  try {
    const auto groups = ruletests::parse_promql_script(text, "s.test");
    FUZZ_CHECK(!groups.empty());
    for (const auto& group : groups) {
      FUZZ_CHECK(!group.checks.empty() && group.interval.count() > 0);
      for (const auto& line : group.input) {
        // What a node is given is what a scenario could hold.
        const auto series = mockstore::InputSeries::parse(line.series, line.values);
        FUZZ_CHECK_SHOW(series.has_value(), line.series + " " + line.values);
        FUZZ_CHECK(series->labels(0) == line.labels);
      }
      for (const auto& check : group.checks)
        FUZZ_CHECK(check.samples || check.range_series || check.text || !check.expect.empty());
    }
  } catch (const yaml::ConfigError& error) {
    FUZZ_CHECK_SHOW(std::string_view(error.what()).starts_with("s.test:"), error.what());
  }
}
