#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>

namespace mread::merger {

/// The latencies of a backend's last answers, and their quantiles.
///
/// Cost  add() is O(1); quantile() copies and partly sorts what is kept. No allocation.
/// Not thread-safe.
class LatencyWindow {
 public:
  static constexpr size_t kept = 200;   ///< older ones are forgotten
  static constexpr size_t enough = 20;  ///< fewer say nothing of a quantile

  void add(std::chrono::nanoseconds latency);
  /// The least of the kept latencies that at least a share of `q` of them does not exceed; 0 < q
  /// <= 1. None before there are enough.
  std::optional<std::chrono::nanoseconds> quantile(double q) const;

 private:
  std::array<std::chrono::nanoseconds, kept> latencies_{};
  size_t count_ = 0;
  size_t next_ = 0;
};

}  // namespace mread::merger
