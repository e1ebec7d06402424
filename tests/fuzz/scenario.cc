// A scenario: any text is a list of tests or an error with its place.
#include "fuzz/harness.h"
#include "scenarios/loading/load_scenario.h"

MREAD_FUZZ(scenario) {
  using namespace mread;  // NOLINT: a program of its own
  const std::string text = input.rest();
  try {
    scenarios::LoadOptions options;
    options.now_ms = 1'700'000'000'000;
    for (const auto& test : scenarios::parse_scenario(text, "scenario.yaml", options)) {
      FUZZ_CHECK(!test.nodes.empty() && !test.checks.empty());
      FUZZ_CHECK(!test.title().empty());
      FUZZ_CHECK(!scenarios::phases_of(test.timeline).empty());
    }
  } catch (const yaml::ConfigError& error) {
    FUZZ_CHECK_SHOW(std::string_view(error.what()).starts_with("scenario.yaml:"), error.what());
  }
}
