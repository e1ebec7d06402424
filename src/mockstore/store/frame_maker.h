#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "mockstore/store/read_query.h"
#include "mockstore/store/row_samples.h"

namespace mread::mockstore {

/// The frames of a STREAMED answer, one by one: query by query, series by series, each series cut
/// into frames of about `max_bytes_in_frame` at the ends of chunks. Adds what the frames hold to
/// `summary`.
///
/// Everything that the constructor is given outlives the object. Not thread-safe. Covered by
/// store_answer_test.
class FrameMaker {
 public:
  FrameMaker(const SeriesRows& series, const ReadQueries& request, const AnswerShape& shape,
             uint64_t max_bytes_in_frame, AnswerSummary& summary);

  /// The next frame, valid until the next call; empty at the end.
  tl::expected<std::string_view, ReadFailure> next();

 private:
  /// What next() stands at: `query_`, a row of it, a chunk of the row.
  enum class At { query, series, chunk };

  tl::expected<void, ReadFailure> open_query();
  tl::expected<void, ReadFailure> open_series();
  void make_frame();

  const SeriesRows& series_;
  const ReadQueries& request_;
  const AnswerShape shape_;
  const int64_t max_bytes_in_frame_;
  AnswerSummary& summary_;

  At at_ = At::query;
  size_t query_ = 0;
  std::vector<uint32_t> rows_;  // Of the query.
  size_t row_ = 0;
  RowSamples samples_;
  const SelectedSamples* selected_ = nullptr;  // Of the row.
  size_t chunk_ = 0;
  size_t chunk_offset_ = 0;
  std::string message_;
  std::string frame_;
};

}  // namespace mread::mockstore
