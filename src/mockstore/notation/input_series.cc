#include "mockstore/notation/input_series.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace mread::mockstore {

namespace {

constexpr uint64_t max_series = 10'000'000;
constexpr uint64_t most_expanded_bytes = uint64_t{4} << 30;

}  // namespace

InputSeries::InputSeries(model::LabelSet labels, ValueSequence values, std::vector<Repeat> repeat)
    : labels_(std::move(labels)), values_(std::move(values)), repeat_(std::move(repeat)) {
  for (const Repeat& one : repeat_) count_ *= one.count;
}

Result<InputSeries> InputSeries::parse(std::string_view series, std::string_view values,
                                       std::vector<Repeat> repeat) {
  auto labels = model::parse_series(series);
  if (!labels) return fail(labels.error().in("series"));
  auto sequence = ValueSequence::parse(values);
  if (!sequence) return fail(sequence.error().in("values"));
  uint64_t count = 1;
  for (const Repeat& one : repeat) {
    if (one.label.empty() || one.count == 0)
      return fail(Errc::malformed, "repeat: needs a label name and a count of at least 1");
    if (labels->has(one.label))
      return fail(Errc::malformed,
                  fmt::format("repeat: the series has the label '{}' already", one.label));
    if (one.count > max_series / count)
      return fail(Errc::limit, fmt::format("repeat: more than {} series in one entry", max_series));
    count *= one.count;
  }
  return InputSeries(std::move(*labels), std::move(*sequence), std::move(repeat));
}

model::LabelSet InputSeries::labels(uint64_t index) const {
  model::LabelSet labels = labels_;
  for (auto it = repeat_.rbegin(); it != repeat_.rend(); ++it) {
    labels.set(it->label, it->prefix + std::to_string(index % it->count));
    index /= it->count;
  }
  return labels;
}

model::Series InputSeries::series(uint64_t index, const TimeGrid& grid, int64_t first_ms,
                                  int64_t last_ms) const {
  model::Series series;
  series.labels = labels(index);
  values_.expand(grid, series, first_ms, last_ms);
  return series;
}

namespace {

std::vector<Repeat> read_repeat(const yaml::Node& node, const model::LabelSet& labels) {
  std::vector<Repeat> repeat;
  uint64_t series = 1;
  yaml::Mapping mapping = node.mapping();
  for (const yaml::Mapping::Entry& entry : mapping.entries()) {
    if (entry.key.empty()) entry.key_node.error("a label name is missing");
    if (labels.has(entry.key))
      entry.key_node.error(fmt::format("the series has the label '{}' already", entry.key));
    Repeat one{entry.key, 1, entry.key + "-"};
    yaml::Node count = entry.value;
    if (entry.value.is_mapping()) {
      yaml::Mapping detail = entry.value.mapping();
      count = detail.require("count");
      if (const auto prefix = detail.find("prefix")) one.prefix = prefix->string();
      detail.finish();
    }
    one.count = count.count();
    if (one.count == 0) count.error("must be at least 1");
    if (one.count > max_series / series)
      count.error(fmt::format("more than {} series in one entry", max_series));
    series *= one.count;
    repeat.push_back(std::move(one));
  }
  return repeat;
}

}  // namespace

std::vector<InputSeries> read_input_series(const yaml::Node& list) {
  std::vector<InputSeries> entries;
  std::set<std::string> seen;
  for (const yaml::Node& node : list.sequence()) {
    yaml::Mapping mapping = node.mapping();
    const yaml::Node series = mapping.require("series");
    const yaml::Node values = mapping.require("values");
    size_t offset = 0;
    auto labels = model::parse_series(series.string(), &offset);
    if (!labels) series.error_at(offset, labels.error().context);
    auto sequence = ValueSequence::parse(values.string(), &offset);
    if (!sequence) values.error_at(offset, sequence.error().context);
    std::vector<Repeat> repeat;
    if (const auto node_of_repeat = mapping.find("repeat"))
      repeat = read_repeat(*node_of_repeat, *labels);
    mapping.finish();
    if (repeat.empty() && !seen.insert(labels->to_string()).second) {
      series.error(fmt::format("the series {} is listed twice", labels->to_string()));
    }
    entries.emplace_back(std::move(*labels), std::move(*sequence), std::move(repeat));
  }
  return entries;
}

Result<std::vector<model::Series>> expand_input_series(const std::vector<InputSeries>& entries,
                                                       const TimeGrid& grid) {
  uint64_t bytes = 0;
  for (const InputSeries& entry : entries) {
    constexpr uint64_t label_bytes = 2 * sizeof(std::string) + 32;
    const uint64_t each = sizeof(model::Series) + entry.values().expanded_bytes() +
                          (entry.labels(0).size() + entry.repeat().size()) * label_bytes;
    if (entry.series_count() > (most_expanded_bytes - bytes) / each) {
      return fail(
          Errc::limit,
          "input_series: all samples together take more than 4 GiB; shorten values: or repeat:");
    }
    bytes += entry.series_count() * each;
  }
  std::vector<model::Series> all;
  for (const InputSeries& entry : entries) {
    for (uint64_t i = 0; i < entry.series_count(); ++i) all.push_back(entry.series(i, grid));
  }
  std::sort(all.begin(), all.end(),
            [](const model::Series& a, const model::Series& b) { return a.labels < b.labels; });
  for (size_t i = 1; i < all.size(); ++i) {
    if (all[i - 1].labels == all[i].labels) {
      return fail(Errc::malformed,
                  fmt::format("the series {} is listed twice", all[i].labels.to_string()));
    }
  }
  return all;
}

}  // namespace mread::mockstore
