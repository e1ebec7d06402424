#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "merger/chain_iterator.h"
#include "merger/mixed_samples.h"
#include "merger/series_fragment.h"
#include "model/sample.h"

namespace mread::merger {

/// Takes a series' data part by part, in the order of time. A part that fails blames a source.
class SeriesParts {
 public:
  virtual ~SeriesParts() = default;
  /// A chunk that nothing else overlaps, not looked into.
  virtual SourceResult<void> chunk(const wire::ChunkView& chunk, uint32_t source) = 0;
  /// Strictly increasing.
  virtual SourceResult<void> samples(std::span<const model::Sample> samples) = 0;
  /// Strictly increasing; with histograms.
  virtual SourceResult<void> mixed(std::span<const MixedSample> samples) = 0;
};

/// Combines the fragments of one series, decoding only where chunks overlap in time.
///
/// Input    fragments of one series, sorted by source.
/// Output   chunks that are alone in their time as they came; of byte-identical chunks one; of overlapping ones the
///          samples, one a timestamp (ChainIterator; merge_mixed where there are histograms). A chunk's claimed times
///          are trusted as long as nothing overlaps them. Samples of one source that are out of order are sorted.
/// Errors   a source whose chunk or samples do not decode; what was put out for the series until then is to be dropped.
/// Memory   the decoded samples of one series' largest overlap, kept for the next.
/// Not thread-safe.
class SeriesCombiner {
 public:
  explicit SeriesCombiner(OnConflict rule) : rule_(rule), chain_(rule) {}

  SourceResult<void> combine(std::span<const Fragment> fragments, SeriesParts& out);

  uint64_t conflicts() const { return conflicts_ + chain_.conflicts(); }

 private:
  struct ChunkRef {
    const wire::ChunkView* chunk;
    uint32_t source;
    uint32_t order;
  };

  SourceResult<void> merge(std::span<ChunkRef> chunks, std::span<const Fragment> sampled, SeriesParts& out);
  SourceResult<void> merge_floats(std::span<ChunkRef> chunks, std::span<const Fragment> sampled, SeriesParts& out);
  SourceResult<void> merge_all_kinds(std::span<ChunkRef> chunks, std::span<const Fragment> sampled, SeriesParts& out);
  std::vector<model::Sample>& open_run();
  void close_run(std::vector<model::Sample>& run);

  OnConflict rule_;
  ChainIterator chain_;
  uint64_t conflicts_ = 0;
  std::vector<ChunkRef> refs_;
  std::vector<std::vector<model::Sample>> runs_;
  size_t open_runs_ = 0;
  std::vector<std::span<const model::Sample>> views_;
  std::vector<model::Sample> merged_;
  std::vector<MixedSample> mixed_;
};

/// Appends the samples of an XOR chunk.
Result<void> append_samples(const wire::ChunkView& chunk, std::vector<model::Sample>& out);

}  // namespace mread::merger
