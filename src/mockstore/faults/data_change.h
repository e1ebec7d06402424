#pragma once

#include <chrono>
#include <compare>

namespace mread::mockstore {

/// What faults change in the data of a store. The labels stay.
struct DataChange {
  bool is_empty = false;              ///< there are no series
  std::chrono::milliseconds lag{0};   ///< so much is missing at the end of each series
  std::chrono::milliseconds skew{0};  ///< added to the time of each sample
  double factor = 1;                  ///< of each float, before `add`
  double add = 0;                     ///< to each float that is no staleness marker

  auto operator<=>(const DataChange&) const = default;
};

}  // namespace mread::mockstore
