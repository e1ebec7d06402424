#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "merger/source/options.h"
#include "merger/source/series_fragment.h"
#include "wire/samples/samples_block_reader.h"

namespace mread::merger {

/// The part of a SeriesSource whose body is a SAMPLES answer.
///
/// Input    The body in pieces; nothing is known of it before its end. Its series need not be
///          sorted.
/// Output   After end(), the series in order, each once, with all its fragments. With
///          SourceOptions::defer the answer waits after end(), not looked into, until check() or
///          read() is called. Of series without samples that follow on the same series nothing is
///          kept.
/// Memory   Of check(): the whole body, uncompressed. Of read(): the body as it came, which is
///          kept, and what wire::SamplesBlockReader needs. The pieces count for the account as they
///          are given; what it takes itself is memory(), and is asked for before it is taken.
/// Errors   Of feed(), end() and check(), all final: see SeriesSource.
/// The options are always those of the one source. Not thread-safe.
class SamplesAnswer {
 public:
  using Pieces = std::span<const std::shared_ptr<const std::string>>;

  Result<void> feed(std::shared_ptr<const std::string> piece, const SourceOptions& options);
  Result<void> end(uint32_t source, const SourceOptions& options);
  /// Drops everything.
  void clear();

  /// Whether it has come as a whole, and is neither read nor checked.
  bool waits() const { return waits_; }
  /// Reads and checks all of it; also after read().
  Result<void> check(uint32_t source, const SourceOptions& options);
  /// Reads it while its series are taken. What is usual in answers is taken for granted; where it
  /// turns out otherwise the answer ends there, and has irregular: then check() knows what it is.
  void read(uint32_t source, const SourceOptions& options);
  bool irregular() const { return irregular_; }
  /// Whether there is something to check.
  bool is_unchecked() const { return waits_ || reader_ != nullptr || left_to_ != nullptr; }
  /// Its series count, but they come from another with the same bytes, whose pieces it then shares.
  void leave_to(const SamplesAnswer& other);
  /// Its series count, so many, but they were passed on: it needs its bytes no more.
  void leave(uint64_t series);

  /// The body; kept from feed() until check() or clear().
  Pieces pieces() const { return pieces_; }
  bool has_same_bytes(const SamplesAnswer& other) const;

  bool empty() const { return reader_ ? !has_front_ : next_ == fragments_.size(); }
  /// The labels of the first series; not empty.
  std::string_view front() const {
    return reader_ ? reader_->series().labels : fragments_[next_].labels;
  }
  /// What they have in common with those of the series that was taken before (Fragment::common).
  uint32_t front_common() const { return reader_ ? front_common_ : fragments_[next_].common; }
  /// Moves all fragments of the first series to the end of `out`; not empty.
  void pop_series(std::vector<Fragment>& out);

  size_t held() const { return bytes_; }
  /// Bytes that it takes, without those of pieces and of blocks that are pinned.
  size_t memory() const {
    return pieces_.capacity() * sizeof(pieces_[0]) + fragments_.capacity() * sizeof(Fragment) +
           (reader_ ? reader_->memory_bytes() + sizeof(*reader_) : 0) + last_labels_.capacity();
  }
  bool over_limit() const { return over_limit_; }
  bool over_budget() const { return over_budget_; }
  /// That the answer holds, wanted or not; of read(): so far.
  uint64_t series() const { return left_to_ != nullptr ? left_to_->series() : series_; }

 private:
  Result<void> exceed_body(const SourceOptions& options);
  Result<void> exceed_bytes(uint64_t limit);
  Result<void> take_room(uint64_t more, const SourceOptions& options);
  Result<void> take_all(std::string_view body, const Pin& pin, uint32_t source,
                        const SourceOptions& options);
  Result<wire::LabelsStep> add_fragment(const wire::TimeSeriesView& series, bool labels_stand,
                                        const Pin& pin, const SourceOptions& options);
  Result<void> grow(const SourceOptions& options);
  Result<void> sort(const SourceOptions& options);
  void advance();

  std::vector<std::shared_ptr<const std::string>> pieces_;
  size_t bytes_ = 0;  // Of the body as it came, or of the fragments that are left.
  uint64_t series_ = 0;
  bool waits_ = false;
  bool over_limit_ = false;
  bool over_budget_ = false;
  bool unsorted_ = false;  // While they are listed.
  const SamplesAnswer* left_to_ = nullptr;
  // Of check().
  std::vector<Fragment> fragments_;  // Sorted.
  Charge fragments_charge_;          // While they are listed.
  size_t next_ = 0;                  // The first of them that was not taken.
  // Of read().
  std::unique_ptr<wire::SamplesBlockReader> reader_;
  uint32_t source_ = 0;
  uint32_t group_ = 0;
  uint64_t series_limit_ = 0;
  std::string last_labels_;
  uint32_t front_common_ = 0;
  Pin pin_;  // Of the window in which the series in front is.
  const char* pinned_ = nullptr;
  bool has_front_ = false;
  bool irregular_ = false;
};

}  // namespace mread::merger
