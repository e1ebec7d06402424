#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "scenarios/engine/engine.h"
#include "scenarios/running/usage_log.h"

namespace mread::scenarios {

/// Looks regularly what the nodes of a test use. A look takes at most half of the time: slow looks (a
/// Docker engine elsewhere answers within a second for each node) come less often. One thread of its own, from the
/// constructor to stop() or the destructor.
class UsageSampler {
 public:
  /// `topology` and `clock` outlive it. `seconds_of` gives a moment's place in the course.
  UsageSampler(Topology& topology, const Clock& clock, std::function<double(TimePoint)> seconds_of);
  ~UsageSampler();
  UsageSampler(const UsageSampler&) = delete;
  UsageSampler& operator=(const UsageSampler&) = delete;

  /// Looks at this node too from now on.
  void add(const std::string& node);
  /// Looks no more. What was seen, of every node.
  const UsageLog& stop();

 private:
  void sample(const std::stop_token& stop);

  Topology& topology_;
  const Clock& clock_;
  const std::function<double(TimePoint)> seconds_of_;
  std::mutex mutex_;  // Of the names.
  std::vector<std::string> nodes_;
  std::condition_variable_any wake_;
  UsageLog log_;         // The thread's until it has ended.
  std::jthread thread_;  // Last: it uses all of the above.
};

}  // namespace mread::scenarios
