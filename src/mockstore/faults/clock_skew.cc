#include "mockstore/faults/clock_skew.h"

#include "mockstore/faults/data_fault.h"

namespace mread::mockstore::faults {
namespace {

std::chrono::milliseconds parse_skew(const yaml::Node& settings) {
  if (!settings.is_mapping()) return settings.duration();
  yaml::Mapping mapping = settings.mapping();
  const auto ahead = mapping.find("ahead");
  const auto behind = mapping.find("behind");
  mapping.finish();
  if (ahead.has_value() == behind.has_value())
    settings.error("a clock is {ahead: 30s} or {behind: 30s}");
  return ahead ? ahead->duration() : -behind->duration();
}

}  // namespace

std::shared_ptr<const Fault> parse_clock_skew(const yaml::Node& settings) {
  return data_fault("clock_skew",
                    [skew = parse_skew(settings)](DataChange& data) { data.skew += skew; });
}

}  // namespace mread::mockstore::faults
