#pragma once

#include <algorithm>
#include <cstdint>

#include "mockstore/steps/step.h"

namespace mread::mockstore::faults {

/// Where in a body a fault acts: after this many bytes, or after this many whole frames.
struct BodyPosition {
  enum class Unit { bytes, frames } unit = Unit::bytes;
  uint64_t count = 0;
};

/// Lets a body through up to a position. Covered by faults_test.
class BodyLimit {
 public:
  explicit BodyLimit(BodyPosition place) : unit_(place.unit), left_(place.count) {}

  /// True if the position is reached; `body` is then cut to the bytes before it (possibly none).
  bool reached(BodyStep& body) {
    if (unit_ == BodyPosition::Unit::frames) {
      if (left_ > 0 && body.is_frame) {
        --left_;
        return false;
      }
      body.bytes = {};
      return true;
    }
    if (body.bytes.size() < left_) {
      left_ -= body.bytes.size();
      return false;
    }
    body.bytes = body.bytes.substr(0, left_);
    body.is_frame = false;
    left_ = 0;
    return true;
  }

 private:
  BodyPosition::Unit unit_;
  uint64_t left_;
};

}  // namespace mread::mockstore::faults
