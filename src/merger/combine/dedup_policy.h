#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "merger/combine/conflict.h"
#include "merger/combine/gap_fill.h"
#include "merger/combine/mixed_samples.h"
#include "merger/policy/policy.h"
#include "merger/source/series_fragment.h"
#include "model/sample.h"

namespace mread::merger {

/// What is merged with others: all that a source says of a series, or one of its replicas.
struct SeriesRun {
  uint32_t group;
  uint32_t source;
  std::string_view replica;
};

/// A chunk of a run. `order` is its position among the chunks of the series.
struct ChunkRef {
  const wire::ChunkView* chunk;
  uint32_t run;
  uint32_t order;
};

/// Decides what of a series' runs is merged: `dedup` of the configuration. SeriesCombiner chooses
/// one policy for all series.
///
/// Runs are numbered by their position in the list. Not thread-safe.
class DedupPolicy {
 public:
  using View = std::span<const model::Sample>;

  virtual ~DedupPolicy() = default;

  /// The runs of the fragments, sorted by group, source and replica. `fragments` are sorted by
  /// source.
  virtual void list_runs(std::span<const Fragment> fragments, std::vector<SeriesRun>& runs) = 0;
  /// The number of the fragment's run; `last` is that of the fragment before.
  virtual uint32_t run_of(const Fragment& fragment, std::span<const SeriesRun> runs,
                          uint32_t last) const = 0;
  /// Takes away chunks that need not be decoded to be left out. False where all of the series has
  /// to be decoded instead.
  virtual bool choose_chunks(std::vector<ChunkRef>& chunks, std::span<const SeriesRun> runs) = 0;
  /// Whether a run that has all samples of the others may be put out in their place.
  virtual bool takes_one_for_all() const = 0;
  /// Replaces the runs' samples by what of them is merged: `views[i]` is of the run `numbers[i]`,
  /// which increases. The views live until the next call.
  virtual void choose_samples(std::vector<View>& views, std::span<const uint32_t> numbers,
                              std::span<const SeriesRun> runs) = 0;
  /// The same after order_mixed().
  virtual void choose_mixed(std::vector<MixedSample>& samples, std::span<const SeriesRun> runs) = 0;

  /// Samples that it did not choose though they differ; of all series so far.
  virtual const ConflictCount& conflicts() const = 0;
  /// Bytes that it takes.
  virtual size_t memory() const = 0;
  /// Gives them back.
  virtual void release() = 0;
};

std::unique_ptr<DedupPolicy> make_dedup_policy(Dedup dedup);

/// Whether both chunks have the same times and bytes.
inline bool same_chunk(const wire::ChunkView& a, const wire::ChunkView& b) {
  return a.min_time_ms == b.min_time_ms && a.max_time_ms == b.max_time_ms &&
         a.encoding == b.encoding && a.data == b.data;
}

}  // namespace mread::merger
