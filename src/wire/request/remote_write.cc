#include "wire/request/remote_write.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "wire/bytes/varint.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/histogram_proto.h"
#include "wire/snappy/snappy_block.h"

namespace mread::wire {

namespace {

constexpr int64_t window_ms = 20 * 60 * 1000;

constexpr char timeseries_tag = 0x0a;
constexpr char sample_tag = 0x12;
constexpr char value_tag = 0x09;
constexpr char timestamp_tag = 0x10;

void append_sample_entry(std::string& out, const model::Sample& sample) {
  out.push_back(sample_tag);
  const bool has_value =
      sample.bits != 0;  // as in Go, zeros are left out; -0, which Go leaves out too, is not
  const bool has_timestamp = sample.timestamp_ms != 0;
  const auto timestamp = static_cast<uint64_t>(sample.timestamp_ms);
  append_varint(out, (has_value ? 9 : 0) + (has_timestamp ? 1 + varint_size(timestamp) : 0));
  if (has_value) {
    out.push_back(value_tag);
    for (unsigned i = 0; i < 8; ++i) out.push_back(static_cast<char>(sample.bits >> (8 * i)));
  }
  if (has_timestamp) {
    out.push_back(timestamp_tag);
    append_varint(out, timestamp);
  }
}

enum class Kind { sample, histogram, float_histogram };

int64_t window_last(int64_t time_ms) {
  return time_ms > INT64_MAX - window_ms ? INT64_MAX : time_ms + window_ms - 1;
}

}  // namespace

void WriteRequestWriter::append(const model::LabelSet& labels,
                                std::span<const model::Sample> samples,
                                std::span<const model::HistogramSample> histograms) {
  series_.clear();
  series_ += encode_labels(labels);
  for (const model::Sample& sample : samples) append_sample_entry(series_, sample);
  for (const model::HistogramSample& histogram : histograms)
    append_histogram_entry(series_, histogram);
  bytes_.push_back(timeseries_tag);
  append_varint(bytes_, series_.size());
  bytes_ += series_;
}

std::string WriteRequestWriter::finish() {
  std::string body = compress(bytes_);
  bytes_.clear();
  return body;
}

std::string encode_write_request(std::span<const model::Series> series) {
  WriteRequestWriter writer;
  for (const model::Series& one : series) writer.append(one);
  return writer.finish();
}

// Consecutive samples of one kind.
struct WriteRequests::Portion {
  std::span<const model::Sample> samples;
  std::span<const model::HistogramSample> histograms;
  size_t size() const { return samples.size() + histograms.size(); }
};

WriteRequests::WriteRequests(std::span<const model::Series> series, size_t max_samples)
    : series_(series),
      max_samples_(std::max<size_t>(max_samples, 1)),
      cursors_(series.size()),
      at_(series.size()) {}

WriteRequests::Portion WriteRequests::take(const model::Series& series, Cursor& cursor,
                                           int64_t last_ms, size_t most) {
  const auto& samples = series.samples;
  const auto& histograms = series.histograms;
  const Cursor from = cursor;
  std::optional<Kind> kind;
  while (cursor.sample - from.sample + cursor.histogram - from.histogram < most) {
    const bool has_sample =
        cursor.sample < samples.size() && samples[cursor.sample].timestamp_ms <= last_ms;
    const bool has_histogram = cursor.histogram < histograms.size() &&
                               histograms[cursor.histogram].timestamp_ms <= last_ms;
    if (!has_sample && !has_histogram) break;
    const bool take_sample =
        has_sample && (!has_histogram || samples[cursor.sample].timestamp_ms <=
                                             histograms[cursor.histogram].timestamp_ms);
    const Kind next = take_sample                                       ? Kind::sample
                      : histograms[cursor.histogram].histogram.is_float ? Kind::float_histogram
                                                                        : Kind::histogram;
    if (kind && *kind != next) break;
    kind = next;
    ++(take_sample ? cursor.sample : cursor.histogram);
  }
  return {std::span(samples).subspan(from.sample, cursor.sample - from.sample),
          std::span(histograms).subspan(from.histogram, cursor.histogram - from.histogram)};
}

std::optional<int64_t> WriteRequests::next_time(const model::Series& series, const Cursor& cursor) {
  std::optional<int64_t> time;
  if (cursor.sample < series.samples.size()) time = series.samples[cursor.sample].timestamp_ms;
  if (cursor.histogram < series.histograms.size()) {
    const int64_t other = series.histograms[cursor.histogram].timestamp_ms;
    time = time ? std::min(*time, other) : other;
  }
  return time;
}

std::optional<int64_t> WriteRequests::earliest() const {
  std::optional<int64_t> earliest;
  for (size_t i = 0; i < series_.size(); ++i) {
    if (const auto time = next_time(series_[i], cursors_[i]))
      earliest = earliest ? std::min(*earliest, *time) : *time;
  }
  return earliest;
}

// A request holds at most one portion of each series. Rounds over all series go on until the window
// of time is empty; the next window begins with the earliest sample that is left.
std::optional<std::string> WriteRequests::next() {
  size_t written = 0;
  while (written < max_samples_) {
    if (at_ == series_.size()) {
      if (written > 0) break;  // the round's request
      const auto time = earliest();
      if (!time) return std::nullopt;
      if (!last_ms_ || *time > *last_ms_) last_ms_ = window_last(*time);
      at_ = 0;
    }
    const Portion portion = take(series_[at_], cursors_[at_], *last_ms_, max_samples_ - written);
    if (portion.size() > 0)
      writer_.append(series_[at_].labels, portion.samples, portion.histograms);
    written += portion.size();
    ++at_;
  }
  return writer_.finish();
}

std::vector<std::string> encode_write_requests(std::span<const model::Series> series,
                                               size_t max_samples) {
  std::vector<std::string> bodies;
  WriteRequests requests(series, max_samples);
  while (auto body = requests.next()) bodies.push_back(std::move(*body));
  return bodies;
}

}  // namespace mread::wire
