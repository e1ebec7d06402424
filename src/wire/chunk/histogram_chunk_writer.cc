#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "model/sample.h"
#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/histogram_layout.h"

namespace mread::wire {

namespace {

using model::CounterResetHint;
using model::Histogram;

constexpr uint16_t most_with_start_times =
    0x3fff;  // The count's upper two bits are the counter reset header's.

void put_zero_threshold(VarbitWriter& writer, double threshold) {
  if (threshold == 0) return writer.bits(0, 8);
  int exponent = 0;
  const double fraction = std::frexp(threshold, &exponent);
  if (fraction != 0.5 || exponent < -242 || exponent > 11) {
    writer.bits(255, 8);
    return writer.bits(std::bit_cast<uint64_t>(threshold), 64);
  }
  writer.bits(static_cast<uint64_t>(exponent + 243), 8);
}

// Bounds that are whole thousandths have a short form; the code 0 announces a raw float.
void put_bound(VarbitWriter& writer, double bound) {
  const double thousandths = bound * 1000;
  if (thousandths >= 0 && thousandths <= 33554430) {
    const double whole = std::round(thousandths);
    if (whole / 1000 == bound) return writer.varbit_uint(static_cast<uint64_t>(whole) + 1);
  }
  writer.bit(false);
  writer.bits(std::bit_cast<uint64_t>(bound), 64);
}

void put_spans(VarbitWriter& writer, const std::vector<model::BucketSpan>& spans) {
  writer.varbit_uint(spans.size());
  for (const model::BucketSpan& span : spans) {
    writer.varbit_uint(span.length);
    writer.varbit_int(span.offset);
  }
}

std::vector<uint64_t> absolute(const std::vector<int64_t>& deltas) {
  std::vector<uint64_t> values;
  values.reserve(deltas.size());
  uint64_t current = 0;
  for (const int64_t delta : deltas) values.push_back(current += static_cast<uint64_t>(delta));
  return values;
}

std::vector<uint64_t> as_bits(const std::vector<double>& counts) {
  std::vector<uint64_t> values;
  values.reserve(counts.size());
  for (const double count : counts) values.push_back(std::bit_cast<uint64_t>(count));
  return values;
}

// Whether `later` is smaller, compared as numbers of the kind.
bool smaller(bool is_float, uint64_t later, uint64_t earlier) {
  if (is_float) return std::bit_cast<double>(later) < std::bit_cast<double>(earlier);
  return static_cast<int64_t>(later) < static_cast<int64_t>(earlier);
}

bool is_zero(bool is_float, uint64_t value) {
  return is_float ? std::bit_cast<double>(value) == 0 : value == 0;
}

bool same_bounds(const Histogram& a, const Histogram& b) {
  return a.custom_values == b.custom_values;
}

// Whether a bucket in use became smaller or vanished.
bool reset_in(bool is_float, const SideMerge& merge, const std::vector<uint64_t>& before,
              const std::vector<uint64_t>& now) {
  for (const SideMerge::Position& place : merge.positions) {
    if (place.chunk < 0) continue;
    const uint64_t old = before[static_cast<size_t>(place.chunk)];
    if (place.sample < 0 ? !is_zero(is_float, old)
                         : smaller(is_float, now[static_cast<size_t>(place.sample)], old))
      return true;
  }
  return false;
}

}  // namespace

struct HistogramChunkWriter::Merge {
  SideMerge positive, negative;
  bool chunk_grows() const { return positive.chunk_grows || negative.chunk_grows; }
  bool sample_grows() const { return positive.sample_grows || negative.sample_grows; }
};

HistogramChunkWriter::Row HistogramChunkWriter::make_row(const model::HistogramSample& sample) {
  const Histogram& histogram = sample.histogram;
  Row row;
  row.timestamp_ms = sample.timestamp_ms;
  row.stale = histogram.is_stale();
  row.sum = std::bit_cast<uint64_t>(histogram.sum);
  if (row.stale) return row;
  if (histogram.is_float) {
    row.count = std::bit_cast<uint64_t>(histogram.float_count);
    row.zero_count = std::bit_cast<uint64_t>(histogram.float_zero_count);
    row.positive = as_bits(histogram.positive_counts);
    row.negative = as_bits(histogram.negative_counts);
  } else {
    row.count = histogram.count;
    row.zero_count = histogram.zero_count;
    row.positive = absolute(histogram.positive_deltas);
    row.negative = absolute(histogram.negative_deltas);
  }
  return row;
}

// Whether a counter sample can follow the last one of the open chunk; if not, which header the next
// chunk gets. The conditions are in the order of Prometheus's appender.
CounterResetHeader HistogramChunkWriter::fit_counter(const Histogram& histogram, const Row& row,
                                                     Merge& merge, bool& fits) const {
  fits = false;
  const Row& last = rows_.back();
  const bool is_float = layout_.is_float;
  // Prometheus writes not_reset here. But nothing was compared, and a reader that trusts the header
  // would be misled.
  if (header_ == CounterResetHeader::gauge) return CounterResetHeader::unknown;
  if (histogram.counter_reset_hint == CounterResetHint::yes) return CounterResetHeader::reset;
  if (row.stale) {
    fits = true;
    return CounterResetHeader::not_reset;
  }
  if (last.stale) return CounterResetHeader::unknown;
  if (is_float ? smaller(true, row.count, last.count) : row.count < last.count)
    return CounterResetHeader::reset;
  if (histogram.schema != layout_.schema || histogram.zero_threshold != layout_.zero_threshold)
    return CounterResetHeader::unknown;
  if (histogram.has_custom_buckets() && !same_bounds(histogram, layout_))
    return CounterResetHeader::reset;
  if (is_float ? smaller(true, row.zero_count, last.zero_count) : row.zero_count < last.zero_count)
    return CounterResetHeader::reset;
  merge.positive = merge_side(layout_.positive_spans, histogram.positive_spans);
  merge.negative = merge_side(layout_.negative_spans, histogram.negative_spans);
  if (reset_in(is_float, merge.positive, last.positive, row.positive) ||
      reset_in(is_float, merge.negative, last.negative, row.negative)) {
    return CounterResetHeader::reset;
  }
  fits = true;
  return CounterResetHeader::not_reset;
}

bool HistogramChunkWriter::fit_gauge(const Histogram& histogram, const Row& row,
                                     Merge& merge) const {
  if (header_ != CounterResetHeader::gauge) return false;
  if (row.stale) return true;
  if (rows_.back().stale) return false;
  if (histogram.schema != layout_.schema || histogram.zero_threshold != layout_.zero_threshold)
    return false;
  if (histogram.has_custom_buckets() && !same_bounds(histogram, layout_)) return false;
  merge.positive = merge_side(layout_.positive_spans, histogram.positive_spans);
  merge.negative = merge_side(layout_.negative_spans, histogram.negative_spans);
  return true;
}

// Brings the chunk and the new sample to one layout. Like Prometheus, it keeps the spans of the
// chunk or of the sample if they fit, or makes new ones, so that the bytes are the same as
// Prometheus's.
void HistogramChunkWriter::grow(const Histogram& histogram, const Merge& merge, bool gauge,
                                Row& row) {
  if (merge.chunk_grows()) {
    const auto spans = [&](const SideMerge& side, const std::vector<model::BucketSpan>& own) {
      const bool normalise = gauge ? merge.sample_grows() : side.sample_grows;
      return normalise ? side.spans : own;
    };
    layout_.positive_spans = spans(merge.positive, histogram.positive_spans);
    layout_.negative_spans = spans(merge.negative, histogram.negative_spans);
    for (Row& old : rows_) {
      if (old.stale) continue;
      old.positive = widen(old.positive, merge.positive.positions, &SideMerge::Position::chunk);
      old.negative = widen(old.negative, merge.negative.positions, &SideMerge::Position::chunk);
    }
  }
  row.positive = widen(row.positive, merge.positive.positions, &SideMerge::Position::sample);
  row.negative = widen(row.negative, merge.negative.positions, &SideMerge::Position::sample);
}

void HistogramChunkWriter::start(const Histogram& histogram, Row&& row, CounterResetHeader header) {
  close();
  header_ = header;
  if (row.stale) {  // nothing but the sum is meant
    layout_ = Histogram::stale(histogram.is_float);
  } else {
    layout_ = Histogram{};
    layout_.is_float = histogram.is_float;
    layout_.schema = histogram.schema;
    layout_.zero_threshold = histogram.zero_threshold;
    layout_.positive_spans = histogram.positive_spans;
    layout_.negative_spans = histogram.negative_spans;
    layout_.custom_values = histogram.custom_values;
  }
  rows_.push_back(std::move(row));
}

Result<void> HistogramChunkWriter::append(const model::HistogramSample& sample, int64_t start_ms) {
  const Histogram& histogram = sample.histogram;
  if (auto good = histogram.check(); !good) return good;
  if (!rows_.empty() && sample.timestamp_ms <= rows_.back().timestamp_ms) {
    return fail(Errc::malformed, fmt::format("histogram at {} does not come after {}",
                                             sample.timestamp_ms, rows_.back().timestamp_ms));
  }
  Row row = make_row(sample);
  row.start_ms = start_ms;
  const bool gauge = histogram.counter_reset_hint == CounterResetHint::gauge;
  const CounterResetHeader by_hint = gauge ? CounterResetHeader::gauge
                                     : histogram.counter_reset_hint == CounterResetHint::yes
                                         ? CounterResetHeader::reset
                                         : CounterResetHeader::unknown;
  if (rows_.empty()) {
    const bool use_first = !began_ && by_hint == CounterResetHeader::unknown;
    began_ = true;
    start(histogram, std::move(row), use_first ? options_.first_header : by_hint);
    return {};
  }
  if (histogram.is_float != layout_.is_float) {
    start(histogram, std::move(row), by_hint);
    return {};
  }
  // A staleness marker carries no hint: it ends the open chunk, whatever its kind.
  const bool as_gauge = gauge || (row.stale && header_ == CounterResetHeader::gauge);
  Merge merge;
  bool fits = false;
  CounterResetHeader header = CounterResetHeader::gauge;
  if (as_gauge) {
    fits = fit_gauge(histogram, row, merge);
  } else {
    header = fit_counter(histogram, row, merge, fits);
  }
  const size_t most = options_.start_times ? std::min(options_.max_samples, most_with_start_times)
                                           : options_.max_samples;
  if (!fits || rows_.size() >= most) {
    start(histogram, std::move(row), header);
    return {};
  }
  if (!row.stale) grow(histogram, merge, as_gauge, row);
  rows_.push_back(std::move(row));
  return {};
}

void HistogramChunkWriter::close() {
  if (rows_.empty()) return;
  const ChunkEncoding plain =
      layout_.is_float ? ChunkEncoding::float_histogram : ChunkEncoding::histogram;
  done_.push_back({layout_.is_float, options_.start_times ? newer(plain) : plain,
                   rows_.front().timestamp_ms, rows_.back().timestamp_ms,
                   static_cast<uint16_t>(rows_.size()), encode()});
  rows_.clear();
}

std::vector<EncodedHistogramChunk> HistogramChunkWriter::take() { return std::exchange(done_, {}); }

std::vector<EncodedHistogramChunk> HistogramChunkWriter::finish() {
  close();
  began_ = false;
  return take();
}

std::string HistogramChunkWriter::encode() const {
  const auto count = static_cast<uint16_t>(rows_.size());
  std::string prefix{static_cast<char>(count >> 8), static_cast<char>(count & 0xff),
                     static_cast<char>(header_)};
  if (options_.start_times) {  // The third byte is for the start timestamps, once they are written.
    prefix[0] = static_cast<char>(prefix[0] | prefix[2]);
    prefix[2] = 0;
  }
  VarbitWriter writer(std::move(prefix));
  StartTimesWriter starts;
  put_zero_threshold(writer, layout_.zero_threshold);
  writer.varbit_int(layout_.schema);
  put_spans(writer, layout_.positive_spans);
  put_spans(writer, layout_.negative_spans);
  if (layout_.has_custom_buckets()) {
    writer.varbit_uint(layout_.custom_values.size());
    for (const double bound : layout_.custom_values) put_bound(writer, bound);
  }
  if (layout_.is_float) {
    encode_float(writer, starts);
  } else {
    encode_int(writer, starts);
  }
  std::string bytes = writer.finish();
  if (options_.start_times) bytes[2] = static_cast<char>(starts.header().byte());
  return bytes;
}

void HistogramChunkWriter::put_start(VarbitWriter& writer, StartTimesWriter& starts,
                                     size_t index) const {
  if (!options_.start_times) return;
  const int64_t before_ms = index == 0 ? 0 : rows_[index - 1].timestamp_ms;
  starts.write(writer, index, rows_[index].start_ms, rows_[index].timestamp_ms, before_ms);
}

void HistogramChunkWriter::encode_int(VarbitWriter& writer, StartTimesWriter& starts) const {
  struct Counter {
    uint64_t value = 0;
    uint64_t delta = 0;
    // Writes the second difference; all arithmetic is modulo 2^64.
    void put(VarbitWriter& out, uint64_t next) {
      const uint64_t step = next - value;
      out.varbit_int(static_cast<int64_t>(step - delta));
      delta = step;
      value = next;
    }
  };
  Counter timestamp, count, zero_count;
  std::vector<Counter> positive(bucket_count(layout_.positive_spans)),
      negative(bucket_count(layout_.negative_spans));
  XorValue sum;
  const auto put_buckets = [&](std::vector<Counter>& buckets, const std::vector<uint64_t>& values,
                               bool first) {
    uint64_t before = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const uint64_t delta = values[i] - before;  // to the bucket before
      before = values[i];
      if (first) {
        buckets[i].value = delta;
        writer.varbit_int(static_cast<int64_t>(delta));
      } else {
        buckets[i].put(writer, delta);
      }
    }
  };
  for (size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    if (i == 0) {
      writer.varbit_int(row.timestamp_ms);
      writer.varbit_uint(row.count);
      writer.varbit_uint(row.zero_count);
      writer.bits(row.sum, 64);
      timestamp.value = static_cast<uint64_t>(row.timestamp_ms);
      count.value = row.count;
      zero_count.value = row.zero_count;
      sum.bits = row.sum;
    } else {
      timestamp.put(writer, static_cast<uint64_t>(row.timestamp_ms));
      if (row.stale) {
        writer.varbit_int(0);
        writer.varbit_int(0);
      } else {
        count.put(writer, row.count);
        zero_count.put(writer, row.zero_count);
      }
      sum.write(writer, row.sum);
    }
    put_buckets(positive, row.positive, i == 0);
    put_buckets(negative, row.negative, i == 0);
    put_start(writer, starts, i);
  }
}

void HistogramChunkWriter::encode_float(VarbitWriter& writer, StartTimesWriter& starts) const {
  XorValue count, zero_count, sum;
  std::vector<XorValue> positive(bucket_count(layout_.positive_spans)),
      negative(bucket_count(layout_.negative_spans));
  uint64_t timestamp = 0;
  uint64_t timestamp_delta = 0;
  for (size_t i = 0; i < rows_.size(); ++i) {
    const Row& row = rows_[i];
    const auto put = [&](XorValue& value, uint64_t bits) {
      if (i > 0) return value.write(writer, bits);
      value.bits = bits;
      writer.bits(bits, 64);
    };
    const auto now = static_cast<uint64_t>(row.timestamp_ms);
    if (i == 0) {
      writer.varbit_int(row.timestamp_ms);
    } else {
      const uint64_t delta = now - timestamp;
      writer.varbit_int(static_cast<int64_t>(delta - timestamp_delta));
      timestamp_delta = delta;
    }
    timestamp = now;
    put(count, row.count);
    put(zero_count, row.zero_count);
    put(sum, row.sum);
    for (size_t b = 0; b < row.positive.size(); ++b) put(positive[b], row.positive[b]);
    for (size_t b = 0; b < row.negative.size(); ++b) put(negative[b], row.negative[b]);
    put_start(writer, starts, i);
  }
}

}  // namespace mread::wire
