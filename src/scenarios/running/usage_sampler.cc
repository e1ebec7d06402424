#include "scenarios/running/usage_sampler.h"

#include <algorithm>

namespace mread::scenarios {
namespace {

constexpr std::chrono::milliseconds shortest_pause{250};

}  // namespace

UsageSampler::UsageSampler(Topology& topology, const Clock& clock,
                           std::function<double(TimePoint)> seconds_of)
    : topology_(topology),
      clock_(clock),
      seconds_of_(std::move(seconds_of)),
      thread_([this](const std::stop_token& stop) { sample(stop); }) {}

UsageSampler::~UsageSampler() = default;

void UsageSampler::add(const std::string& node) {
  const std::lock_guard lock(mutex_);
  nodes_.push_back(node);
}

const UsageLog& UsageSampler::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  return log_;
}

void UsageSampler::sample(const std::stop_token& stop) {
  double last_s = -1;
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const std::vector<std::string> nodes = nodes_;
    lock.unlock();
    const TimePoint begin = clock_.now();
    std::map<std::string, NodeUsage> usages;
    for (const std::string& node : nodes) {
      if (const auto usage = topology_.usage(node)) usages[node] = *usage;
    }
    const auto took = clock_.now() - begin;
    // A test's clock may stand still.
    if (const double at_s = seconds_of_(begin); !usages.empty() && at_s > last_s) {
      log_.add_look(at_s, std::move(usages));
      last_s = at_s;
    }
    const auto pause =
        std::max<std::chrono::nanoseconds>(shortest_pause, took) * static_cast<int>(log_.spread());
    lock.lock();
    wake_.wait_for(lock, stop, pause, [] { return false; });
  }
}

}  // namespace mread::scenarios
