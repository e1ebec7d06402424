#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "merger/memory/budget.h"

namespace mread::merger {

/// From where on a source's series are wanted, in the order of labels.
struct ResumePoint {
  std::string labels;      ///< canonical wire bytes
  bool inclusive = false;  ///< whether the series of these labels is wanted too

  /// Whether a series comes before it.
  bool skips(std::string_view series_labels) const;
};

struct SourceOptions {
  std::optional<ResumePoint> resume;  ///< series before it are skipped
  /// Another source can take this one's place. Only what is due is then kept of an answer that ends
  /// early: of what comes after it the other says all.
  bool replaceable = false;
  uint32_t group = 0;                           ///< which sources are replicas of each other
  std::span<const std::string> replica_labels;  ///< taken off every series; they outlive the source
  bool verify_chunks = false;         ///< every chunk is read to its end (wire::verify_chunk)
  uint64_t frame_limit = 50'000'000;  ///< bytes of one frame
  uint64_t body_limit = 1ULL << 30;   ///< bytes of a SAMPLES body, compressed and not
  uint64_t series_limit = 0;          ///< of a SAMPLES body; 0: none
  bool defer = false;                 ///< a SAMPLES body is only collected, until the merge begins
  uint64_t window = 4ULL << 20;       ///< bytes within which series may be out of order
  uint64_t read_ahead = 1ULL << 20;   ///< bytes that are asked for beyond the window
  bool hold_all = false;              ///< known to be unsorted: nothing is given out before the end
  uint64_t repair_limit = 256ULL << 20;  ///< bytes of series that may be held for that
  AccountPtr account;  ///< for which it counts what it holds; null: one of its own
};

}  // namespace mread::merger
