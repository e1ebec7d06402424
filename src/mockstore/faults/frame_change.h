#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// A stage that changes one frame of a streamed answer, the first being 0, and hands on everything
/// else. `change` gives the new frame; an empty one leaves the frame as it is.
template <class Change>
class FrameChange : public FaultStage {
 public:
  FrameChange(uint64_t frame, Change change) : frame_(frame), change_(std::move(change)) {}

  void take(Step step, std::vector<Step>& out) override {
    if (const auto* body = std::get_if<BodyStep>(&step);
        body != nullptr && body->is_frame && seen_++ == frame_) {
      if (std::string frame = change_(body->bytes); !frame.empty()) {
        BodyStep changed = BodyStep::owned(std::move(frame));
        changed.is_frame = true;
        step = std::move(changed);
      }
    }
    out.push_back(std::move(step));
  }

 private:
  const uint64_t frame_;
  Change change_;
  uint64_t seen_ = 0;
};

}  // namespace mread::mockstore::faults
