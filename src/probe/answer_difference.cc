#include "probe/answer_difference.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/quantity.h"
#include "base/timestamp.h"
#include "probe/series_output.h"

namespace mread::probe {

namespace {

std::string value_of(const model::Sample& sample) {
  const std::string text = value_text(sample);
  // Two NaNs, and two zeros, differ by their bits only.
  if (text != "NaN" && text != "0" && text != "-0") return text;
  return fmt::format("{} (0x{:016x})", text, sample.bits);
}

std::string value_of(const model::HistogramSample& sample) {
  // The notation has the hint.
  return fmt::format("{} ({})", sample.histogram.to_string(),
                     sample.histogram.is_float ? "float" : "integer");
}

uint64_t fingerprint(const model::Series& series) {
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&](uint64_t value) { hash = (hash ^ value) * 0x100000001b3; };
  for (const model::Sample& sample : series.samples) {
    add(static_cast<uint64_t>(sample.timestamp_ms));
    add(sample.bits);
  }
  for (const model::HistogramSample& sample : series.histograms)
    add(static_cast<uint64_t>(sample.timestamp_ms));
  return hash;
}

bool same_samples(const model::Series& a, const model::Series& b) {
  return a.samples == b.samples && a.histograms == b.histograms;
}

size_t common_labels(const model::LabelSet& a, const model::LabelSet& b) {
  return static_cast<size_t>(std::count_if(a.begin(), a.end(), [&](const model::Label& label) {
    return b.get(label.name) == label.value;
  }));
}

class Comparison {
 public:
  explicit Comparison(size_t most_shown) : most_shown_(most_shown) {}

  void types(const ReadReply& a, const ReadReply& b) {
    if (a.response_type == b.response_type) return;
    const auto name = [](const ReadReply& reply) {
      return reply.response_type == model::ResponseType::samples ? "SAMPLES"
                                                                 : "STREAMED_XOR_CHUNKS";
    };
    note(DifferenceKind::response_type, "",
         fmt::format("{} in the first, {} in the second", name(a), name(b)));
  }

  void series(const std::vector<model::Series>& a, const std::vector<model::Series>& b);
  AnswerDifference take() { return std::move(out_); }

 private:
  using List = std::vector<const model::Series*>;

  void note(DifferenceKind kind, std::string series, std::string text, uint64_t count = 1) {
    out_.counts[static_cast<size_t>(kind)] += count;
    if (out_.first.size() < most_shown_)
      out_.first.push_back({kind, std::move(series), std::move(text)});
  }

  void unpaired(const List& only_a, const List& only_b);
  void missing(const model::Series& series, std::string_view where);
  template <class Sample>
  bool samples(const std::string& name, std::vector<Sample> a, std::vector<Sample> b);
  void places(const std::vector<std::pair<size_t, size_t>>& pairs,
              const std::vector<model::Series>& a);

  size_t most_shown_;
  AnswerDifference out_;
};

// Places of the series in order of labels; equal ones in the order of the wire.
std::vector<size_t> sorted_places(const std::vector<model::Series>& all) {
  std::vector<size_t> places(all.size());
  std::iota(places.begin(), places.end(), size_t{0});
  std::stable_sort(places.begin(), places.end(),
                   [&](size_t x, size_t y) { return all[x].labels < all[y].labels; });
  return places;
}

void Comparison::series(const std::vector<model::Series>& a, const std::vector<model::Series>& b) {
  const std::vector<size_t> of_a = sorted_places(a);
  const std::vector<size_t> of_b = sorted_places(b);
  List only_a;
  List only_b;
  std::vector<std::pair<size_t, size_t>> pairs;
  for (size_t i = 0, j = 0; i < of_a.size() || j < of_b.size();) {
    const std::strong_ordering order = i == of_a.size()   ? std::strong_ordering::greater
                                       : j == of_b.size() ? std::strong_ordering::less
                                                          : a[of_a[i]].labels <=> b[of_b[j]].labels;
    if (order == 0) pairs.emplace_back(of_a[i++], of_b[j++]);
    if (order < 0) only_a.push_back(&a[of_a[i++]]);
    if (order > 0) only_b.push_back(&b[of_b[j++]]);
  }
  unpaired(only_a, only_b);
  for (const auto& [in_a, in_b] : pairs) {
    const model::Series& x = a[in_a];
    const model::Series& y = b[in_b];
    const std::string name = x.labels.to_string();
    const bool floats_equal = samples(name, x.samples, y.samples);
    if (samples(name, x.histograms, y.histograms) && floats_equal) ++out_.equal_series;
  }
  places(pairs, a);
}

void Comparison::missing(const model::Series& series, std::string_view where) {
  note(DifferenceKind::missing_series, series.labels.to_string(),
       fmt::format("only in the {}, with {}", where,
                   counted(series.samples.size() + series.histograms.size(), "sample")));
}

// A series of one side that has the samples of a series of the other side differs in its labels.
void Comparison::unpaired(const List& only_a, const List& only_b) {
  std::unordered_multimap<uint64_t, const model::Series*> others;
  for (const model::Series* series : only_b) others.emplace(fingerprint(*series), series);
  for (const model::Series* series : only_a) {
    const auto [begin, end] = others.equal_range(fingerprint(*series));
    auto best = end;
    for (auto it = begin; it != end; ++it) {
      const bool fits = it->second->labels.metric_name() == series->labels.metric_name() &&
                        !(series->samples.empty() && series->histograms.empty()) &&
                        same_samples(*series, *it->second);
      if (fits && (best == end || common_labels(it->second->labels, series->labels) >
                                      common_labels(best->second->labels, series->labels)))
        best = it;
    }
    if (best == end) {
      missing(*series, "first");
      continue;
    }
    note(DifferenceKind::labels, series->labels.to_string(),
         fmt::format("in the second, {} has its samples", best->second->labels.to_string()));
    others.erase(best);
  }
  List left;
  for (const auto& [hash, series] : others) left.push_back(series);
  std::sort(left.begin(), left.end(),
            [](const model::Series* x, const model::Series* y) { return x->labels < y->labels; });
  for (const model::Series* series : left) missing(*series, "second");
}

template <class Sample>
bool Comparison::samples(const std::string& name, std::vector<Sample> a, std::vector<Sample> b) {
  if (a == b) return true;
  const auto earlier = [](const Sample& x, const Sample& y) {
    return x.timestamp_ms < y.timestamp_ms;
  };
  std::stable_sort(a.begin(), a.end(), earlier);
  std::stable_sort(b.begin(), b.end(), earlier);
  if (a == b) {
    note(DifferenceKind::order, name, "the same samples in another order");
    return false;
  }
  uint64_t missing_count = 0;
  uint64_t different_count = 0;
  std::string missing_text;
  std::string different_text;
  const auto only = [&](const Sample& sample, std::string_view where) {
    if (missing_count++ == 0)
      missing_text = fmt::format("{} = {} only in the {}", format_timestamp(sample.timestamp_ms),
                                 value_of(sample), where);
  };
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && earlier(a[i], b[j]))) {
      only(a[i++], "first");
    } else if (i == a.size() || earlier(b[j], a[i])) {
      only(b[j++], "second");
    } else {
      if (!(a[i] == b[j]) && different_count++ == 0)
        different_text =
            fmt::format("{} = {} in the first, {} in the second",
                        format_timestamp(a[i].timestamp_ms), value_of(a[i]), value_of(b[j]));
      ++i;
      ++j;
    }
  }
  const auto more = [](std::string text, uint64_t count) {
    return count > 1 ? fmt::format("{}, and {} more", text, count - 1) : text;
  };
  if (missing_count > 0)
    note(DifferenceKind::missing_samples, name, more(missing_text, missing_count), missing_count);
  if (different_count > 0)
    note(DifferenceKind::values, name, more(different_text, different_count), different_count);
  return false;
}

// The common series, in the first's order, have to have rising places in the second.
void Comparison::places(const std::vector<std::pair<size_t, size_t>>& pairs,
                        const std::vector<model::Series>& a) {
  std::vector<std::pair<size_t, size_t>> by_first = pairs;
  std::sort(by_first.begin(), by_first.end());
  for (size_t i = 1; i < by_first.size(); ++i) {
    if (by_first[i].second > by_first[i - 1].second) continue;
    note(DifferenceKind::order, a[by_first[i].first].labels.to_string(),
         fmt::format("after {} in the first, before it in the second",
                     a[by_first[i - 1].first].labels.to_string()));
  }
}

}  // namespace

std::string_view to_string(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::response_type:
      return "response type";
    case DifferenceKind::missing_series:
      return "missing series";
    case DifferenceKind::labels:
      return "labels";
    case DifferenceKind::missing_samples:
      return "missing samples";
    case DifferenceKind::values:
      return "values";
    case DifferenceKind::order:
      return "order";
  }
  return "";
}

uint64_t AnswerDifference::total() const {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

AnswerDifference compare_answers(const ReadReply& a, const ReadReply& b, size_t most_shown) {
  Comparison comparison(most_shown);
  comparison.types(a, b);
  comparison.series(a.series, b.series);
  return comparison.take();
}

}  // namespace mread::probe
