#include "mockstore/faults/reset.h"

#include <optional>

#include "mockstore/faults/body_limit.h"
#include "mockstore/faults/staged_fault.h"

namespace mread::mockstore::faults {
namespace {

class ResetStage final : public FaultStage {
 public:
  explicit ResetStage(std::optional<uint64_t> after_bytes) {
    if (after_bytes) limit_.emplace(BodyPosition{BodyPosition::Unit::bytes, *after_bytes});
  }

  void take(Step step, std::vector<Step>& out) override {
    if (!limit_) {
      if (std::holds_alternative<WaitStep>(step))
        out.push_back(std::move(step));
      else
        out.emplace_back(AbortStep{true});
    } else if (auto* body = std::get_if<BodyStep>(&step)) {
      const bool reached = limit_->reached(*body);
      if (!body->bytes.empty()) out.push_back(std::move(step));
      if (reached) out.emplace_back(AbortStep{true});
    } else if (std::holds_alternative<EndStep>(step)) {
      out.emplace_back(AbortStep{true});
    } else {
      out.push_back(std::move(step));
    }
  }

 private:
  std::optional<BodyLimit> limit_;  // None: before the headers.
};

std::shared_ptr<const Fault> make(std::optional<uint64_t> after_bytes) {
  return staged_fault<ResetStage>("reset", after_bytes);
}

}  // namespace

std::shared_ptr<const Fault> parse_reset(const yaml::Node& settings) {
  if (settings.is_null()) return make(std::nullopt);
  if (settings.is_scalar()) {
    settings.one_of({"before_headers"});
    return make(std::nullopt);
  }
  yaml::Mapping mapping = settings.mapping();
  const uint64_t after = mapping.require("after_bytes").bytes();
  mapping.finish();
  return make(after);
}

}  // namespace mread::mockstore::faults
