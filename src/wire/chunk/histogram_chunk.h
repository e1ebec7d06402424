#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/histogram.h"
#include "wire/bytes/varbit.h"
#include "wire/chunk/chunk_encoding.h"
#include "wire/chunk/start_times.h"

namespace mread::wire {

/// Reads a HISTOGRAM (2) or FLOAT_HISTOGRAM (3) chunk of Prometheus, or one of their successors
/// HISTOGRAM_ST (5) and FLOAT_HISTOGRAM_ST (6), which have start timestamps (start_times.h) and the
/// counter reset header above the count.
///
/// Output   the samples in the chunk's order, which is not checked. Hints as Prometheus's iterators
///          give them: gauge in a gauge chunk; else unknown for the first sample (whatever the
///          header says: the chunk before may be missing) and `no` for the others. A stale sample
///          has no layout and the hint unknown.
/// Errors   next() returns false and error() is set: Errc::truncated where bytes are missing,
///          Errc::malformed, Errc::unsupported for an unknown schema. Samples returned before stay
///          valid. Bytes after the last sample are ignored, as Prometheus does.
/// Memory   no more than the bytes can hold, and no more than 2^20 buckets a sample.
///
/// The bytes must outlive the reader. Not thread-safe. Source: tsdb/chunkenc/histogram.go,
/// float_histogram.go, histogram_st.go and float_histogram_st.go of Prometheus.
class HistogramChunkReader {
 public:
  /// `encoding` is one of the four.
  HistogramChunkReader(ChunkEncoding encoding, std::string_view bytes);
  HistogramChunkReader(bool is_float, std::string_view bytes)
      : HistogramChunkReader(is_float ? ChunkEncoding::float_histogram : ChunkEncoding::histogram,
                             bytes) {}

  bool next();
  const model::HistogramSample& sample() const { return sample_; }
  /// When the counter of sample() began; 0 if unknown.
  int64_t start_ms() const { return starts_.start_ms(); }
  const std::optional<Error>& error() const { return error_; }
  /// The bytes after the samples that were given.
  uint64_t bits_left() const { return reader_.bits_left(); }

  uint16_t samples() const { return total_; }
  CounterResetHeader header() const { return header_; }

 private:
  bool refuse(Errc errc, const std::string& what);
  bool read_layout();
  bool read_spans(std::vector<model::BucketSpan>& spans, std::string_view side);
  bool read_first_int();
  bool read_next_int();
  bool read_first_float();
  bool read_next_float();
  void publish();

  bool is_float_;
  bool has_starts_;
  StartTimesReader starts_;
  VarbitReader reader_;
  std::optional<Error> error_;
  uint16_t total_ = 0;
  uint16_t read_ = 0;
  CounterResetHeader header_ = CounterResetHeader::unknown;

  model::Histogram layout_;  ///< schema, threshold, spans and bounds that every sample has
  int64_t timestamp_ = 0;
  int64_t timestamp_delta_ = 0;
  // Integer: value and its last delta. Arithmetic is modulo 2^64, as in Prometheus.
  struct Counter {
    uint64_t value = 0;
    uint64_t delta = 0;
  };
  Counter count_, zero_count_;
  std::vector<Counter> positive_, negative_;
  XorValue sum_, float_count_, float_zero_count_;
  std::vector<XorValue> float_positive_, float_negative_;
  model::HistogramSample sample_;
  bool has_layout_ = false;  ///< whether sample_ holds layout_ already
};

/// Reads all samples of a chunk. Errors: as the reader, and Errc::limit above 256 MiB of decoded
/// samples.
Result<std::vector<model::HistogramSample>> decode_histogram_chunk(ChunkEncoding encoding,
                                                                   std::string_view bytes);
inline Result<std::vector<model::HistogramSample>> decode_histogram_chunk(bool is_float,
                                                                          std::string_view bytes) {
  return decode_histogram_chunk(
      is_float ? ChunkEncoding::float_histogram : ChunkEncoding::histogram, bytes);
}

/// A finished histogram chunk.
struct EncodedHistogramChunk {
  bool is_float = false;
  ChunkEncoding encoding = ChunkEncoding::histogram;
  int64_t min_time_ms = 0;
  int64_t max_time_ms = 0;
  uint16_t samples = 0;
  std::string bytes;
};

/// Writes histogram samples as chunks, cutting them where Prometheus's appender does.
///
/// Input    samples of one series, strictly increasing in time; integer and float ones may
///          alternate.
/// Output   a new chunk begins when the kind, the schema, the zero threshold or the custom bounds
///          change, at a counter reset (an explicit hint, a smaller count, a smaller or vanished
///          bucket), between counter and gauge, after a stale sample, and after `max_samples`. Its
///          header says why (reset, not_reset, gauge, unknown). New buckets do not cut: the chunk's
///          samples get the wider layout, and a sample that lacks empty buckets of the chunk's gets
///          them too. A chunk that was written by Prometheus, read and written again with its
///          header as `first_header` comes out byte for byte the same.
/// Errors   Errc::malformed where a histogram's spans and buckets do not fit or time does not
///          advance; the sample is not added.
/// Memory   the samples of one chunk, and the finished chunks until take().
///
/// Not thread-safe.
class HistogramChunkWriter {
 public:
  struct Options {
    uint16_t max_samples = 120;
    /// Of the first chunk, where its first sample has no hint.
    CounterResetHeader first_header = CounterResetHeader::unknown;
    bool start_times = false;  ///< writes the encodings 5 and 6; at most 16383 samples a chunk then
  };

  HistogramChunkWriter() = default;
  explicit HistogramChunkWriter(Options options) : options_(options) {}

  /// `start_ms` is the time when the counter began, 0 if unknown; it is only written with
  /// `start_times`.
  Result<void> append(const model::HistogramSample& sample, int64_t start_ms = 0);

  /// Returns the complete chunks in order. Each chunk is returned once.
  std::vector<EncodedHistogramChunk> take();
  /// Closes the open chunk and returns all complete chunks. The writer is then empty and keeps its
  /// options.
  std::vector<EncodedHistogramChunk> finish();

 private:
  /// A sample with absolute bucket values, in the layout layout_.
  struct Row {
    int64_t timestamp_ms = 0;
    int64_t start_ms = 0;
    bool stale = false;
    uint64_t count = 0;       // float: bits
    uint64_t zero_count = 0;  // float: bits
    uint64_t sum = 0;         // bits
    std::vector<uint64_t> positive, negative;
  };
  struct Merge;

  static Row make_row(const model::HistogramSample& sample);
  CounterResetHeader fit_counter(const model::Histogram& histogram, const Row& row, Merge& merge,
                                 bool& fits) const;
  bool fit_gauge(const model::Histogram& histogram, const Row& row, Merge& merge) const;
  void grow(const model::Histogram& histogram, const Merge& merge, bool gauge, Row& row);
  void start(const model::Histogram& histogram, Row&& row, CounterResetHeader header);
  void close();
  std::string encode() const;
  void encode_int(VarbitWriter& writer, StartTimesWriter& starts) const;
  void encode_float(VarbitWriter& writer, StartTimesWriter& starts) const;
  void put_start(VarbitWriter& writer, StartTimesWriter& starts, size_t index) const;

  Options options_;
  bool began_ = false;
  model::Histogram layout_;
  CounterResetHeader header_ = CounterResetHeader::unknown;
  std::vector<Row> rows_;
  std::vector<EncodedHistogramChunk> done_;
};

}  // namespace mread::wire
