#include "merger/fan_out/stage.h"

namespace mread::merger {

bool may_follow(Stage from, Stage to) {
  switch (from) {
    case Stage::gathering:
      return to == Stage::merging || to == Stage::refusing || to == Stage::over;
    case Stage::merging:
      return to == Stage::draining || to == Stage::refusing || to == Stage::over;
    case Stage::draining:
      // A SAMPLES answer gets its head here, so it can still be refused.
      return to == Stage::refusing || to == Stage::over;
    case Stage::refusing:
      return to == Stage::over;
    case Stage::over:
      return false;
  }
  return false;
}

}  // namespace mread::merger
