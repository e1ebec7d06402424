#include "mockstore/faults/hang_mid_body.h"

#include "mockstore/faults/body_limit.h"

namespace mread::mockstore::faults {
namespace {

class Stage final : public FaultStage {
 public:
  explicit Stage(BodyPosition place) : limit_(place) {}

  void take(Step step, std::vector<Step>& out) override {
    if (auto* body = std::get_if<Body>(&step)) {
      const bool reached = limit_.reached(*body);
      if (!body->bytes.empty()) out.push_back(std::move(step));
      if (reached) out.emplace_back(Hang{});
    } else if (is_last(step)) {
      out.emplace_back(Hang{});
    } else {
      if (auto* head = std::get_if<Head>(&step)) head->head.headers.remove("Content-Length");
      out.push_back(std::move(step));
    }
  }

 private:
  BodyLimit limit_;
};

class HangMidBody final : public Fault {
 public:
  explicit HangMidBody(BodyPosition place) : place_(place) {}
  std::string_view name() const override { return "hang_mid_body"; }
  std::unique_ptr<FaultStage> start(Draw&) const override {
    return std::make_unique<Stage>(place_);
  }

 private:
  BodyPosition place_;
};

}  // namespace

std::shared_ptr<const Fault> parse_hang_mid_body(const yaml::Node& settings) {
  yaml::Mapping mapping = settings.mapping();
  const auto bytes = mapping.find("bytes");
  const auto frames = mapping.find("frames");
  mapping.finish();
  if (bytes.has_value() == frames.has_value())
    settings.error("say where: {bytes: 1000} or {frames: 3}");
  return std::make_shared<HangMidBody>(
      bytes ? BodyPosition{BodyPosition::Unit::bytes, bytes->bytes()}
            : BodyPosition{BodyPosition::Unit::frames, frames->count()});
}

}  // namespace mread::mockstore::faults
