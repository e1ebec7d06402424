#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "merger/answer/client_class.h"
#include "merger/select/prune.h"

namespace mread::merger {

/// Each option is tested where its feature is: unavailable_test.cc, hedged_read_test.cc, ….
struct FanOutOptions {
  /// By backend (may be shorter): answers that are known to come unsorted. They are held whole, up
  /// to merge.repair_limit, and sorted.
  std::vector<bool> known_unsorted;
  /// By backend (may be shorter): backends that are not asked and count as failed, each with the
  /// reason ("open circuit"); empty for all others.
  std::vector<std::string> unavailable;
  /// By backend (may be shorter): of a group whose `hedge_after` is a quantile, that of its recent
  /// latency where it is known.
  std::vector<std::optional<std::chrono::nanoseconds>> latencies;
  /// By backend (may be shorter): it failed when it was last asked. A group with `hedge_after` asks
  /// such members last.
  std::vector<bool> failing;
  /// By backend (may be shorter): this read is to show whether it is back. A group with
  /// `hedge_after` asks it first.
  std::vector<bool> on_trial;
  /// Whether the budget of a group allows one more hedge, which then counts as sent. Empty: always.
  std::function<bool(size_t group)> may_hedge;
  /// By backend (may be shorter): what is known of them, for Policy::prune.
  std::vector<Knowledge> knowledge;
  /// Who asks: series that it would refuse are left out. Where nothing else is left, the answer is
  /// 406.
  ClientClass client = ClientClass::v3_5;
  /// SAMPLES answers that are to make one are read only when they are merged, and may be passed on
  /// as they came. The answer has the same series and samples without it.
  bool defer_samples = true;
  uint64_t window_bytes = 4ULL << 20;      ///< within which a backend's series may be out of order
  uint64_t read_ahead_bytes = 1ULL << 20;  ///< read of each backend beyond that
  size_t batch_bytes = 256U << 10;         ///< about the size of one Body
};

}  // namespace mread::merger
