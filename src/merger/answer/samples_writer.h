#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "merger/answer/answer_writer.h"
#include "wire/samples/samples_block_writer.h"
#include "wire/samples/samples_response.h"

namespace mread::merger {

/// A SAMPLES answer: one snappy block, whose length comes first, so everything is held, compressed,
/// until finish(). Samples are trimmed to answered_range(); a series that loses all of its samples
/// by that is left out, one that came without samples stays. Of a query for labels only every
/// series that came stays, without samples, which are not looked at.
class SamplesWriter final : public AnswerWriter, private SeriesParts {
 public:
  SamplesWriter(const Policy& policy, AccountPtr account, ClientClass client = ClientClass::v3_5)
      : AnswerWriter(policy, std::move(account), client) {}

  const char* content_type() const override { return "application/x-protobuf"; }
  const char* content_encoding() const override { return "snappy"; }
  bool streams() const override { return false; }
  void begin_result(size_t query_index, const model::Query& query) override;
  SourceResult<void> write(std::vector<Fragment>& fragments, Batch& batch) override;
  std::optional<uint64_t> pass_on(SamplesAnswer::Pieces body) override;
  bool finish(Batch& batch, size_t batch_bytes) override;
  void release() noexcept override;

 private:
  SourceResult<void> chunk(const wire::ChunkView& chunk, uint32_t source) override;
  SourceResult<void> samples(std::span<const model::Sample> samples) override;
  SourceResult<void> mixed(std::span<const MixedSample> samples) override;
  bool would_stay(const wire::TimeSeriesView& series, uint64_t& samples) const;
  bool take_samples(const Fragment& fragment);
  SourceResult<void> keep_in_order(size_t before, bool rises);
  SourceResult<void> append(std::string_view labels);
  void recount();

  // Parts follow each other in time by what their chunks claim; a chunk that lied must not unsort
  // the answer.
  bool keeps(int64_t timestamp_ms) {
    if (timestamp_ms < next_ms_ || timestamp_ms > range_.last_ms) return false;
    next_ms_ = timestamp_ms == INT64_MAX ? timestamp_ms : timestamp_ms + 1;
    return true;
  }

  TimeRange range_{};
  wire::SamplesBlockWriter response_;
  std::vector<std::shared_ptr<const std::string>> passed_on_;  // In place of it.
  size_t finished_ = 0;                                        // How many of these are in a batch.
  bool taken_ = false;                                         // passed_on_ or pieces_ is all.
  std::vector<wire::SamplesBlockWriter::Piece> pieces_;        // Of response_, once it is whole.
  uint64_t pieces_bytes_ = 0;  // What those take that are not in a batch.
  std::vector<model::Sample> samples_;
  // In place of samples_: what the combiner made of them, which it keeps until the next series.
  std::span<const model::Sample> whole_;
  bool in_one_part_ = false;
  std::string histogram_entries_;
  uint64_t histograms_ = 0;
  bool labels_only_ = false;       // Of the query: no samples are written.
  bool float_histograms_ = false;  // Some of them are.
  bool any_ = false;               // The series had samples, in the range or not.
  int64_t next_ms_ = 0;            // The earliest timestamp that may follow.
};

}  // namespace mread::merger
