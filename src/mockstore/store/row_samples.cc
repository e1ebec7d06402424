#include "mockstore/store/row_samples.h"

#include <algorithm>
#include <cassert>
#include <random>

namespace mread::mockstore {

std::vector<uint32_t> select_rows(const SeriesRows& series, size_t index, const model::Query& query,
                                  const AnswerShape& shape, bool sorted) {
  using Order = AnswerShape::Order;
  const bool by_labels = sorted || shape.order != Order::prometheus;
  auto rows = series.rows_of(index, query,
                             by_labels ? SeriesRows::Order::by_labels : SeriesRows::Order::created);
  if (shape.order == Order::reversed) std::reverse(rows.begin(), rows.end());
  if (shape.order == Order::shuffled) {
    // Not std::shuffle: its result differs between libraries.
    std::mt19937_64 random(shape.shuffle_seed);
    for (size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random() % i]);
  }
  return rows;
}

void RowSamples::begin(const model::Query& query) {
  query_ = &query;
  shared_.clear();
}

tl::expected<const SelectedSamples*, ReadFailure> RowSamples::of(uint32_t row) {
  assert(query_ != nullptr);
  const bool shares = series_.shares_samples(row);
  if (shares) {
    if (const auto found = shared_.find(series_.entry(row)); found != shared_.end())
      return &found->second;
  }
  SelectedSamples& fresh = shares ? shared_[series_.entry(row)] : unshared_;
  auto series = series_.samples(row);
  if (!series) return tl::unexpected(ReadFailure{500, series.error().context});
  if (auto done = select_(**series, *query_, fresh); !done)
    return tl::unexpected(ReadFailure{500, done.error().context});
  return &fresh;
}

}  // namespace mread::mockstore
