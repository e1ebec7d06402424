#include "model/histogram.h"

#include <bit>
#include <cmath>

#include <fmt/format.h>

namespace mread::model {

namespace {

constexpr uint64_t stale_bits = 0x7ff0000000000002;
constexpr int32_t widest_written_gap = 1000;

bool same_bits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!same_bits(a[i], b[i])) return false;
  }
  return true;
}

std::vector<double> absolute(const std::vector<int64_t>& deltas) {
  std::vector<double> counts;
  counts.reserve(deltas.size());
  uint64_t current = 0;  // unsigned: hostile deltas may wrap, but must not be undefined
  for (const int64_t delta : deltas) {
    current += static_cast<uint64_t>(delta);
    counts.push_back(static_cast<double>(static_cast<int64_t>(current)));
  }
  return counts;
}

// Prometheus's spelling, which its parsers read back to the same bits.
std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
  return fmt::format("{}", value);
}

void append_buckets(std::string& out, std::string_view prefix, const std::vector<BucketSpan>& spans,
                    const std::vector<double>& counts) {
  if (counts.empty()) return;
  // Empty leading spans only move the first bucket.
  int64_t offset = 0;
  size_t first = 0;
  while (first < spans.size() && spans[first].length == 0) offset += spans[first++].offset;
  if (first < spans.size()) offset += spans[first].offset;
  if (offset != 0) out += fmt::format(" {}offset:{}", prefix, offset);
  out += fmt::format(" {}buckets:[", prefix);
  size_t next = 0;
  bool blank = false;
  const auto put = [&](std::string_view text) {
    if (blank) out += ' ';
    out += text;
    blank = true;
  };
  for (size_t i = first; i < spans.size(); ++i) {
    if (i > first) {
      if (spans[i].offset > widest_written_gap) {
        put("…");
      } else {
        for (int32_t gap = 0; gap < spans[i].offset; ++gap) put("0");
      }
    }
    for (uint32_t n = 0; n < spans[i].length && next < counts.size(); ++n)
      put(number(counts[next++]));
  }
  out += ']';
}

Result<void> check_side(std::string_view side, const std::vector<BucketSpan>& spans,
                        size_t buckets) {
  for (size_t i = 1; i < spans.size(); ++i) {
    if (spans[i].offset < 0) {
      return fail(Errc::malformed, fmt::format("histogram: {} span {} has the negative offset {}",
                                               side, i, spans[i].offset));
    }
  }
  int64_t end = 0;
  for (const BucketSpan& span : spans) {
    end += int64_t{span.offset} + span.length;
    if (end > INT32_MAX)
      return fail(Errc::malformed,
                  fmt::format("histogram: {} bucket {} is out of range", side, end - 1));
  }
  const uint64_t want = bucket_count(spans);
  if (want != buckets) {
    return fail(
        Errc::malformed,
        fmt::format("histogram: {} spans hold {} buckets, but {} are given", side, want, buckets));
  }
  return {};
}

}  // namespace

uint64_t bucket_count(const std::vector<BucketSpan>& spans) {
  uint64_t count = 0;
  for (const BucketSpan& span : spans) count += span.length;
  return count;
}

bool Histogram::same_values(const Histogram& other) const {
  return is_float == other.is_float && schema == other.schema &&
         same_bits(zero_threshold, other.zero_threshold) && zero_count == other.zero_count &&
         count == other.count && same_bits(float_zero_count, other.float_zero_count) &&
         same_bits(float_count, other.float_count) && same_bits(sum, other.sum) &&
         positive_spans == other.positive_spans && negative_spans == other.negative_spans &&
         positive_deltas == other.positive_deltas && negative_deltas == other.negative_deltas &&
         same_bits(positive_counts, other.positive_counts) &&
         same_bits(negative_counts, other.negative_counts) &&
         same_bits(custom_values, other.custom_values);
}

bool Histogram::operator==(const Histogram& other) const {
  return counter_reset_hint == other.counter_reset_hint && same_values(other);
}

bool Histogram::is_stale() const { return std::bit_cast<uint64_t>(sum) == stale_bits; }

Histogram Histogram::stale(bool is_float) {
  Histogram histogram;
  histogram.is_float = is_float;
  histogram.sum = std::bit_cast<double>(stale_bits);
  return histogram;
}

Histogram Histogram::to_float() const {
  if (is_float) return *this;
  Histogram out = *this;
  out.is_float = true;
  out.float_count = static_cast<double>(count);
  out.float_zero_count = static_cast<double>(zero_count);
  out.count = 0;
  out.zero_count = 0;
  out.positive_counts = absolute(positive_deltas);
  out.negative_counts = absolute(negative_deltas);
  out.positive_deltas.clear();
  out.negative_deltas.clear();
  return out;
}

std::string Histogram::to_string() const {
  if (is_stale()) return "stale";
  const Histogram as_float = to_float();
  std::string out;
  if (schema != 0) out += fmt::format(" schema:{}", schema);
  if (as_float.float_count != 0) out += fmt::format(" count:{}", number(as_float.float_count));
  if (sum != 0) out += fmt::format(" sum:{}", number(sum));
  if (as_float.float_zero_count != 0)
    out += fmt::format(" z_bucket:{}", number(as_float.float_zero_count));
  if (zero_threshold != 0) out += fmt::format(" z_bucket_w:{}", number(zero_threshold));
  if (!custom_values.empty()) {
    out += " custom_values:[";
    for (size_t i = 0; i < custom_values.size(); ++i)
      out += (i == 0 ? "" : " ") + number(custom_values[i]);
    out += ']';
  }
  append_buckets(out, "", positive_spans, as_float.positive_counts);
  append_buckets(out, "n_", negative_spans, as_float.negative_counts);
  if (counter_reset_hint != CounterResetHint::unknown) {
    out += fmt::format(" counter_reset_hint:{}", model::to_string(counter_reset_hint));
  }
  return "{{" + (out.empty() ? out : out.substr(1)) + "}}";
}

Result<void> Histogram::check() const {
  if (is_stale()) return {};
  if (auto good = check_side("positive", positive_spans,
                             is_float ? positive_counts.size() : positive_deltas.size());
      !good)
    return good;
  return check_side("negative", negative_spans,
                    is_float ? negative_counts.size() : negative_deltas.size());
}

std::string to_string(CounterResetHint hint) {
  switch (hint) {
    case CounterResetHint::unknown:
      return "unknown";
    case CounterResetHint::yes:
      return "reset";
    case CounterResetHint::no:
      return "not_reset";
    case CounterResetHint::gauge:
      return "gauge";
  }
  return "unknown";
}

}  // namespace mread::model
