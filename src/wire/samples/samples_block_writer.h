#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/sample.h"
#include "wire/snappy/snappy_elements.h"

namespace mread::wire {

/// Builds a ReadResponse as a snappy block, series by series. The uncompressed response is never in
/// memory as a whole; it is byte for byte what ReadResponseWriter builds.
///
/// The writer finds repetitions because it knows what samples look like: a sample differs from the
/// previous one, or from the sample of the same time in the previous series, in the middle of the
/// value and the low bytes of the timestamp. The block is valid for every decoder, and about as
/// large as libsnappy makes it.
///
/// Memory   The block, and one series.
/// Not thread-safe.
class SamplesBlockWriter {
 public:
  using Piece = SnappyElements::Piece;

  /// Opens the next query's result; series go into it until the next call.
  void begin_result();

  /// Appends a series. Labels are canonical wire bytes; `histogram_entries` are entries with their
  /// tag (0x22 LEN message), as they came. Samples may be in any order; increasing ones are
  /// compressed best.
  void append_series(std::string_view labels_wire, std::span<const model::Sample> samples,
                     std::string_view histogram_entries = {});
  /// Appends a series and takes its samples instead of copying them. `samples` is unspecified
  /// afterwards.
  void take_series(std::string_view labels_wire, std::vector<model::Sample>& samples,
                   std::string_view histogram_entries = {});

  /// The size of the block so far [bytes]; take() adds a few.
  size_t size() const { return elements_.size(); }
  /// The memory for the block and for the previous series [bytes].
  size_t memory() const {
    return elements_.memory() + before_.memory() + now_.memory() + scratch_.capacity() +
           results_.capacity() * sizeof(Result);
  }
  /// The uncompressed size of the block. No block may exceed UINT32_MAX; the caller has to check
  /// that.
  uint64_t uncompressed_size() const { return closed_bytes_ + position_ + 16; }
  /// Returns the block in pieces and clears the writer.
  std::vector<Piece> take();

 private:
  // The series that was written last, which the next one may repeat.
  struct Written {
    std::string head;                    // Its header and labels,
    uint64_t head_at = 0;                // and where they begin in the result.
    std::vector<model::Sample> samples;  // Of all, sorted or not;
    bool regular = false;                // are_regular();
    uint64_t entries_at = 0;             // where the first begins;
    std::vector<uint64_t> at;            // where each begins, unless they are even.

    void find_positions();
    size_t memory() const {
      return head.capacity() + samples.capacity() * sizeof(samples[0]) +
             at.capacity() * sizeof(at[0]);
    }
  };
  // The samples that a series repeats: those of the previous series at the same times, or its own.
  struct Guess {
    bool next_to_other = false;
    size_t first_with = 0;  // Of the series before.
    size_t lag = 1;         // How many samples before.
  };
  static constexpr size_t lags = 3;  // The replicas whose samples may alternate.

  void write_head();
  void write_entry(std::string_view entry, std::string_view before, uint64_t before_at);
  void append_now(std::string_view labels_wire, std::string_view histogram_entries);
  void write_samples();
  bool write_regular(const Guess& guess);
  Guess guess_repetition(std::span<const model::Sample> samples) const;
  template <bool next_to_other>
  void write_samples_like(const Guess& guess);
  size_t write_apart(const model::Sample& sample);
  void close_result();

  struct Result {
    size_t piece = 0;  // Its first.
    uint64_t body = 0;
  };
  SnappyElements elements_;
  std::vector<Result> results_;
  uint64_t closed_bytes_ = 0;  // Of the results before, with their headers.
  uint64_t position_ = 0;      // In the open result's body.
  Written before_;
  Written now_;
  bool any_before_ = false;
  std::string scratch_;
};

}  // namespace mread::wire
