#include "scenarios/checks/compare.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/duration.h"
#include "model/matcher.h"

namespace mread::scenarios {
namespace {

constexpr size_t differences_limit = 10;

bool same_value(double a, double b, Exactness exactness) {
  if (std::isnan(a) && std::isnan(b)) return true;
  switch (exactness) {
    case Exactness::bitwise:
      return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
    case Exactness::exact:
      return a == b;
    case Exactness::last_bit:
      return a == b || std::nextafter(a, -INFINITY) == b || std::nextafter(a, INFINITY) == b;
    case Exactness::nearly:
      return nearly_equal(a, b);
    case Exactness::loose:
      return a == b || std::abs(a - b) < 1e-6 * (std::abs(a) + std::abs(b));
  }
  return false;
}

bool same_histogram(const ApiHistogram& a, const ApiHistogram& b, Exactness exactness) {
  if (!same_value(a.count, b.count, exactness) || !same_value(a.sum, b.sum, exactness))
    return false;
  return std::equal(a.buckets.begin(), a.buckets.end(), b.buckets.begin(), b.buckets.end(),
                    [&](const ApiHistogram::Bucket& x, const ApiHistogram::Bucket& y) {
                      // Bounds are powers that both sides compute, so they are never compared
                      // bitwise.
                      return nearly_equal(x.lower, y.lower) && nearly_equal(x.upper, y.upper) &&
                             same_value(x.count, y.count, exactness);
                    });
}

bool same_point(const AnswerPoint& a, const AnswerPoint& b, Exactness exactness) {
  if (a.histogram.has_value() != b.histogram.has_value()) return false;
  if (a.histogram) return same_histogram(*a.histogram, *b.histogram, exactness);
  return same_value(a.value, b.value, exactness);
}

std::string to_string(const AnswerPoint& point) {
  return point.histogram ? point.histogram->to_string() : format_value(point.value);
}

class Differences {
 public:
  void add(const std::string& line) {
    ++count_;
    if (count_ > differences_limit) return;
    if (!text_.empty()) text_ += '\n';
    text_ += line;
  }
  std::optional<std::string> take() {
    if (count_ == 0) return std::nullopt;
    if (count_ > differences_limit) text_ += "\n… " + std::to_string(count_) + " differences";
    return text_;
  }

 private:
  size_t count_ = 0;
  std::string text_;
};

void compare_points(const AnswerSeries& want, const AnswerSeries& got, Exactness exactness,
                    bool with_time, Differences& differences) {
  const std::string name = want.labels.to_string();
  if (want.points.size() != got.points.size()) {
    differences.add(name + ": " + std::to_string(got.points.size()) + " points, want " +
                    std::to_string(want.points.size()));
    return;
  }
  for (size_t i = 0; i < want.points.size(); ++i) {
    const AnswerPoint& a = want.points[i];
    const AnswerPoint& b = got.points[i];
    if (with_time && a.timestamp_ms != b.timestamp_ms) {
      differences.add(name + ": point " + std::to_string(i) + " at " +
                      std::to_string(b.timestamp_ms) + " ms, want " +
                      std::to_string(a.timestamp_ms));
      return;
    }
    if (!same_point(a, b, exactness)) {
      differences.add(name + ": " + to_string(b) + ", want " + to_string(a) +
                      (with_time ? " at " + std::to_string(a.timestamp_ms) + " ms" : ""));
      return;
    }
  }
}

}  // namespace

std::optional<std::string> compare_samples(const std::vector<ExpectedSample>& want,
                                           const QueryAnswer& got, Exactness exactness) {
  QueryAnswer expected;
  expected.type = "vector";
  for (const ExpectedSample& sample : want) {
    AnswerPoint point;
    if (sample.histogram) {
      point.histogram = ApiHistogram::of(*sample.histogram);
    } else {
      point.value = sample.value.value_or(0);
    }
    expected.series.push_back({sample.labels, {std::move(point)}});
  }
  std::stable_sort(
      expected.series.begin(), expected.series.end(),
      [](const AnswerSeries& a, const AnswerSeries& b) { return a.labels < b.labels; });
  QueryAnswer instant = got;
  instant.type = "vector";
  return compare_answers(expected, instant, exactness);
}

QueryAnswer answer_of(const std::vector<model::Series>& series) {
  QueryAnswer answer;
  answer.type = "matrix";
  for (const model::Series& one : series) {
    AnswerSeries shown{one.labels, {}};
    for (const model::Sample& sample : one.samples)
      shown.points.push_back({sample.timestamp_ms, sample.value(), {}});
    for (const model::HistogramSample& sample : one.histograms)
      shown.points.push_back({sample.timestamp_ms, 0, ApiHistogram::of(sample.histogram)});
    std::ranges::stable_sort(shown.points, {}, &AnswerPoint::timestamp_ms);
    answer.series.push_back(std::move(shown));
  }
  std::ranges::stable_sort(answer.series, {}, &AnswerSeries::labels);
  return answer;
}

std::optional<std::string> compare_answers(const QueryAnswer& want, const QueryAnswer& got,
                                           Exactness exactness) {
  if (!want.ok() || !got.ok()) {
    if (want.error == got.error) return std::nullopt;
    return "got " + got.to_string(3) + ", want " + want.to_string(3);
  }
  if (want.type == "string" || got.type == "string") {
    if (want.text == got.text && want.type == got.type) return std::nullopt;
    return "got " + got.to_string() + ", want " + want.to_string();
  }
  Differences differences;
  size_t i = 0;
  size_t j = 0;
  while (i < want.series.size() || j < got.series.size()) {
    if (j == got.series.size() ||
        (i < want.series.size() && want.series[i].labels < got.series[j].labels)) {
      differences.add("missing " + want.series[i].labels.to_string());
      ++i;
    } else if (i == want.series.size() || got.series[j].labels < want.series[i].labels) {
      differences.add("not wanted " + got.series[j].labels.to_string());
      ++j;
    } else {
      compare_points(want.series[i++], got.series[j++], exactness, got.type == "matrix",
                     differences);
    }
  }
  return differences.take();
}

std::string to_string(const std::vector<ExpectedSample>& samples) {
  if (samples.empty()) return "no data";
  std::vector<ExpectedSample> sorted = samples;
  std::stable_sort(
      sorted.begin(), sorted.end(),
      [](const ExpectedSample& a, const ExpectedSample& b) { return a.labels < b.labels; });
  std::string out;
  for (const ExpectedSample& sample : sorted) {
    if (!out.empty()) out += '\n';
    out += sample.labels.to_string() + " " +
           (sample.histogram ? ApiHistogram::of(*sample.histogram).to_string()
                             : format_value(sample.value.value_or(0)));
  }
  return out;
}

bool is_plain_select(const std::string& expr) {
  std::string selector = expr;
  while (!selector.empty() && selector.back() == ' ') selector.pop_back();
  if (selector.ends_with(']')) {
    const size_t open = selector.rfind('[');
    if (open == std::string::npos ||
        !parse_duration(selector.substr(open + 1, selector.size() - open - 2)))
      return false;
    selector.resize(open);
  }
  return model::parse_selector(selector).has_value();
}

}  // namespace mread::scenarios
