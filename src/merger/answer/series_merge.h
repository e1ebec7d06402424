#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "merger/answer/answer_writer.h"
#include "merger/combine/loser_tree.h"
#include "merger/source/series_source.h"

namespace mread::merger {

/// Merges the answers of K sources to one query into one, series by series.
///
/// Input    K >= 0 sources, each a sorted run of whole series (SeriesSource); they outlive the
///          merge.
/// Output   Every series once, in Prometheus's order of labels, to an AnswerWriter, with the
///          fragments of all sources, sorted by source.
/// Cost     O(log K) comparisons a series, of which those are of lengths only whose labels part at
///          different places: what neighbours share is read once, not at every level.
///
/// It is deterministic: what goes out depends on what the sources say, not on when. Not
/// thread-safe.
class SeriesMerge {
 public:
  enum class State {
    blocked,  ///< a source has to say more first
    done,     ///< nothing is left
    full,     ///< the batch has reached its size
    failed,   ///< failed_source() and error() say what; see skip_failure()
  };

  SeriesMerge() = default;
  SeriesMerge(const SeriesMerge&) = delete;
  SeriesMerge& operator=(const SeriesMerge&) = delete;

  /// The sources, by index; before run(), or to begin again with sources of which nothing was
  /// taken.
  void start(std::vector<SeriesSource*> sources);

  /// Goes on until one of the states is reached.
  State run(AnswerWriter& writer, Batch& batch, size_t batch_bytes);

  /// After State::failed: the source that ended early or whose data did not decode, or no_source
  /// for a limit.
  size_t failed_source() const { return failed_source_; }
  const Error& error() const { return *error_; }
  /// Goes on without the failed source; what it gave before stays.
  void skip_failure();

  /// A source has been discarded with what it held (SeriesSource::discard), perhaps series that
  /// were next.
  void forget_next() {
    built_ = false;
    replay_ = false;
  }
  /// Lets go of what it pins; nothing may be merged afterwards.
  void release() {
    series_ = {};
    written_pin_.reset();
  }
  /// What the list of the series' fragments takes.
  size_t memory() const { return series_.capacity() * sizeof(Fragment); }

  /// After skip_failure(): which series are still to come; none given: all.
  std::optional<ResumePoint> resume_point() const;
  /// One more source, with the next index; after skip_failure(). It must begin at resume_point().
  void add(SeriesSource* source);

 private:
  bool before(size_t i, size_t j);
  bool refresh();
  bool write_series(AnswerWriter& writer, Batch& batch);
  bool fail_with(size_t source, Error error);

  std::vector<SeriesSource*> sources_;
  std::vector<const ReorderWindow*> windows_;  // Theirs.
  // `common` is what its labels have in common with those of the leaf that it lost to, or, on top,
  // of the series that was taken last (Fragment::common, but never unknown).
  struct Leaf {
    std::string_view labels;
    bool ended = false;
    uint32_t common = 0;
  };
  bool continues(const Leaf& top) const;

  std::vector<Leaf> leaves_;
  LoserTree tree_;
  bool built_ = false;
  bool fresh_ = false;            // Nothing was taken since it was built.
  bool replay_ = false;           // The leaf on top was taken from.
  std::vector<Fragment> series_;  // The series that is being gathered.
  std::string_view written_;      // The labels of the series that was written last,
  Pin written_pin_;               // if there is one, and what keeps them.
  size_t failed_source_ = no_source;
  bool undecodable_ = false;  // It failed in write().
  std::optional<Error> error_;
};

}  // namespace mread::merger
