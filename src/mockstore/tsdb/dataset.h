#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "mockstore/faults/data_change.h"
#include "mockstore/notation/input_series.h"
#include "mockstore/tsdb/encoded_series.h"
#include "mockstore/tsdb/series_rows.h"
#include "model/labels.h"
#include "model/matcher.h"

namespace mread::mockstore {

/// The series of a store, as a Prometheus with these external labels would hold and serve them.
///
/// Matchers   They are compared with the series' own labels. One that asks an external label for
///            exactly its value is turned into "the series has no such label"; regular expressions
///            and != stay as they are. No matcher selects nothing.
/// Labels     A served series has the external labels added where it has no label of that name.
///            They are added after the sort, so that the order on the wire may not be that of the
///            labels.
/// Memory     The labels of all series, and the chunks of each entry of `input_series` once, made
///            when first asked for.
///
/// Otherwise immutable; read from many threads.
class Dataset final : public SeriesRows {
 public:
  struct Options {
    TimeGrid grid;
    model::LabelSet external_labels;
    PrometheusVersion behaves_like = PrometheusVersion::v3_5;
    Encodings encodings = Encodings::compatible;
    DataChange change;
  };

  /// Errors: Errc::malformed for a label set that comes twice, Errc::limit above 50 million series.
  static Result<std::shared_ptr<const Dataset>> create(std::vector<InputSeries> entries,
                                                       Options options);

  /// The same series with other data, in a dataset of its own. Cost: as create().
  std::shared_ptr<const Dataset> changed(const DataChange& change) const;

  /// The matching series as row numbers.
  std::vector<uint32_t> select(std::span<const model::Matcher> matchers, Order order) const;

  std::vector<uint32_t> rows_of(size_t index, const model::Query& query,
                                Order order) const override {
    static_cast<void>(index);
    return select(query.matchers, order);
  }

  size_t series_count() const { return rows_.size(); }
  /// The entry of input_series that a row comes from.
  uint32_t entry(uint32_t row) const override { return rows_[row].entry; }
  bool shares_samples(uint32_t row) const override {
    return blocks_[rows_[row].entry]->input.series_count() > 1;
  }
  std::string_view served_labels(uint32_t row) const override { return text(rows_[row].served); }
  Result<const EncodedSeries*> samples(uint32_t row) const override;

  PrometheusVersion behaves_like() const override { return options_.behaves_like; }

 private:
  struct Text {
    size_t offset = 0;
    size_t size = 0;
  };
  struct Row {
    uint32_t entry = 0;
    Text own;
    Text served;
  };
  struct Rows {
    std::vector<uint32_t> created;
    std::vector<uint32_t> by_labels;
  };
  struct Block {
    explicit Block(InputSeries series) : input(std::move(series)) {}
    InputSeries input;
    std::once_flag once;
    EncodedSeries encoded;
    std::unique_ptr<Error> error;
  };

  explicit Dataset(Options options) : options_(std::move(options)) {}
  Result<void> load(std::vector<InputSeries> entries);
  std::string_view text(Text t) const { return std::string_view(arena_).substr(t.offset, t.size); }
  model::LabelSet with_external_labels(model::LabelSet labels) const;

  Options options_;
  std::string arena_;
  std::vector<Row> rows_;
  std::vector<std::unique_ptr<Block>> blocks_;
  Rows all_;
  std::unordered_map<std::string_view, Rows> by_name_;
};

}  // namespace mread::mockstore
