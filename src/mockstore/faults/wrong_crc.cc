#include "mockstore/faults/wrong_crc.h"

#include "wire/bytes/varint.h"

namespace mread::mockstore::faults {
namespace {

class Stage final : public FaultStage {
 public:
  explicit Stage(uint64_t frame) : frames_left_(frame) {}

  void take(Step step, std::vector<Step>& out) override {
    if (auto* body = std::get_if<Body>(&step);
        body && body->is_frame && !done_ && frames_left_-- == 0) {
      done_ = true;
      std::string frame(body->bytes);
      const char* p = frame.data();
      uint64_t length = 0;
      if (wire::get_varint(p, frame.data() + frame.size(), length))
        frame[static_cast<size_t>(p - frame.data())] ^= 1;
      Body broken = Body::owned(std::move(frame));
      broken.is_frame = true;
      step = std::move(broken);
    }
    out.push_back(std::move(step));
  }

 private:
  uint64_t frames_left_;
  bool done_ = false;
};

class WrongCrc final : public Fault {
 public:
  explicit WrongCrc(uint64_t frame) : frame_(frame) {}
  std::string_view name() const override { return "wrong_crc"; }
  std::unique_ptr<FaultStage> start(Draw&) const override {
    return std::make_unique<Stage>(frame_);
  }

 private:
  uint64_t frame_;
};

}  // namespace

std::shared_ptr<const Fault> parse_wrong_crc(const yaml::Node& settings) {
  uint64_t frame = 0;
  if (!settings.is_null()) {
    yaml::Mapping mapping = settings.mapping();
    if (const auto number = mapping.find("frame")) frame = number->count();
    mapping.finish();
  }
  return std::make_shared<WrongCrc>(frame);
}

}  // namespace mread::mockstore::faults
