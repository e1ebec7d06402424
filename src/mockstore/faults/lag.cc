#include "mockstore/faults/lag.h"

#include "mockstore/faults/data_fault.h"

namespace mread::mockstore::faults {

std::shared_ptr<const Fault> parse_lag(const yaml::Node& settings) {
  return data_fault("lag", [lag = settings.duration()](DataChange& data) { data.lag += lag; });
}

}  // namespace mread::mockstore::faults
