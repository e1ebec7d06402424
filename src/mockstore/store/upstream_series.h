#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "mockstore/faults/data_change.h"
#include "mockstore/tsdb/series_rows.h"
#include "model/query.h"

namespace mread::mockstore {

/// The answer of an upstream, decoded, with what faults change in its samples. The samples
/// are encoded as a Prometheus 3.5 does, in new chunks; start timestamps are lost. Labels stay as
/// they came.
///
/// Immutable; read from many threads.
class UpstreamSeries final : public SeriesRows {
 public:
  /// What an answer is.
  struct Body {
    bool is_streamed = false;
    std::string bytes;
    size_t queries = 0;  ///< of the request
  };

  /// Errors: those of the decoders, with the frame or the byte; Errc::malformed for a sample more
  /// than 30000 years away; Errc::limit for a body of SAMPLES above 1 GiB, uncompressed.
  static Result<std::shared_ptr<const UpstreamSeries>> decode(Body body, const DataChange& change);

  /// Both orders are that of the answer, but for by_labels of a SAMPLES answer, which is sorted.
  std::vector<uint32_t> rows_of(size_t index, const model::Query& query,
                                Order order) const override;
  uint32_t entry(uint32_t row) const override { return row; }
  bool shares_samples(uint32_t) const override { return false; }
  std::string_view served_labels(uint32_t row) const override { return rows_[row].labels; }
  Result<const EncodedSeries*> samples(uint32_t row) const override { return &rows_[row].samples; }
  PrometheusVersion behaves_like() const override { return PrometheusVersion::v3_5; }

 private:
  struct Row {
    size_t query = 0;
    std::string labels;
    EncodedSeries samples;
  };
  struct Decoded;

  explicit UpstreamSeries(bool is_streamed) : is_streamed_(is_streamed) {}
  static Result<std::vector<Decoded>> decode_frames(std::string bytes, size_t queries);
  static Result<std::vector<Decoded>> decode_samples(const std::string& bytes, size_t queries);

  const bool is_streamed_;
  std::vector<Row> rows_;
};

/// The query that gets of an upstream all samples that `query` needs under `change`: times moved
/// back, and everything behind the query's end where the last sample counts. Without hints.
model::Query widened(const model::Query& query, const DataChange& change);

}  // namespace mread::mockstore
