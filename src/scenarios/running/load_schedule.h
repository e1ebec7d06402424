#pragma once

#include <cstddef>
#include <vector>

#include "scenarios/model/scenario.h"
#include "scenarios/running/waiting_clock.h"

namespace mread::scenarios {

/// When the requests of a load begin, by its executor. All times are offsets from the load's begin,
/// warm-up included.
///
/// An open executor (`constant-arrival-rate`, `ramping-arrival-rate`) has a list of intended times,
/// which do not depend on earlier requests. A closed one (`constant-vus`, `ramping-vus`) has
/// virtual users, each of which sends its next request when its last has been answered.
class LoadSchedule {
 public:
  explicit LoadSchedule(const Load& load);

  bool is_open() const { return open_; }
  /// From the begin to the end, without the time that the last requests take.
  milliseconds length() const { return length_; }
  /// Of an open executor: increasing. At most Load::most_requests.
  const std::vector<std::chrono::nanoseconds>& arrivals() const { return arrivals_; }
  /// Of a closed executor: the most users that there are at any time.
  size_t most_users() const { return most_users_; }
  /// Of a closed executor: from when on user number `user` (from 0) is there at or after `at`;
  /// none: never again.
  std::optional<std::chrono::nanoseconds> active_from(size_t user,
                                                      std::chrono::nanoseconds at) const;

 private:
  struct Part {
    std::chrono::nanoseconds begin;
    std::chrono::nanoseconds length;
    double from;  // A rate, or a number of users.
    double to;
  };
  void schedule_arrivals();

  bool open_;
  milliseconds length_{0};
  std::vector<Part> parts_;
  std::vector<std::chrono::nanoseconds> arrivals_;
  size_t most_users_ = 0;
};

}  // namespace mread::scenarios
