#include "mockstore/faults/late_end.h"

#include <chrono>

#include "mockstore/faults/staged_fault.h"

namespace mread::mockstore::faults {
namespace {

class LateEndStage final : public FaultStage {
 public:
  explicit LateEndStage(std::chrono::milliseconds delay) : delay_(delay) {}

  void take(Step step, std::vector<Step>& out) override {
    // A client knows the end of an answer whose length it knows.
    if (auto* head = std::get_if<HeadStep>(&step)) head->head.headers.remove("Content-Length");
    if (std::holds_alternative<EndStep>(step)) out.emplace_back(WaitStep{delay_});
    out.push_back(std::move(step));
  }

 private:
  const std::chrono::milliseconds delay_;
};

}  // namespace

std::shared_ptr<const Fault> parse_late_end(const yaml::Node& settings) {
  return staged_fault<LateEndStage>("late_end", settings.duration());
}

}  // namespace mread::mockstore::faults
