#include "scenarios/running/load_schedule.h"

#include <algorithm>
#include <cmath>

namespace mread::scenarios {
namespace {

using std::chrono::nanoseconds;

nanoseconds of_seconds(double seconds) {
  return nanoseconds(static_cast<int64_t>(std::llround(seconds * 1e9)));
}

double to_seconds(nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

// The time in a part of `length` seconds, whose rate goes from `from` to `to`, at which `count`
// requests have come. The count at time t is from * t + (to - from) / (2 * length) * t^2.
double time_of(double count, double from, double to, double length) {
  const double slope = (to - from) / length;
  if (std::abs(slope) < 1e-12) return count / from;
  const double root = std::sqrt(std::max(from * from + 2 * slope * count, 0.0));
  return (root - from) / slope;
}

}  // namespace

LoadSchedule::LoadSchedule(const Load& load)
    : open_(load.executor == Load::Executor::constant_arrival_rate ||
            load.executor == Load::Executor::ramping_arrival_rate) {
  double now = open_ ? load.rate : static_cast<double>(load.vus);
  const auto add = [&](milliseconds length, double to) {
    if (length.count() > 0) parts_.push_back({length_, length, now, to});
    now = to;
    length_ += length;
  };
  add(load.warmup, now);
  if (load.stages.empty()) add(load.duration, now);
  for (const LoadStage& stage : load.stages) add(stage.duration, stage.target);
  if (open_) {
    schedule_arrivals();
    return;
  }
  for (const Part& part : parts_)
    most_users_ = std::max(most_users_, static_cast<size_t>(std::max(part.from, part.to)));
}

void LoadSchedule::schedule_arrivals() {
  double left_over = 0;  // Of a request, from the part before.
  bool is_first = true;
  for (const Part& part : parts_) {
    const double length = to_seconds(part.length);
    const double all = (part.from + part.to) / 2 * length;
    // The first request comes at once.
    double count = is_first && part.from > 0 ? 0 : 1 - left_over;
    // 1e-9: a request at the very end belongs to what comes then.
    for (; count < all - 1e-9 && arrivals_.size() < Load::most_requests; count += 1) {
      arrivals_.push_back(part.begin + of_seconds(time_of(count, part.from, part.to, length)));
    }
    left_over = all - (count - 1);
    is_first = false;
  }
}

std::optional<nanoseconds> LoadSchedule::active_from(size_t user, nanoseconds at) const {
  // User u is there where more than u are wanted; in a ramp up from the moment at which u + 1 are.
  const auto wanted = static_cast<double>(user + 1);
  for (const Part& part : parts_) {
    const nanoseconds end = part.begin + part.length;
    if (end <= at) continue;
    const double slope = (part.to - part.from) / to_seconds(part.length);
    const auto users_at = [&](nanoseconds time) {
      return part.from + slope * to_seconds(time - part.begin);
    };
    const nanoseconds begin = std::max(at, part.begin);
    if (users_at(begin) >= wanted - 1e-9) return begin;
    if (slope <= 0 || part.to < wanted) continue;
    const nanoseconds reached = part.begin + of_seconds((wanted - part.from) / slope);
    if (reached < end) return std::max(reached, begin);
  }
  return std::nullopt;
}

}  // namespace mread::scenarios
