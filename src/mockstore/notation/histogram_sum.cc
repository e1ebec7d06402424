#include "mockstore/notation/histogram_sum.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace mread::mockstore {

namespace {

using model::BucketSpan;
using model::CounterResetHint;
using model::Histogram;

using Buckets = std::map<int64_t, double>;

void collect(const std::vector<BucketSpan>& spans, const std::vector<double>& counts,
             int64_t coarser_by, Buckets& out) {
  coarser_by = std::min<int64_t>(
      coarser_by, 62);  // Schemas are any numbers here; more than all bits is all bits.
  int64_t index = 0;
  size_t next = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    // A coarser bucket i holds the finer ones (i-1) * 2^n + 1 … i * 2^n.
    for (uint32_t i = 0; i < span.length; ++i, ++index)
      out[((index - 1) >> coarser_by) + 1] += counts[next++];
  }
}

void lay_out(const Buckets& buckets, std::vector<BucketSpan>& spans, std::vector<double>& counts) {
  spans.clear();
  counts.clear();
  int64_t behind = 0;
  for (const auto& [index, count] : buckets) {
    if (spans.empty() || index != behind)
      spans.push_back({static_cast<int32_t>(index - behind), 0});
    ++spans.back().length;
    behind = index + 1;
    counts.push_back(count);
  }
}

double upper_bound(int64_t index, int32_t schema) {
  return std::exp2(std::ldexp(static_cast<double>(index), -schema));
}

void add_side(const Histogram& base, const Histogram& step, bool minus,
              const std::vector<BucketSpan>& step_spans, const std::vector<double>& step_counts,
              std::vector<BucketSpan>& spans, std::vector<double>& counts) {
  Buckets sum;
  Buckets added;
  collect(spans, counts, 0, sum);
  collect(step_spans, step_counts,
          base.has_custom_buckets() ? 0 : int64_t{step.schema} - base.schema, added);
  for (const auto& [index, count] : added) {
    if (!base.has_custom_buckets() && upper_bound(index, base.schema) <= base.zero_threshold)
      continue;
    sum[index] += minus ? -count : count;
  }
  lay_out(sum, spans, counts);
}

CounterResetHint combined(CounterResetHint a, CounterResetHint b) {
  if (a == b) return a;
  if (a == CounterResetHint::gauge || b == CounterResetHint::gauge) return CounterResetHint::gauge;
  return CounterResetHint::unknown;
}

}  // namespace

Result<Histogram> add_histogram(const Histogram& base, const Histogram& step, bool minus) {
  if (base.schema > step.schema) {
    return fail(Errc::malformed, fmt::format("cannot combine histograms: from schema {} to {}",
                                             step.schema, base.schema));
  }
  if (base.has_custom_buckets() != step.has_custom_buckets()) {
    return fail(Errc::malformed,
                "cannot combine histograms: one has custom buckets, the other exponential ones");
  }
  if (base.has_custom_buckets() && base.custom_values != step.custom_values) {
    return fail(Errc::malformed, "cannot combine histograms: their custom_values differ");
  }
  if (!base.has_custom_buckets() && base.zero_threshold != step.zero_threshold) {
    return fail(Errc::malformed, fmt::format("cannot combine histograms: z_bucket_w is {} and {}",
                                             base.zero_threshold, step.zero_threshold));
  }
  Histogram sum = base;
  const double sign = minus ? -1 : 1;
  sum.counter_reset_hint = combined(base.counter_reset_hint, step.counter_reset_hint);
  sum.float_count += sign * step.float_count;
  sum.float_zero_count += sign * step.float_zero_count;
  sum.sum += sign * step.sum;
  add_side(base, step, minus, step.positive_spans, step.positive_counts, sum.positive_spans,
           sum.positive_counts);
  add_side(base, step, minus, step.negative_spans, step.negative_counts, sum.negative_spans,
           sum.negative_counts);
  return sum;
}

}  // namespace mread::mockstore
