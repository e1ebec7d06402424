#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <tl/expected.hpp>

#include "mockstore/faults/fault.h"
#include "mockstore/tsdb/series_rows.h"

namespace mread::mockstore {

/// Why a read fails, as Prometheus says it.
struct ReadFailure {
  int status = 500;
  std::string text;
};

/// What an answer has come to so far.
struct AnswerSummary {
  int status = 0;
  std::string content_type;
  uint64_t series = 0;
  uint64_t samples = 0;
};

/// The rows of `series` that answer `query`, the request's number `index`, in the order of an
/// answer: by labels where the answer is `sorted`, else as they were created. A fault may want
/// another order.
std::vector<uint32_t> select_rows(const SeriesRows& series, size_t index, const model::Query& query,
                                  const AnswerShape& shape, bool sorted);

/// The samples of rows that one query gets. Rows of one entry of input_series have the same samples,
/// which are selected once a query.
///
/// Not thread-safe. Covered by store_answer_test.
class RowSamples {
 public:
  /// select_chunks() or select_samples().
  using Select = Result<void> (*)(const EncodedSeries&, const model::Query&, SelectedSamples&);

  RowSamples(const SeriesRows& series, Select select) : series_(series), select_(select) {}

  /// Forgets what was selected for the query before.
  void begin(const model::Query& query);
  /// Valid until the next call of begin(), or of of() for a row that shares no samples.
  tl::expected<const SelectedSamples*, ReadFailure> of(uint32_t row);

 private:
  const SeriesRows& series_;
  const Select select_;
  const model::Query* query_ = nullptr;
  std::unordered_map<uint32_t, SelectedSamples> shared_;  // By entry of input_series.
  SelectedSamples unshared_;
};

}  // namespace mread::mockstore
