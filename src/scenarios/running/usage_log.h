#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "scenarios/engine/engine.h"
#include "scenarios/model/results.h"

namespace mread::scenarios {

/// Readings of what the nodes of a test use, and the CPU shares between them. A look reads every
/// node once. When there are more than `most_looks`, every second one is dropped: a long test keeps
/// evenly spread looks, and the shares between the rest stay exact. Not thread-safe.
class UsageLog {
 public:
  static constexpr size_t most_looks = 64;

  /// `at_s` is later than that of the look before. Nodes that do not run are not in `usages`.
  void add_look(double at_s, std::map<std::string, NodeUsage> usages);

  /// 1, and twice as much each time that looks were dropped: how much longer the next pauses are.
  size_t spread() const { return spread_; }

  /// A sample for each look at the node but the first. A look at which the node has used less than
  /// at the one before gives none: its program has started again.
  std::vector<UsageSample> samples_of(const std::string& node) const;

 private:
  struct Look {
    double at_s = 0;
    std::map<std::string, NodeUsage> usages;
  };

  std::vector<Look> looks_;
  size_t spread_ = 1;
};

}  // namespace mread::scenarios
