#include "mockstore/faults/hang_mid_body.h"

#include "mockstore/faults/body_limit.h"
#include "mockstore/faults/staged_fault.h"

namespace mread::mockstore::faults {
namespace {

class HangMidBodyStage final : public FaultStage {
 public:
  explicit HangMidBodyStage(BodyPosition place) : limit_(place) {}

  void take(Step step, std::vector<Step>& out) override {
    if (auto* body = std::get_if<BodyStep>(&step)) {
      const bool reached = limit_.reached(*body);
      if (!body->bytes.empty()) out.push_back(std::move(step));
      if (reached) out.emplace_back(HangStep{});
    } else if (is_last(step)) {
      out.emplace_back(HangStep{});
    } else {
      if (auto* head = std::get_if<HeadStep>(&step)) head->head.headers.remove("Content-Length");
      out.push_back(std::move(step));
    }
  }

 private:
  BodyLimit limit_;
};

}  // namespace

std::shared_ptr<const Fault> parse_hang_mid_body(const yaml::Node& settings) {
  yaml::Mapping mapping = settings.mapping();
  const auto bytes = mapping.find("bytes");
  const auto frames = mapping.find("frames");
  mapping.finish();
  if (bytes.has_value() == frames.has_value())
    settings.error("say where: {bytes: 1000} or {frames: 3}");
  return staged_fault<HangMidBodyStage>(
      "hang_mid_body", bytes ? BodyPosition{BodyPosition::Unit::bytes, bytes->bytes()}
                             : BodyPosition{BodyPosition::Unit::frames, frames->count()});
}

}  // namespace mread::mockstore::faults
