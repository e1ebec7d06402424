#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/sample.h"
#include "wire/bytes/varint.h"
#include "wire/proto/proto_reader.h"

namespace mread::wire {

/// A series of a SAMPLES answer as views of the uncompressed body.
struct TimeSeriesView {
  /// Wire bytes (wire/labels/labels_view.h), as they came: not necessarily canonical.
  std::string_view labels;
  /// From the first sample's entry to the end of the last; for SamplesReader.
  std::string_view samples;
  std::string_view histograms;  ///< likewise for histogram entries (field 4); for HistogramEntries
  std::string_view body;        ///< the TimeSeries message, to be passed on as it came
  bool has_histograms() const { return !histograms.empty(); }
};

struct QueryResultView {
  std::vector<TimeSeriesView> series;  ///< in the order of the wire, which need not be sorted
};

/// A ReadResponse as views, which are valid as long as this object and the bytes that were parsed.
struct ReadResponseView {
  ReadResponseView() = default;
  ReadResponseView(const ReadResponseView&) = delete;
  ReadResponseView& operator=(const ReadResponseView&) = delete;
  ReadResponseView(ReadResponseView&&) = default;
  ReadResponseView& operator=(ReadResponseView&&) = default;

  std::vector<QueryResultView> results;

  std::vector<std::vector<char>> scratch;  ///< labels that do not stand together on the wire
};

/// Parses an uncompressed ReadResponse. The samples are not looked into (SamplesReader does that).
/// An empty series takes two bytes on the wire and much more as a view, so `limit_series` bounds
/// the series (and the results). Errors: Errc::malformed, with the byte; Errc::limit.
Result<ReadResponseView> parse_read_response(std::string_view uncompressed,
                                             size_t limit_series = SIZE_MAX);

/// Walks over the series of an uncompressed ReadResponse, of all its results, one at a time, with
/// the memory of one series. Errors: as parse_read_response().
class ReadResponseReader {
 public:
  explicit ReadResponseReader(std::string_view uncompressed)
      : results_(uncompressed), series_({}) {}

  /// Reads the next series; its views are valid until the next call. Returns false at the end and
  /// after an error.
  bool next(TimeSeriesView& out);
  /// Whether the labels of that series are in the body; else they are in the reader's memory.
  bool labels_stand() const { return scratch_.empty(); }
  /// The number of results begun so far; at the end, of all.
  size_t results() const { return count_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  bool bad(Error error);

  ProtoReader results_;
  ProtoReader series_;
  size_t count_ = 0;
  size_t series_count_ = 0;  // Of the result.
  std::vector<std::vector<char>> scratch_;
  std::optional<Error> error_;
};

/// Parses the message of one series. Returns false if it is broken, or if its labels are not
/// consecutive.
bool parse_time_series(std::string_view body, TimeSeriesView& out);

/// Iterates over the samples of a series in wire order.
///
/// Cost     fast for entries as Go writes them; any other valid protobuf (fields left out,
///          reversed, unknown, other fields in between) is read too.
/// Errors   next() returns false and error() is set; samples already given stay valid.
class SamplesReader {
 public:
  explicit SamplesReader(std::string_view samples)
      : begin_(samples.data()), p_(begin_), end_(begin_ + samples.size()) {}

  bool next(model::Sample& out) {
    // 12 LEN 09 VALUE(8) 10 TIMESTAMP: the six-byte timestamps of this century make LEN 16.
    if (end_ - p_ >= 18 && p_[0] == 0x12 && p_[1] == 16 && p_[2] == 0x09 && p_[11] == 0x10) {
      const auto* t = reinterpret_cast<const unsigned char*>(p_ + 12);
      if ((t[0] & t[1] & t[2] & t[3] & t[4] & 0x80) != 0 && t[5] < 0x80) {
        std::memcpy(&out.bits, p_ + 3, 8);
        out.timestamp_ms =
            static_cast<int64_t>(t[0] & 0x7f) | static_cast<int64_t>(t[1] & 0x7f) << 7 |
            static_cast<int64_t>(t[2] & 0x7f) << 14 | static_cast<int64_t>(t[3] & 0x7f) << 21 |
            static_cast<int64_t>(t[4] & 0x7f) << 28 | static_cast<int64_t>(t[5]) << 35;
        p_ += 18;
        return true;
      }
    }
    return next_general(out);
  }

  bool ok() const { return !error_; }
  const std::optional<Error>& error() const { return error_; }

 private:
  bool next_general(model::Sample& out);
  bool bad();

  const char* begin_;
  const char* p_;
  const char* end_;
  std::optional<Error> error_;
};

/// Iterates over the histogram entries of TimeSeriesView::histograms; each is a
/// prometheus.Histogram message.
class HistogramEntries {
 public:
  explicit HistogramEntries(std::string_view histograms)
      : begin_(histograms.data()), p_(begin_), end_(begin_ + histograms.size()) {}

  /// The next message, without tag and length. False at the end; parse_read_response has checked
  /// the region.
  bool next(std::string_view& message);

 private:
  const char* begin_;
  const char* p_;
  const char* end_;
};

/// Builds an uncompressed ReadResponse, byte for byte as Go encodes it, with one exception: Go
/// leaves out the value -0 as if it were 0; this writer writes it, which keeps its sign.
///
///   w.begin_result(); w.append_series(labels, samples); …   w.begin_result(); …
///   send(compress(w.bytes()))
class ReadResponseWriter {
 public:
  ReadResponseWriter();

  /// Opens the next query's result; series go into it until the next call.
  void begin_result();

  /// Appends a series. Labels are canonical wire bytes; `histogram_entries` are entries with their
  /// tag (0x22 LEN message), as they came.
  void append_series(std::string_view labels_wire, std::span<const model::Sample> samples,
                     std::string_view histogram_entries = {});
  /// Appends a TimeSeries message as it came (TimeSeriesView::body).
  void append_raw_series(std::string_view body);

  /// An upper bound of bytes().size(), so that a limit can be held while building.
  size_t size() const { return buffer_.size(); }
  /// The response so far. The view is valid until the next call.
  std::string_view bytes();
  size_t results() const { return results_; }
  /// Clears the writer and keeps its memory.
  void reset();

 private:
  void close_result();

  std::string buffer_;
  size_t start_ = 0;        // Of the response in buffer_.
  size_t result_body_ = 0;  // Of the open result in buffer_, behind the room for its header.
  size_t results_ = 0;
  bool open_ = false;
};

}  // namespace mread::wire
