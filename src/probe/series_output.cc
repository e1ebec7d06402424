#include "probe/series_output.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include "base/printable.h"
#include "base/timestamp.h"
#include "mockstore/notation/openmetrics.h"

namespace mread::probe {

namespace {

// Visits floats and histograms in order of time; of equal times the float first.
void for_each_point(const model::Series& series,
                    const std::function<void(int64_t, const std::string&)>& visit) {
  size_t s = 0;
  size_t h = 0;
  while (s < series.samples.size() || h < series.histograms.size()) {
    const bool sample = h == series.histograms.size() ||
                        (s < series.samples.size() &&
                         series.samples[s].timestamp_ms <= series.histograms[h].timestamp_ms);
    if (sample) {
      visit(series.samples[s].timestamp_ms, value_text(series.samples[s]));
      ++s;
    } else {
      const model::Histogram& histogram = series.histograms[h].histogram;
      visit(series.histograms[h].timestamp_ms,
            histogram.is_stale() ? "StaleNaN" : histogram.to_string());
      ++h;
    }
  }
}

// Columns on a screen, for UTF-8 text.
size_t width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

struct Row {
  std::string cells[5];
};

constexpr bool right_aligned[] = {false, true, false, false, true};

std::string line(const Row& row, const size_t (&widths)[5], const char* begin, const char* end) {
  std::string out = begin;
  for (size_t i = 0; i < 5; ++i) {
    const std::string pad(widths[i] - std::min(widths[i], width(row.cells[i])), ' ');
    if (i > 0) out += "  ";
    out += right_aligned[i] ? pad + row.cells[i] : row.cells[i] + (i == 4 ? "" : pad);
  }
  out += end;
  return out + "\n";
}

Row summary(const model::Series& series) {
  Row row;
  row.cells[0] = printable(series.labels.to_string());
  row.cells[1] = std::to_string(series.samples.size() + series.histograms.size());
  bool first = true;
  int64_t last_ms = 0;
  for_each_point(series, [&](int64_t timestamp_ms, const std::string& value) {
    if (first) row.cells[2] = format_timestamp(timestamp_ms);
    first = false;
    last_ms = timestamp_ms;
    row.cells[4] = value;
  });
  if (!first) row.cells[3] = format_timestamp(last_ms);
  return row;
}

std::string json_text(std::string_view text) {
  return printable_json(boost::json::serialize(boost::json::string(text)));
}

std::string seconds(int64_t timestamp_ms) {
  const uint64_t ms = timestamp_ms < 0 ? 0 - static_cast<uint64_t>(timestamp_ms)
                                       : static_cast<uint64_t>(timestamp_ms);
  std::string out = (timestamp_ms < 0 ? "-" : "") + std::to_string(ms / 1000);
  if (ms % 1000 != 0) out += fmt::format(".{:03}", ms % 1000);
  return out;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

}  // namespace

std::string value_text(const model::Sample& sample) {
  if (model::is_stale(sample.bits)) return "StaleNaN";
  const double value = sample.value();
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string table(const std::vector<model::Series>& series, const TableStyle& style) {
  if (series.empty()) return "no series\n";
  const Row head{{"SERIES", "SAMPLES", "FIRST", "LAST", "LAST VALUE"}};
  std::vector<Row> rows;
  size_t widths[5];
  for (size_t i = 0; i < 5; ++i) widths[i] = width(head.cells[i]);
  const size_t shown = static_cast<size_t>(std::min<uint64_t>(series.size(), style.limit));
  for (size_t n = 0; n < shown; ++n) {
    rows.push_back(summary(series[n]));
    for (size_t i = 0; i < 5; ++i) widths[i] = std::max(widths[i], width(rows.back().cells[i]));
  }
  constexpr size_t widest_value =
      24;  // a histogram in the last column moves nobody else's value to the right
  widths[4] = std::min(widths[4], widest_value);
  std::string out =
      line(head, widths, style.colour ? "\x1b[1m" : "", style.colour ? "\x1b[0m" : "");
  for (size_t n = 0; n < shown; ++n) {
    out += line(rows[n], widths, "", "");
    if (!style.values) continue;
    for_each_point(series[n], [&](int64_t timestamp_ms, const std::string& value) {
      out += fmt::format("  {}{}{}  {}\n", style.colour ? "\x1b[2m" : "",
                         format_timestamp(timestamp_ms), style.colour ? "\x1b[0m" : "", value);
    });
  }
  if (shown < series.size()) out += fmt::format("… {} more series\n", series.size() - shown);
  return out;
}

std::string openmetrics(const std::vector<model::Series>& series) {
  mockstore::OpenMetricsWriter writer;
  for (const model::Series& one : series) writer.append(one);
  std::string out = writer.take();
  const auto& omitted = writer.omitted();
  if (omitted.stale_markers + omitted.histograms > 0) {
    out += fmt::format("# left out: {} staleness markers, {} native histograms\n",
                       omitted.stale_markers, omitted.histograms);
  }
  writer.finish();
  return valid_utf8(out + writer.take());
}

std::string json(const std::vector<model::Series>& series) {
  std::string out = R"({"resultType":"matrix","result":[)";
  for (size_t n = 0; n < series.size(); ++n) {
    const model::Series& one = series[n];
    out += n == 0 ? R"({"metric":{)" : R"(,{"metric":{)";
    size_t count = 0;
    for (const model::Label& label : one.labels)
      out += (count++ > 0 ? "," : "") + json_text(label.name) + ":" + json_text(label.value);
    out += R"(},"values":[)";
    count = 0;
    for (const model::Sample& sample : one.samples) {
      out += fmt::format("{}[{},\"{}\"]", count++ > 0 ? "," : "", seconds(sample.timestamp_ms),
                         value_text(sample));
    }
    out += ']';
    if (!one.histograms.empty()) {
      out += R"(,"histograms":[)";
      count = 0;
      for (const model::HistogramSample& sample : one.histograms) {
        const std::string text =
            sample.histogram.is_stale() ? "StaleNaN" : sample.histogram.to_string();
        out += fmt::format("{}[{},{}]", count++ > 0 ? "," : "", seconds(sample.timestamp_ms),
                           json_text(text));
      }
      out += ']';
    }
    out += '}';
  }
  return out + "]}\n";
}

std::string csv(const std::vector<model::Series>& series) {
  std::string out = "series,timestamp_ms,value\n";
  for (const model::Series& one : series) {
    const std::string name = csv_cell(one.labels.to_string());
    for_each_point(one, [&](int64_t timestamp_ms, const std::string& value) {
      fmt::format_to(std::back_inserter(out), "{},{},{}\n", name, timestamp_ms, csv_cell(value));
    });
  }
  return out;
}

}  // namespace mread::probe
