#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "merger/combine/conflict.h"
#include "model/sample.h"

namespace mread::merger {

/// One sample of one run.
struct SampleRef {
  uint32_t run = 0;
  uint32_t index = 0;

  friend bool operator==(const SampleRef&, const SampleRef&) = default;
};

/// Makes one run of what K replicas have of a series (`dedup: gapfill`): stays on one and fills its
/// gaps from the others. No value and no timestamp is changed; where replicas do not fit together,
/// samples are left out.
///
/// Input      K runs, each strictly increasing in timestamp [ms since epoch]; they outlive the
///            selection. For a series of histograms a run carries their counts as values (see
///            gap_fill_mixed).
/// Output     Strictly increasing in timestamp; of a single run all of it. It depends on the runs
///            and their order alone.
/// Base       The first run, unless a later one has clearly more live samples (10 % and 3). All of
///            its live samples are in the output.
/// Gap        More than 1.5 intervals between two live samples of the base, or beyond its ends. The
///            interval is the median distance of the samples around, so it follows a change of the
///            scrape interval; where there are none, 1m.
/// Fill       The other runs, in order, each into the gaps that are still there: samples at least
///            half an interval away from both sides, so that a gap of one scrape gets one sample,
///            and at least three quarters from one another, so that a run with a shorter interval
///            does not make more of them.
/// Switch     A sample may be lower than that of another run before it. If its own run does not
///            fall there, it is either behind by a slow scrape, and a counter would seem to be
///            reset: such samples of the filling run are left out until it has caught up, on the
///            way back those that are ahead. Or the replicas differ: then all stays. It is a lag if
///            it is over within two intervals. If a run ends before that can be told, the samples
///            are left out.
/// Stale      A staleness marker is a gap. It stays, unless a fill comes after it; those of a
///            filling run come along.
/// Conflict   Samples of other runs at a timestamp of the output with different bits are counted,
///            and not used, whatever merge.on_conflict says.
/// Cost       O(K n). Memory: 24 bytes a sample, kept for the next selection.
/// Not thread-safe.
class GapFill {
 public:
  using Run = std::span<const model::Sample>;

  /// The result lives until the next call.
  std::span<const SampleRef> select(std::span<const Run> runs);

  /// Bytes that it takes.
  size_t memory() const {
    return (base_.capacity() + out_.capacity()) * sizeof(SampleRef) + live_.memory() +
           filler_.memory() + fills_.capacity() * sizeof(fills_[0]);
  }

  /// Of all selections so far.
  const ConflictCount& conflicts() const { return conflicts_; }

 private:
  // The samples of a run that are no staleness markers.
  struct Live {
    std::vector<int64_t> times;
    std::vector<double> values;
    std::vector<uint32_t> positions;
    void clear();
    void add(model::Sample sample, uint32_t position);
    size_t size() const { return times.size(); }
    size_t memory() const {
      return times.capacity() * sizeof(times[0]) + values.capacity() * sizeof(values[0]) +
             positions.capacity() * sizeof(positions[0]);
    }
  };
  // Between the live samples `next - 1` and `next` of the base, or beyond its ends.
  struct Gap {
    std::optional<size_t> before;
    std::optional<size_t> after;
    uint64_t interval = 0;
  };

  const model::Sample& at(SampleRef ref) const { return runs_[ref.run][ref.index]; }
  size_t choose_base() const;
  void count_conflicts(uint32_t filler);
  void fill_from(uint32_t filler);
  bool is_gap(const Gap& gap, std::span<const SampleRef> markers) const;
  void choose_fills(const Gap& gap);
  std::optional<size_t> past_lag(const Gap& gap, size_t first) const;
  bool falls(size_t i, int64_t since_ms) const;
  void drop_ahead(const Gap& gap);
  void put_filled(const Gap& gap, std::span<const SampleRef> markers, uint32_t filler);

  std::span<const Run> runs_;
  std::vector<SampleRef> base_;
  std::vector<SampleRef> out_;
  Live live_;                  // Of base_.
  Live filler_;                // Of the run that fills.
  std::vector<size_t> fills_;  // Positions in filler_.
  size_t next_fill_ = 0;       // The first of filler_ that is not behind the gap.
  ConflictCount conflicts_;
};

}  // namespace mread::merger
