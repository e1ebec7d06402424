#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace mread::merger {

/// Why a read has no answer, or why its answer has no end. Tested by read_course_test.cc.
struct Obstacle {
  int status;   ///< of the refusal, if the answer has not begun; else it is aborted
  Error error;  ///< its context is the refusal's line

  static Obstacle beyond_limit(Error error) { return {400, std::move(error)}; }
  static Obstacle unavailable(std::string line) {
    return {503, Error(Errc::unavailable, std::move(line))};
  }
};

}  // namespace mread::merger
