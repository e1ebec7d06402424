#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "mockstore/tsdb/encoded_series.h"
#include "model/query.h"

namespace mread::mockstore {

/// The series that an answer is made of, by row number. Views live as long as the object.
class SeriesRows {
 public:
  enum class Order { created, by_labels };

  virtual ~SeriesRows() = default;

  /// The rows that answer the request's query number `index`.
  virtual std::vector<uint32_t> rows_of(size_t index, const model::Query& query,
                                        Order order) const = 0;
  /// Rows of the same entry have the same samples.
  virtual uint32_t entry(uint32_t row) const = 0;
  /// Whether other rows may be of the row's entry.
  virtual bool shares_samples(uint32_t row) const = 0;
  /// Wire bytes.
  virtual std::string_view served_labels(uint32_t row) const = 0;
  /// Errors: Errc::malformed for a histogram that does not hold together.
  virtual Result<const EncodedSeries*> samples(uint32_t row) const = 0;
  virtual PrometheusVersion behaves_like() const = 0;
};

}  // namespace mread::mockstore
