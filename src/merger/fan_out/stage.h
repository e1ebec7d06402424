#pragma once

#include <cassert>

namespace mread::merger {

/// How far a read has come. docs/internals/states.md has the diagram.
enum class Stage {
  gathering,  ///< backends are asked; the client has got nothing
  merging,    ///< every backend that is waited for is ready or has failed: series are written
  draining,   ///< every series is written; the client takes the rest
  refusing,   ///< the answer is one line of text that says why there is no other
  over,       ///< Finish or Abort is the last action
};

/// Whether a read goes from `from` to `to` in one step.
bool may_follow(Stage from, Stage to);

/// Whether no more series are written, since the answer is a refusal or has ended.
inline bool is_ended(Stage stage) { return stage == Stage::refusing || stage == Stage::over; }

/// The stage of one read, and whether its answer has a head. Both change only forwards.
class Progress {
 public:
  Stage stage() const { return stage_; }
  void enter(Stage next) {
    assert(may_follow(stage_, next));
    stage_ = next;
  }
  /// Whether the head of the answer has been given. From then on a failure cannot be a status.
  bool begun() const { return begun_; }
  void begin() {
    assert(!begun_ && stage_ != Stage::gathering && stage_ != Stage::over);
    begun_ = true;
  }

 private:
  Stage stage_ = Stage::gathering;
  bool begun_ = false;
};

}  // namespace mread::merger
