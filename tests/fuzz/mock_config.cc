// A mock.yml: any text is a configuration or an error with its place. The series of a configuration
// can be made.
#include "mockstore/server/mock_config.h"

#include "fuzz/harness.h"

MREAD_FUZZ(mock_config) {
  using namespace mread;  // NOLINT: a program of its own
  const std::string text = input.rest();
  try {
    const auto config =
        mockstore::parse_mock_config(yaml::Node::parse(text, "mock.yml"), 1'700'000'000'000);
    for (const auto& store : config.stores) {
      for (const auto& series : store.input_series) {
        if (series.series_count() == 0) continue;
        (void)series.labels(0);
        (void)series.labels(series.series_count() - 1);
        if (series.values().size() > 1000) continue;
        (void)series.series(0, {store.start_ms, store.interval.count()});
      }
    }
  } catch (const yaml::ConfigError& error) {
    FUZZ_CHECK_SHOW(std::string_view(error.what()).starts_with("mock.yml:"), error.what());
  }
}
