#include "mockstore/faults/refused.h"

namespace mread::mockstore::faults {
namespace {

class RefusedStage final : public FaultStage {
 public:
  void take(Step, std::vector<Step>& out) override { out.emplace_back(AbortStep{true}); }
};

class Refused final : public Fault {
 public:
  std::string_view name() const override { return "refused"; }
  bool refuses() const override { return true; }
  // For a request that comes on a connection which was open already.
  std::unique_ptr<FaultStage> start(Draw&) const override {
    return std::make_unique<RefusedStage>();
  }
};

}  // namespace

std::shared_ptr<const Fault> parse_refused(const yaml::Node& settings) {
  if (!settings.is_null()) settings.mapping().finish();
  return std::make_shared<Refused>();
}

}  // namespace mread::mockstore::faults
