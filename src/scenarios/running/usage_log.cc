#include "scenarios/running/usage_log.h"

#include <cassert>

namespace mread::scenarios {

void UsageLog::add_look(double at_s, std::map<std::string, NodeUsage> usages) {
  assert(looks_.empty() || at_s > looks_.back().at_s);
  looks_.push_back({at_s, std::move(usages)});
  // The last look stays, so that the distances stay equal.
  static_assert(most_looks % 2 == 0);
  if (looks_.size() <= most_looks) return;
  for (size_t i = 0; 2 * i < looks_.size(); ++i) std::swap(looks_[i], looks_[2 * i]);
  looks_.resize((looks_.size() + 1) / 2);
  spread_ *= 2;
}

std::vector<UsageSample> UsageLog::samples_of(const std::string& node) const {
  std::vector<UsageSample> samples;
  const Look* last = nullptr;
  for (const Look& look : looks_) {
    const auto now = look.usages.find(node);
    if (now == look.usages.end()) continue;
    const Look* before = std::exchange(last, &look);
    if (before == nullptr) continue;
    const auto used = now->second.cpu - before->usages.at(node).cpu;
    if (used.count() < 0) continue;
    const double share =
        std::chrono::duration<double>(used).count() / (look.at_s - before->at_s) * 100;
    samples.push_back(
        {look.at_s, share, static_cast<double>(now->second.memory_bytes) / (1 << 20)});
  }
  return samples;
}

}  // namespace mread::scenarios
