#include "mockstore/faults/hang_before_headers.h"

namespace mread::mockstore::faults {
namespace {

class Stage final : public FaultStage {
 public:
  void take(Step step, std::vector<Step>& out) override {
    if (std::holds_alternative<Head>(step))
      out.emplace_back(Hang{});
    else
      out.push_back(std::move(step));
  }
};

class HangBeforeHeaders final : public Fault {
 public:
  std::string_view name() const override { return "hang_before_headers"; }
  std::unique_ptr<FaultStage> start(Draw&) const override { return std::make_unique<Stage>(); }
};

}  // namespace

std::shared_ptr<const Fault> parse_hang_before_headers(const yaml::Node& settings) {
  if (!settings.is_null()) settings.mapping().finish();
  return std::make_shared<HangBeforeHeaders>();
}

}  // namespace mread::mockstore::faults
