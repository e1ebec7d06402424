#include "merger/combine/gap_fill.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "merger/combine/sample_order.h"

namespace mread::merger {
namespace {

constexpr uint64_t usual_interval_ms = 60'000;

// The distance of two timestamps in order; they may lie anywhere.
uint64_t distance(int64_t from, int64_t to) {
  return static_cast<uint64_t>(to) - static_cast<uint64_t>(from);
}

bool overdue(uint64_t distance, uint64_t interval) { return distance - distance / 3 > interval; }

// The median distance of the samples around the one at `next`, that to the sample before it left
// out; 0 if there is none. The larger one of two: rather a gap too few.
uint64_t interval_around(const std::vector<int64_t>& times, size_t next) {
  std::array<uint64_t, 8> distances;
  size_t count = 0;
  for (size_t i = next > 5 ? next - 5 : 0; i + 1 < next; ++i)
    distances[count++] = distance(times[i], times[i + 1]);
  for (size_t i = next; i + 1 < times.size() && i < next + 4; ++i) {
    distances[count++] = distance(times[i], times[i + 1]);
  }
  if (count == 0) return 0;
  const auto middle = distances.begin() + static_cast<ptrdiff_t>(count / 2);
  std::nth_element(distances.begin(), middle, distances.begin() + static_cast<ptrdiff_t>(count));
  return *middle;
}

uint64_t shortest_distance(const std::vector<int64_t>& times) {
  if (times.size() < 3) return 0;  // One distance says nothing of the interval.
  uint64_t shortest = UINT64_MAX;
  for (size_t i = 1; i < times.size(); ++i)
    shortest = std::min(shortest, distance(times[i - 1], times[i]));
  return shortest;
}

}  // namespace

void GapFill::Live::clear() {
  times.clear();
  values.clear();
  positions.clear();
}

void GapFill::Live::add(model::Sample sample, uint32_t position) {
  if (model::is_stale(sample.bits)) return;
  times.push_back(sample.timestamp_ms);
  values.push_back(sample.value());
  positions.push_back(position);
}

std::span<const SampleRef> GapFill::select(std::span<const Run> runs) {
  assert(std::all_of(runs.begin(), runs.end(), is_increasing));
  runs_ = runs;
  base_.clear();
  if (runs.empty()) return base_;
  const size_t base = choose_base();
  base_.reserve(runs[base].size());
  for (size_t i = 0; i < runs[base].size(); ++i) {
    base_.push_back({static_cast<uint32_t>(base), static_cast<uint32_t>(i)});
  }
  for (size_t run = 0; run < runs.size(); ++run) {
    if (run == base || runs[run].empty()) continue;
    fill_from(static_cast<uint32_t>(run));
  }
  assert(std::adjacent_find(base_.begin(), base_.end(), [runs](SampleRef a, SampleRef b) {
           return runs[a.run][a.index].timestamp_ms >= runs[b.run][b.index].timestamp_ms;
         }) == base_.end());
  return base_;
}

// One replica's samples stay the choice from one query to the next: the ends of a range, which one
// of two that scrape at an offset has one sample more in, must not decide.
size_t GapFill::choose_base() const {
  const auto live = [](Run run) {
    return static_cast<size_t>(std::count_if(
        run.begin(), run.end(), [](const model::Sample& s) { return !model::is_stale(s.bits); }));
  };
  size_t best = 0;
  size_t most = live(runs_[0]);
  for (size_t run = 1; run < runs_.size(); ++run) {
    const size_t count = live(runs_[run]);
    if (count <= most + most / 10 + 2 && !(most == 0 && (count > 0 || runs_[best].empty())))
      continue;
    best = run;
    most = count;
  }
  return best;
}

void GapFill::count_conflicts(uint32_t filler) {
  const Run run = runs_[filler];
  auto other = run.begin();
  for (const SampleRef ref : base_) {
    const model::Sample sample = at(ref);
    while (other != run.end() && other->timestamp_ms < sample.timestamp_ms) ++other;
    if (other == run.end()) return;
    if (other->timestamp_ms == sample.timestamp_ms && other->bits != sample.bits)
      conflicts_.add(sample, other->bits);
  }
}

void GapFill::fill_from(uint32_t filler) {
  count_conflicts(filler);
  live_.clear();
  for (size_t i = 0; i < base_.size(); ++i) live_.add(at(base_[i]), static_cast<uint32_t>(i));
  filler_.clear();
  for (size_t i = 0; i < runs_[filler].size(); ++i)
    filler_.add(runs_[filler][i], static_cast<uint32_t>(i));
  if (filler_.size() == 0) return;
  const uint64_t shortest = shortest_distance(live_.times);

  out_.clear();
  next_fill_ = 0;
  size_t done = 0;  // Of base_.
  for (size_t next = 0; next <= live_.size(); ++next) {
    Gap gap;
    if (next > 0) gap.before = next - 1;
    if (next < live_.size()) gap.after = next;
    const size_t end = gap.after ? live_.positions[next] : base_.size();
    const auto markers = std::span(base_).subspan(done, end - done);
    const bool inside = gap.before && gap.after;
    if (inside && !overdue(distance(live_.times[next - 1], live_.times[next]), shortest)) {
      out_.insert(out_.end(), markers.begin(), markers.end());
    } else {
      while (gap.before && next_fill_ < filler_.size() &&
             filler_.times[next_fill_] <= live_.times[*gap.before]) {
        ++next_fill_;
      }
      gap.interval = interval_around(live_.times, next);
      if (gap.interval == 0) gap.interval = interval_around(filler_.times, next_fill_);
      if (gap.interval == 0) gap.interval = usual_interval_ms;
      fills_.clear();
      if (is_gap(gap, markers)) choose_fills(gap);
      if (fills_.empty()) {
        out_.insert(out_.end(), markers.begin(), markers.end());
      } else {
        put_filled(gap, markers, filler);
      }
    }
    if (!gap.after) break;
    out_.push_back(base_[end]);
    done = end + 1;
  }
  std::swap(base_, out_);
}

// At an end of the base nothing says when its next sample would be due but the other's samples.
bool GapFill::is_gap(const Gap& gap, std::span<const SampleRef> markers) const {
  if (next_fill_ == filler_.size()) return false;
  if (gap.before && gap.after) {
    return overdue(distance(live_.times[*gap.before], live_.times[*gap.after]), gap.interval);
  }
  if (gap.after) {
    const int64_t first = filler_.times.front();
    const int64_t after = live_.times[*gap.after];
    return first < after && overdue(distance(first, after), gap.interval);
  }
  const int64_t last = filler_.times.back();
  if (!gap.before) return true;
  const int64_t before = live_.times[*gap.before];
  if (last <= before) return false;
  return overdue(distance(before, last), gap.interval) ||
         (!markers.empty() && last > at(markers.front()).timestamp_ms);
}

void GapFill::choose_fills(const Gap& gap) {
  const uint64_t half = gap.interval / 2;
  const auto fits_before = [&](size_t i) {
    return !gap.before || distance(live_.times[*gap.before], filler_.times[i]) > half;
  };
  const auto fits_after = [&](size_t i) {
    return !gap.after ||
           (filler_.times[i] < live_.times[*gap.after] &&
            distance(filler_.times[i], live_.times[*gap.after]) >= gap.interval - half);
  };
  size_t first = next_fill_;
  while (first < filler_.size() && !fits_before(first)) ++first;
  if (first == filler_.size() || !fits_after(first)) return;
  const auto start = past_lag(gap, first);
  if (!start) return;
  for (size_t i = *start; i < filler_.size() && fits_after(i); ++i) {
    if (!fills_.empty() && distance(filler_.times[fills_.back()], filler_.times[i]) <=
                               gap.interval - gap.interval / 4) {
      continue;
    }
    fills_.push_back(i);
  }
  drop_ahead(gap);
}

// Whether the filling run itself falls between `since_ms` and its sample i, that included.
bool GapFill::falls(size_t i, int64_t since_ms) const {
  for (; i > 0 && filler_.times[i] > since_ms; --i) {
    if (filler_.values[i] < filler_.values[i - 1]) return true;
  }
  return false;
}

std::optional<size_t> GapFill::past_lag(const Gap& gap, size_t first) const {
  if (!gap.before) return first;
  const int64_t before_ms = live_.times[*gap.before];
  const double before = live_.values[*gap.before];
  for (size_t i = first; i < filler_.size(); ++i) {
    if (!(filler_.values[i] < before) || falls(i, before_ms)) return i;
    const uint64_t since = distance(before_ms, filler_.times[i]);
    if (i >= first + 2 && since / 2 > gap.interval)
      return first;  // It does not catch up: they differ.
  }
  return std::nullopt;
}

void GapFill::drop_ahead(const Gap& gap) {
  if (fills_.empty() || !gap.after) return;
  const int64_t after_ms = live_.times[*gap.after];
  const double after = live_.values[*gap.after];
  const size_t last = fills_.back();
  if (!(filler_.values[last] > after)) return;
  // A reset that the filling run sees as well before the base comes back.
  if (last + 1 < filler_.size() && filler_.times[last + 1] <= after_ms &&
      filler_.values[last + 1] < filler_.values[last]) {
    return;
  }
  // A reset that the base alone has seen: it lies behind the fill.
  const int64_t since_ms = gap.before ? live_.times[*gap.before] : INT64_MIN;
  const bool fill_fell = falls(last, since_ms);
  if (!fill_fell && gap.before && after < live_.values[*gap.before]) return;

  uint64_t own = interval_around(filler_.times, last);
  own = std::max(own == 0 ? gap.interval : own, gap.interval);
  size_t kept = fills_.size();
  for (; kept > 0; --kept) {
    const size_t i = fills_[kept - 1];
    if (!(filler_.values[i] > after)) break;
    if (distance(filler_.times[i], after_ms) / 2 > own) return;  // Ahead for too long: they differ.
    // Before its own fall the run may have been anywhere.
    if (kept < fills_.size() && fill_fell && filler_.values[i] > filler_.values[fills_[kept]])
      break;
  }
  fills_.resize(kept);
}

void GapFill::put_filled(const Gap& gap, std::span<const SampleRef> markers, uint32_t filler) {
  const Run run = runs_[filler];
  const size_t begin = filler_.positions[fills_.front()];
  const int64_t last_ms = filler_.times[fills_.back()];
  size_t fill = 0;
  size_t i = begin;
  for (; fill < fills_.size(); ++i) {
    const bool chosen = i == filler_.positions[fills_[fill]];
    if (chosen) ++fill;
    if (chosen || model::is_stale(run[i].bits)) out_.push_back({filler, static_cast<uint32_t>(i)});
  }
  size_t own = 0;
  for (const SampleRef marker : markers) {
    if (at(marker).timestamp_ms <= last_ms) continue;
    out_.push_back(marker);
    ++own;
  }
  // The filling run's end is the series' end, unless the base goes on at once.
  if (own > 0 || i == run.size() || !model::is_stale(run[i].bits)) return;
  if (gap.after && (run[i].timestamp_ms >= live_.times[*gap.after] ||
                    !overdue(distance(last_ms, live_.times[*gap.after]), gap.interval))) {
    return;
  }
  out_.push_back({filler, static_cast<uint32_t>(i)});
}

}  // namespace mread::merger
