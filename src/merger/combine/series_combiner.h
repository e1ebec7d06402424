#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "merger/combine/chain_iterator.h"
#include "merger/combine/conflict.h"
#include "merger/combine/dedup_policy.h"
#include "merger/combine/mixed_samples.h"
#include "merger/source/series_fragment.h"
#include "model/sample.h"

namespace mread::merger {

/// Takes a series' data part by part, in the order of time. A part that fails blames a source.
class SeriesParts {
 public:
  virtual ~SeriesParts() = default;
  /// A chunk that nothing else overlaps, not looked into.
  virtual SourceResult<void> chunk(const wire::ChunkView& chunk, uint32_t source) = 0;
  /// A chunk that had to be looked into, with its samples, which are strictly increasing: either is
  /// to be taken.
  virtual SourceResult<void> decoded_chunk(const wire::ChunkView&, uint32_t,
                                           std::span<const model::Sample> samples) {
    return this->samples(samples);
  }
  /// Strictly increasing.
  virtual SourceResult<void> samples(std::span<const model::Sample> samples) = 0;
  /// Strictly increasing; with histograms.
  virtual SourceResult<void> mixed(std::span<const MixedSample> samples) = 0;
};

/// Combines the fragments of one series, decoding only where chunks overlap in time, or, to fill
/// gaps, where replicas differ.
///
/// Input     Fragments of one series, sorted by source.
/// Output    Chunks that are alone in their time as they came; of byte-identical chunks one; of
///           overlapping ones the samples, one a timestamp (ChainIterator; merge_mixed where there
///           are histograms). A chunk's claimed times are trusted as long as nothing overlaps them;
///           of one that is decoded, no sample may be outside of them. Samples of one source that
///           are out of order are sorted.
/// Decoded   Where overlapping float chunks are merged, the output is the samples of the merge, and
///           some of the chunks in place of theirs: where a run has all that the others have, bit
///           for bit, its chunks (the longest such run, on ties the first); else chunks of
///           `worth_keeping` samples or more that the merge holds exactly, from the earliest on,
///           where they follow on each other or with as many samples between them.
/// Gapfill   The fragments of each group are first made one run (GapFill), then those of the groups
///           are combined as above. A replica is a source, or of a source that has several what its
///           replica labels tell apart. Where one replica has every chunk that its group has, its
///           chunks are put out as they are; else all are decoded.
/// Errors    A source whose chunk or samples do not decode; what was put out for the series until
///           then is to be dropped.
/// Memory    The decoded samples of one series' largest overlap (to fill gaps: of the series), kept
///           for the next unless they are unusually many. It is asked for before it is taken: where
///           the budget has no room for it, the source that has the most of the series' samples is
///           to blame, or, where they are not much, no source.
/// Not thread-safe. Tested by kept_chunks_test.cc, chunk_encodings_test.cc, gap_fill_read_test.cc.
class SeriesCombiner {
 public:
  /// Half of what Prometheus puts into a chunk, so that keeping some makes at most twice as many of
  /// them.
  static constexpr size_t worth_keeping = 60;

  /// `budget` outlives it.
  SeriesCombiner(OnConflict rule, Dedup dedup, const Budget& budget)
      : rule_(rule), dedup_(make_dedup_policy(dedup)), budget_(budget), chain_(rule) {}

  SourceResult<void> combine(std::span<const Fragment> fragments, SeriesParts& out);

  /// Bytes that it takes.
  size_t memory() const;
  /// Whether the series that was combined last may have made it much.
  bool has_grown() const {
    constexpr size_t little = 64U << 10;
    return grown_ > little || mixed_bytes_ > 0 || merged_.capacity() > little ||
           chunks_.capacity() > little / 16;
  }
  /// Gives them back.
  void release();

  /// Of all series so far.
  uint64_t conflicts() const {
    return conflicts_.count() + chain_.conflicts().count() + dedup_->conflicts().count();
  }
  /// One of those of the series that was combined last; of no meaning where it had none.
  const SampleConflict& last_conflict() const;

 private:
  struct SamplesRef {
    const Fragment* fragment;
    uint32_t run;
  };
  // A run's samples.
  struct Decoded {
    uint32_t run = 0;
    bool in_chunks = false;  // They are those of its chunks, one after another.
    size_t size = 0;         // Of what is in the memory.
    std::vector<model::Sample> memory;
    std::span<model::Sample> samples() { return std::span(memory).first(size); }
  };
  struct DecodedChunk {
    const wire::ChunkView* view;
    size_t run;    // Its position in decoded_.
    size_t begin;  // Of its samples among the run's.
    size_t size;
  };

  SourceResult<void> combine_now(std::span<const Fragment> fragments, SeriesParts& out);
  SourceResult<void> check_room(uint64_t more, uint32_t source, uint64_t of_source) const;
  SourceResult<void> check_chunks(std::span<const Fragment> fragments) const;
  SourceResult<void> check_decoding(const Decoded& run, size_t samples);
  SourceResult<void> check_merging(uint64_t bytes) const;
  SourceResult<void> mix(const ChunkRef& ref);
  SourceResult<void> mix(const SamplesRef& ref);
  SourceResult<void> add_mixed(MixedSample&& sample);
  SourceResult<void> put_apart(SeriesParts& out);
  SourceResult<void> merge(std::span<ChunkRef> chunks, std::span<const SamplesRef> samples_refs,
                           SeriesParts& out);
  SourceResult<void> merge_floats(std::span<ChunkRef> chunks,
                                  std::span<const SamplesRef> samples_refs, SeriesParts& out);
  SourceResult<void> merge_all_kinds(std::span<ChunkRef> chunks,
                                     std::span<const SamplesRef> samples_refs, SeriesParts& out);
  SourceResult<void> decode(std::span<const ChunkRef> chunks,
                            std::span<const SamplesRef> samples_refs);
  std::span<model::Sample> samples_of(const DecodedChunk& chunk);
  Decoded& open_run(uint32_t run);
  void close_run(Decoded& run);
  std::optional<size_t> find_all_in_one() const;
  void merge_views();
  SourceResult<void> put_run(size_t i, SeriesParts& out);
  SourceResult<void> put_merged(std::span<const model::Sample> merged, SeriesParts& out);

  OnConflict rule_;
  const std::unique_ptr<DedupPolicy> dedup_;
  const Budget& budget_;
  uint64_t grown_ = 0;  // By the series that is combined.
  uint64_t mixed_bytes_ = 0;
  ChainIterator chain_;
  ConflictCount conflicts_;  // Within a run, or among samples with histograms.
  // By place: those before the series that was combined last.
  uint64_t chain_conflicts_before_ = 0;
  uint64_t own_conflicts_before_ = 0;
  std::vector<SeriesRun> runs_;  // By number; sorted.
  std::vector<wire::ChunkView> chunks_;
  std::vector<ChunkRef> refs_;
  std::vector<SamplesRef> samples_;
  std::vector<Decoded> decoded_;  // The first open_runs_ are in use.
  size_t open_runs_ = 0;
  std::vector<DecodedChunk> decoded_chunks_;
  std::vector<DecodedChunk> to_keep_;
  std::vector<std::span<const model::Sample>> views_;
  std::vector<uint32_t> view_runs_;  // The numbers of their runs.
  std::vector<model::Sample> merged_;
  std::vector<MixedSample> mixed_;
};

/// Appends the samples of an XOR or XOR2 chunk.
Result<void> append_samples(const wire::ChunkView& chunk, std::vector<model::Sample>& out);

}  // namespace mread::merger
