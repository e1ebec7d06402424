#include "mockstore/notation/openmetrics.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace mread::mockstore {

namespace {

// The format knows three escapes; everything else stands for itself.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  out += '"';
}

std::string series_text(const model::LabelSet& labels) {
  std::string out;
  const std::string_view name = labels.metric_name();
  const bool plain_name = model::is_classic_metric_name(name);
  if (plain_name) out += name;
  std::string inner;
  if (!name.empty() && !plain_name) append_quoted(inner, name);
  for (const model::Label& label : labels) {
    if (label.name == model::metric_name_label) continue;
    if (!inner.empty()) inner += ',';
    if (model::is_classic_label_name(label.name)) {
      inner += label.name;
    } else {
      append_quoted(inner, label.name);
    }
    inner += '=';
    append_quoted(inner, label.value);
  }
  if (!inner.empty() || !plain_name) out += '{' + inner + '}';
  return out;
}

void append_value(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}

void append_timestamp(std::string& out, int64_t timestamp_ms) {
  const bool negative = timestamp_ms < 0;
  const uint64_t ms =
      negative ? 0 - static_cast<uint64_t>(timestamp_ms) : static_cast<uint64_t>(timestamp_ms);
  fmt::format_to(std::back_inserter(out), "{}{}", negative ? "-" : "", ms / 1000);
  if (ms % 1000 != 0) fmt::format_to(std::back_inserter(out), ".{:03}", ms % 1000);
}

}  // namespace

void OpenMetricsWriter::append(const model::Series& series) {
  omitted_.histograms += series.histograms.size();
  if (series.samples.empty()) return;
  const std::string name = series_text(series.labels) + ' ';
  for (const model::Sample& sample : series.samples) {
    if (model::is_stale(sample.bits)) {
      ++omitted_.stale_markers;
      continue;
    }
    text_ += name;
    append_value(text_, sample.value());
    text_ += ' ';
    append_timestamp(text_, sample.timestamp_ms);
    text_ += '\n';
  }
}

void OpenMetricsWriter::finish() { text_ += "# EOF\n"; }

std::string OpenMetricsWriter::take() { return std::exchange(text_, {}); }

}  // namespace mread::mockstore
