#include "mockstore/faults/hang_before_headers.h"

#include "mockstore/faults/staged_fault.h"

namespace mread::mockstore::faults {
namespace {

class HangBeforeHeadersStage final : public FaultStage {
 public:
  void take(Step step, std::vector<Step>& out) override {
    if (std::holds_alternative<HeadStep>(step))
      out.emplace_back(HangStep{});
    else
      out.push_back(std::move(step));
  }
};

}  // namespace

std::shared_ptr<const Fault> parse_hang_before_headers(const yaml::Node& settings) {
  if (!settings.is_null()) settings.mapping().finish();
  return staged_fault<HangBeforeHeadersStage>("hang_before_headers");
}

}  // namespace mread::mockstore::faults
