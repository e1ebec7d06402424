#include "mockstore/faults/sliced.h"

#include <algorithm>
#include <chrono>

#include "mockstore/faults/staged_fault.h"

namespace mread::mockstore::faults {
namespace {

using std::chrono::milliseconds;

class SlicedStage final : public FaultStage {
 public:
  SlicedStage(uint64_t piece_bytes, milliseconds pause)
      : piece_bytes_(piece_bytes), pause_(pause) {}

  // A piece may hold the end of one frame and the beginning of the next, as a packet does.
  void take(Step step, std::vector<Step>& out) override {
    auto* body = std::get_if<BodyStep>(&step);
    if (body == nullptr) {
      out.push_back(std::move(step));
      return;
    }
    std::string_view rest = body->bytes;
    while (!rest.empty()) {
      if (room_ == 0) {
        out.emplace_back(WaitStep{pause_});
        room_ = piece_bytes_;
      }
      const size_t taken = std::min<uint64_t>(rest.size(), room_);
      out.emplace_back(BodyStep{rest.substr(0, taken), false, body->pin});
      rest.remove_prefix(taken);
      room_ -= taken;
    }
  }

 private:
  const uint64_t piece_bytes_;
  const milliseconds pause_;
  uint64_t room_ = piece_bytes_;  // Of the piece that goes out.
};

}  // namespace

std::shared_ptr<const Fault> parse_sliced(const yaml::Node& settings) {
  yaml::Mapping mapping = settings.mapping();
  const yaml::Node bytes = mapping.require("bytes");
  const uint64_t piece_bytes = bytes.bytes();
  if (piece_bytes == 0) bytes.error("pieces of 0 bytes: nothing would be sent");
  milliseconds pause{1};
  if (const auto given = mapping.find("pause")) pause = given->duration();
  mapping.finish();
  return staged_fault<SlicedStage>("sliced", piece_bytes, pause);
}

}  // namespace mread::mockstore::faults
