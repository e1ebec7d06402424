#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "config/config.h"
#include "merger/fan_out/fan_out.h"
#include "merger/members/hedge.h"
#include "merger/members/latency_window.h"

namespace mread::serve {

/// What groups with `hedge_after` need to know from read to read: the recent latencies of their
/// members, and each group's budget, which all reads share. Safe to use from several threads.
class Hedging {
 public:
  /// `config` outlives it.
  explicit Hedging(const config::Config& config);
  /// Begins with what another knows: of groups by name, of backends by `origins`, their index
  /// there.
  void take_over(const Hedging& previous, const std::vector<std::optional<size_t>>& origins);

  /// For a read that begins and that this outlives.
  void prepare(merger::FanOutOptions& options);
  /// What a read has shown.
  void learn(const merger::Outcome& outcome);
  /// Since the start, by group.
  std::vector<merger::HedgeCounts> counts() const;

 private:
  struct Group {
    merger::HedgeBudget budget;
    merger::HedgeCounts counts;
  };
  // With the mutex held.
  std::optional<std::chrono::nanoseconds> latency(size_t backend) const;

  const config::Config& config_;
  mutable std::mutex mutex_;
  std::vector<Group> groups_;
  std::vector<merger::LatencyWindow> windows_;  // By backend; empty where no group hedges.
};

}  // namespace mread::serve
