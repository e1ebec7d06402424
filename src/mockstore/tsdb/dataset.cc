#include "mockstore/tsdb/dataset.h"

#include <algorithm>
#include <limits>

#include "mockstore/tsdb/change_series.h"
#include "wire/labels/labels_view.h"

namespace mread::mockstore {
namespace {

// Each takes memory for its place in two orders.
constexpr uint64_t most_series = 50'000'000;

// "ask the external label for its own value" becomes "the series has no such label".
std::vector<model::Matcher> against_own_labels(std::span<const model::Matcher> matchers,
                                               const model::LabelSet& external) {
  std::vector<model::Matcher> result;
  for (const model::Matcher& matcher : matchers) {
    const bool asks_external = matcher.type() == model::MatchType::equal &&
                               external.has(matcher.name()) &&
                               external.get(matcher.name()) == matcher.value();
    result.push_back(asks_external ? model::Matcher::equal(matcher.name(), "") : matcher);
  }
  return result;
}

}  // namespace

Result<std::shared_ptr<const Dataset>> Dataset::create(std::vector<InputSeries> entries,
                                                       Options options) {
  std::shared_ptr<Dataset> dataset(new Dataset(std::move(options)));
  if (auto loaded = dataset->load(std::move(entries)); !loaded) return fail(loaded.error());
  return dataset;
}

std::shared_ptr<const Dataset> Dataset::changed(const DataChange& change) const {
  Options options = options_;
  options.change = change;
  std::vector<InputSeries> entries;
  if (!change.is_empty) {
    for (const auto& block : blocks_) entries.push_back(block->input);
  }
  // The same entries could be loaded once.
  return create(std::move(entries), std::move(options)).value();
}

model::LabelSet Dataset::with_external_labels(model::LabelSet labels) const {
  for (const auto& [name, value] : options_.external_labels)
    if (!labels.has(name)) labels.set(name, value);
  return labels;
}

Result<void> Dataset::load(std::vector<InputSeries> entries) {
  uint64_t total = 0;
  for (const InputSeries& entry : entries) {
    total += entry.series_count();
    if (total > most_series) return fail(Errc::limit, "more than 50000000 series in one store");
  }
  rows_.reserve(total);
  for (InputSeries& entry : entries) {
    const auto block = static_cast<uint32_t>(blocks_.size());
    blocks_.push_back(std::make_unique<Block>(std::move(entry)));
    const InputSeries& input = blocks_.back()->input;
    for (uint64_t i = 0; i < input.series_count(); ++i) {
      Row row;
      row.entry = block;
      const auto keep = [&](const model::LabelSet& labels) {
        const std::string encoded = wire::encode_labels(labels);
        const Text place{arena_.size(), encoded.size()};
        arena_ += encoded;
        return place;
      };
      const model::LabelSet own = input.labels(i);
      row.own = keep(own);
      row.served = options_.external_labels.empty() ? row.own : keep(with_external_labels(own));
      rows_.push_back(row);
    }
  }
  arena_.shrink_to_fit();

  all_.created.resize(rows_.size());
  for (uint32_t i = 0; i < rows_.size(); ++i) all_.created[i] = i;
  all_.by_labels = all_.created;
  std::sort(all_.by_labels.begin(), all_.by_labels.end(), [this](uint32_t a, uint32_t b) {
    return wire::compare_labels(text(rows_[a].own), text(rows_[b].own)) < 0;
  });
  for (size_t i = 1; i < all_.by_labels.size(); ++i) {
    const std::string_view labels = text(rows_[all_.by_labels[i]].own);
    if (labels != text(rows_[all_.by_labels[i - 1]].own)) continue;
    auto decoded = wire::decode_labels(labels);
    return fail(Errc::malformed,
                "series " + (decoded ? decoded->to_string() : "") + " is given twice");
  }
  const auto name_of = [this](uint32_t row) {
    return wire::find_label(text(rows_[row].own), model::metric_name_label);
  };
  for (const uint32_t row : all_.created) by_name_[name_of(row)].created.push_back(row);
  for (const uint32_t row : all_.by_labels) by_name_[name_of(row)].by_labels.push_back(row);
  return {};
}

std::vector<uint32_t> Dataset::select(std::span<const model::Matcher> given, Order order) const {
  std::vector<uint32_t> result;
  if (given.empty()) return result;
  const auto matchers = against_own_labels(given, options_.external_labels);
  const Rows* candidates = &all_;
  for (const model::Matcher& matcher : matchers) {
    if (matcher.type() != model::MatchType::equal || matcher.name() != model::metric_name_label)
      continue;
    const auto found = by_name_.find(matcher.value());
    if (found == by_name_.end()) return result;
    candidates = &found->second;
  }
  for (const uint32_t row : order == Order::created ? candidates->created : candidates->by_labels) {
    const std::string_view labels = text(rows_[row].own);
    const bool matches =
        std::all_of(matchers.begin(), matchers.end(), [&](const model::Matcher& matcher) {
          return matcher.matches(wire::find_label(labels, matcher.name()));
        });
    if (matches) result.push_back(row);
  }
  return result;
}

Result<const EncodedSeries*> Dataset::samples(uint32_t row) const {
  Block& block = *blocks_[rows_[row].entry];
  std::call_once(block.once, [&] {
    model::Series series;
    block.input.values().expand(options_.grid, series);
    if (options_.change != DataChange{}) change_series(options_.change, series);
    auto encoded = EncodedSeries::encode(series, options_.behaves_like, options_.encodings);
    if (encoded)
      block.encoded = std::move(*encoded);
    else
      block.error = std::make_unique<Error>(encoded.error());
  });
  if (block.error) return fail(*block.error);
  return &block.encoded;
}

}  // namespace mread::mockstore
