#pragma once

#include <string>

#include "merger/answer/answer_writer.h"
#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/streamed/chunk_transcoder.h"

namespace mread::merger {

/// A STREAMED_XOR_CHUNKS answer.
///
/// A series whose answer is what a frame of some source's says, chunk by chunk, is passed on as it
/// came. All others are written into one frame each, since Prometheus's client takes a series of
/// two frames for two series; beyond `frame_limit` bytes of chunks a further frame is begun
/// nevertheless, or the client would refuse it. Samples that had to be merged go into chunks of at
/// most 120, unless SeriesCombiner found them in a chunk; one that claims other times than its
/// samples have gets theirs. Samples outside the query's range may be there: the client trims.
///
/// Of a query for labels only every series is written, without chunks.
///
/// Chunks of the newer encodings are rewritten in those that every client reads, unless
/// merge.chunk_encodings is `newer`. Merged samples are always in the latter.
class StreamedWriter final : public AnswerWriter, private SeriesParts {
 public:
  StreamedWriter(const Policy& policy, AccountPtr account, ClientClass client = ClientClass::v3_5)
      : AnswerWriter(policy, std::move(account), client) {}

  const char* content_type() const override {
    return "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
  }
  const char* content_encoding() const override { return ""; }
  bool streams() const override { return true; }
  void begin_result(size_t query_index, const model::Query& query) override;
  SourceResult<void> write(std::vector<Fragment>& fragments, Batch& batch) override;
  bool finish(Batch&, size_t) override { return true; }
  void release() noexcept override;

 private:
  static constexpr size_t frame_limit = 32U << 20;
  static constexpr size_t chunk_samples = 120;

  bool must_transcode(const wire::ChunkView& chunk) const {
    return policy_.chunk_encodings == ChunkEncodings::compatible && wire::is_newer(chunk.encoding);
  }
  SourceResult<void> chunk(const wire::ChunkView& chunk, uint32_t source) override;
  SourceResult<void> decoded_chunk(const wire::ChunkView& chunk, uint32_t source,
                                   std::span<const model::Sample> samples) override;
  SourceResult<void> samples(std::span<const model::Sample> samples) override;
  SourceResult<void> mixed(std::span<const MixedSample> samples) override;
  SourceResult<void> write_labels(std::string_view labels, Batch& batch);
  Fragment* find_passed_on(std::span<Fragment> fragments) const;
  void add_as_it_came(std::string_view wire);
  std::string& entries();
  void close_float_chunk();
  void close_histogram_chunks();
  void cut_frame_if_large();
  void write_frame();
  SourceResult<void> check_part() const;
  void recount();

  size_t query_index_ = 0;
  bool labels_only_ = false;  // Of the query.
  std::string_view labels_;   // Of the series that is written.
  std::string entries_;       // Its chunks that are in no frame yet,
  std::string_view came_;     // and those that follow, as they stand in some source's frame.
  std::string message_;
  std::string* out_ = nullptr;
  size_t frames_ = 0;     // Of the series.
  uint64_t samples_ = 0;  // Of the series.
  size_t last_source_ = no_source;
  wire::ChunkTranscoder transcoder_;
  wire::XorWriter floats_;
  wire::HistogramChunkWriter histograms_;
};

}  // namespace mread::merger
