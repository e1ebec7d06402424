#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "scenarios/engine/engine.h"

namespace mread::scenarios {

/// Looks regularly whether a node of a test has ended by itself, so that the time of its end is
/// known. One thread of its own, from the constructor to the destructor.
class NodeWatch {
 public:
  /// `topology` outlives it.
  NodeWatch(Topology& topology, std::vector<std::string> nodes);
  ~NodeWatch();
  NodeWatch(const NodeWatch&) = delete;
  NodeWatch& operator=(const NodeWatch&) = delete;

 private:
  void watch(const std::stop_token& stop);

  Topology& topology_;
  const std::vector<std::string> nodes_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // Last: it uses all of the above.
};

/// "node b ended (killed by signal 9 (Killed)) 2.1s after its start, not by the timeline; its log
/// ends:" and the last lines of its log.
std::string describe(const std::string& node, const UnaskedEnd& end, const std::string& log);

}  // namespace mread::scenarios
