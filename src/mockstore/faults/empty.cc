#include "mockstore/faults/empty.h"

#include "mockstore/faults/data_fault.h"

namespace mread::mockstore::faults {

std::shared_ptr<const Fault> parse_empty(const yaml::Node& settings) {
  if (!settings.is_null()) settings.error("empty has no settings");
  return data_fault("empty", [](DataChange& data) { data.is_empty = true; });
}

}  // namespace mread::mockstore::faults
