#include "scenarios/checks/invariant_judge.h"

#include <set>

#include "base/duration.h"

namespace mread::scenarios {
namespace {

std::optional<std::string> duplicate_in(const QueryAnswer& answer) {
  for (size_t i = 1; i < answer.series.size(); ++i) {
    if (answer.series[i].labels == answer.series[i - 1].labels)
      return answer.series[i].labels.to_string();
  }
  return std::nullopt;
}

std::optional<std::string> duplicate_in(const ReadAnswer& read) {
  std::set<model::LabelSet> seen;
  for (const model::Series& series : read.series) {
    if (!seen.insert(series.labels).second) return series.labels.to_string();
    for (size_t i = 1; i < series.samples.size(); ++i) {
      if (series.samples[i].timestamp_ms <= series.samples[i - 1].timestamp_ms) {
        return series.labels.to_string() + " at " + std::to_string(series.samples[i].timestamp_ms) +
               " ms";
      }
    }
  }
  return std::nullopt;
}

std::string gap_in(const AnswerSeries& series, const Invariant& invariant, int64_t end_ms) {
  // A scrape is never quite on time.
  const int64_t allowed_ms = invariant.interval.count() * 3 / 2;
  for (size_t i = 1; i < series.points.size(); ++i) {
    const int64_t last_ms = series.points[i - 1].timestamp_ms;
    const int64_t apart_ms = series.points[i].timestamp_ms - last_ms;
    if (apart_ms > allowed_ms)
      return std::to_string(apart_ms) + " ms without a sample after " + std::to_string(last_ms);
  }
  const int64_t silent_ms = end_ms - series.points.back().timestamp_ms;
  if (silent_ms > allowed_ms) return "no sample in the last " + std::to_string(silent_ms) + " ms";
  return {};
}

std::string fall_in(const AnswerSeries& series) {
  for (size_t i = 1; i < series.points.size(); ++i) {
    const double last = series.points[i - 1].value;
    const double next = series.points[i].value;
    if (next < last) return format_value(next) + " after " + format_value(last);
  }
  return {};
}

}  // namespace

std::optional<Breach> breach_in(const QueryAnswer& answer, Invariant::Kind kind) {
  switch (kind) {
    case Invariant::Kind::no_duplicate:
      if (const auto twice = duplicate_in(answer))
        return Breach{"every series once", *twice + " twice"};
      break;
    case Invariant::Kind::union_oracle:
    case Invariant::Kind::no_silent_partial:
    case Invariant::Kind::no_gap:
    case Invariant::Kind::monotonic:
    case Invariant::Kind::sometimes:
      break;  // Not of each answer alone.
  }
  return std::nullopt;
}

std::optional<Breach> breach_in(const ReadAnswer& read, Invariant::Kind kind) {
  switch (kind) {
    case Invariant::Kind::no_duplicate:
      if (const auto twice = duplicate_in(read))
        return Breach{"every series once, samples increasing", *twice + " twice"};
      break;
    case Invariant::Kind::union_oracle:
    case Invariant::Kind::no_silent_partial:
    case Invariant::Kind::no_gap:
    case Invariant::Kind::monotonic:
    case Invariant::Kind::sometimes:
      break;
  }
  return std::nullopt;
}

std::string wanted_of_samples(const Invariant& invariant) {
  switch (invariant.kind) {
    case Invariant::Kind::no_gap:
      return "a sample at least every " + format_duration(invariant.interval);
    case Invariant::Kind::monotonic:
      return "values that never fall";
    case Invariant::Kind::union_oracle:
    case Invariant::Kind::no_silent_partial:
    case Invariant::Kind::no_duplicate:
    case Invariant::Kind::sometimes:
      break;  // Not of samples.
  }
  return {};
}

std::string breach_in_samples(const Invariant& invariant, const QueryAnswer& answer,
                              int64_t end_ms) {
  for (const AnswerSeries& series : answer.series) {
    if (series.points.empty()) continue;
    std::string breach;
    switch (invariant.kind) {
      case Invariant::Kind::no_gap:
        breach = gap_in(series, invariant, end_ms);
        break;
      case Invariant::Kind::monotonic:
        breach = fall_in(series);
        break;
      case Invariant::Kind::union_oracle:
      case Invariant::Kind::no_silent_partial:
      case Invariant::Kind::no_duplicate:
      case Invariant::Kind::sometimes:
        break;
    }
    if (!breach.empty()) return series.labels.to_string() + ": " + breach;
  }
  return {};
}

}  // namespace mread::scenarios
