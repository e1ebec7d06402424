#include "scenarios/checks/query_answer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include <boost/json.hpp>

namespace mread::scenarios {
namespace {

namespace json = boost::json;

// The API gives values as text, for NaN and infinities.
double value_of(const json::value& value) {
  const std::string text(value.as_string());
  if (text == "NaN") return std::nan("");
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size())
    throw std::invalid_argument("\"" + text + "\" is no value");
  return number;
}

int64_t time_of(const json::value& value) { return std::llround(value.to_number<double>() * 1000); }

AnswerPoint float_point(const json::value& pair) {
  return {time_of(pair.as_array().at(0)), value_of(pair.as_array().at(1)), std::nullopt};
}

AnswerPoint histogram_point(const json::value& pair) {
  const json::object& object = pair.as_array().at(1).as_object();
  ApiHistogram histogram;
  histogram.count = value_of(object.at("count"));
  histogram.sum = value_of(object.at("sum"));
  if (const json::value* buckets = object.if_contains("buckets")) {
    for (const json::value& bucket : buckets->as_array()) {
      const json::array& fields = bucket.as_array();
      histogram.buckets.push_back(
          {value_of(fields.at(1)), value_of(fields.at(2)), value_of(fields.at(3))});
    }
  }
  return {time_of(pair.as_array().at(0)), 0, std::move(histogram)};
}

AnswerSeries series_of(const json::object& object) {
  std::vector<model::Label> labels;
  for (const auto& [name, value] : object.at("metric").as_object()) {
    labels.push_back({std::string(name), std::string(value.as_string())});
  }
  auto set = model::LabelSet::from(std::move(labels));
  if (!set) throw std::invalid_argument(set.error().context);
  AnswerSeries series{std::move(*set), {}};
  if (const json::value* value = object.if_contains("value"))
    series.points.push_back(float_point(*value));
  if (const json::value* value = object.if_contains("histogram"))
    series.points.push_back(histogram_point(*value));
  if (const json::value* values = object.if_contains("values")) {
    for (const json::value& value : values->as_array()) series.points.push_back(float_point(value));
  }
  if (const json::value* values = object.if_contains("histograms")) {
    for (const json::value& value : values->as_array())
      series.points.push_back(histogram_point(value));
  }
  std::stable_sort(
      series.points.begin(), series.points.end(),
      [](const AnswerPoint& a, const AnswerPoint& b) { return a.timestamp_ms < b.timestamp_ms; });
  return series;
}

std::vector<std::string> texts(const json::object& object, const char* key) {
  std::vector<std::string> out;
  if (const json::value* list = object.if_contains(key)) {
    for (const json::value& item : list->as_array()) out.emplace_back(item.as_string());
  }
  return out;
}

void add_buckets(std::vector<ApiHistogram::Bucket>& out, const model::Histogram& histogram,
                 bool negative) {
  const model::Histogram& h = histogram;
  const auto& spans = negative ? h.negative_spans : h.positive_spans;
  const auto& counts = negative ? h.negative_counts : h.positive_counts;
  int64_t index = 0;
  size_t at = 0;
  for (const model::BucketSpan& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length && at < counts.size(); ++i, ++index, ++at) {
      if (counts[at] == 0) continue;
      double lower = 0;
      double upper = 0;
      if (h.has_custom_buckets()) {
        const auto bounds = static_cast<int64_t>(h.custom_values.size());
        lower = index == 0 || index > bounds ? -HUGE_VAL
                                             : h.custom_values[static_cast<size_t>(index - 1)];
        upper = index >= bounds ? HUGE_VAL : h.custom_values[static_cast<size_t>(index)];
        if (index == 0 && upper > 0) lower = -HUGE_VAL;
      } else {
        const double factor = std::ldexp(1.0, -h.schema);
        lower = std::exp2(static_cast<double>(index - 1) * factor);
        upper = std::exp2(static_cast<double>(index) * factor);
      }
      if (negative) {
        std::swap(lower, upper);
        lower = -lower;
        upper = -upper;
      }
      out.push_back({lower, upper, counts[at]});
    }
  }
}

}  // namespace

ApiHistogram ApiHistogram::of(const model::Histogram& histogram) {
  const model::Histogram h = histogram.to_float();
  ApiHistogram out;
  out.count = h.float_count;
  out.sum = h.sum;
  add_buckets(out.buckets, h, true);
  if (h.float_zero_count != 0)
    out.buckets.push_back({-h.zero_threshold, h.zero_threshold, h.float_zero_count});
  add_buckets(out.buckets, h, false);
  std::sort(out.buckets.begin(), out.buckets.end(),
            [](const Bucket& a, const Bucket& b) { return a.lower < b.lower; });
  return out;
}

std::string ApiHistogram::to_string() const {
  std::string text = "{count:" + format_value(count) + " sum:" + format_value(sum);
  for (const Bucket& bucket : buckets) {
    text += " [" + format_value(bucket.lower) + "," + format_value(bucket.upper) +
            "]:" + format_value(bucket.count);
  }
  return text + "}";
}

size_t QueryAnswer::points() const {
  size_t total = 0;
  for (const AnswerSeries& one : series) total += one.points.size();
  return total;
}

std::string QueryAnswer::to_string(size_t limit, size_t points_limit) const {
  if (!ok()) return "error: " + error;
  if (type == "string") return model::quote(text);
  if (series.empty()) return "no data";
  std::string out;
  for (size_t i = 0; i < series.size() && i < limit; ++i) {
    if (i > 0) out += '\n';
    out += series[i].labels.to_string();
    for (size_t p = 0; p < series[i].points.size() && p < points_limit; ++p) {
      const AnswerPoint& point = series[i].points[p];
      out += ' ';
      out += point.histogram ? point.histogram->to_string() : format_value(point.value);
      if (type == "matrix")
        out += " @" + format_value(static_cast<double>(point.timestamp_ms) / 1000);
    }
    if (series[i].points.size() > points_limit) {
      out += " … " + std::to_string(series[i].points.size()) + " points";
    }
  }
  if (series.size() > limit) out += "\n… " + std::to_string(series.size()) + " series";
  return out;
}

Result<QueryAnswer> parse_answer(std::string_view body) try {
  const json::value document = json::parse(body);
  const json::object& root = document.as_object();
  QueryAnswer answer;
  answer.warnings = texts(root, "warnings");
  answer.infos = texts(root, "infos");
  if (root.at("status").as_string() != "success") {
    answer.error = std::string(root.at("errorType").as_string()) + ": " +
                   std::string(root.at("error").as_string());
    return answer;
  }
  const json::object& data = root.at("data").as_object();
  answer.type = std::string(data.at("resultType").as_string());
  const json::array& result = data.at("result").as_array();
  if (answer.type == "scalar") {
    answer.series.push_back({{}, {{time_of(result.at(0)), value_of(result.at(1)), std::nullopt}}});
  } else if (answer.type == "string") {
    answer.text = std::string(result.at(1).as_string());
  } else {
    for (const json::value& item : result) answer.series.push_back(series_of(item.as_object()));
    for (const AnswerSeries& one : answer.series) answer.order.push_back(one.labels);
    std::stable_sort(
        answer.series.begin(), answer.series.end(),
        [](const AnswerSeries& a, const AnswerSeries& b) { return a.labels < b.labels; });
  }
  return answer;
} catch (const std::exception& error) {
  return fail(Errc::malformed, std::string("no answer of the query API (") + error.what() +
                                   "): " + std::string(body.substr(0, 200)));
}

std::string format_value(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Inf" : "+Inf";
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  return {buffer, end.ptr};
}

}  // namespace mread::scenarios
