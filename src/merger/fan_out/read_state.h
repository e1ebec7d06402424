#pragma once

#include <cassert>
#include <deque>
#include <utility>

#include "base/time_point.h"
#include "merger/fan_out/action.h"
#include "merger/fan_out/options.h"
#include "merger/fan_out/request_book.h"
#include "merger/fan_out/stage.h"
#include "merger/policy/policy.h"
#include "model/query.h"

namespace mread::merger {

/// What the parts of one FanOut share: what was asked, how far the read has come, its requests, and
/// the actions that the driver has not taken yet. Tested by read_course_test.cc.
struct ReadState {
  const Policy& policy;
  model::ReadRequest request;
  FanOutOptions options;
  TimePoint polled_at;  ///< of the last poll()
  Progress progress = {};
  RequestBook book = {};
  std::deque<Action> actions = {};

  bool is_over() const { return progress.stage() == Stage::over; }
  bool is_ended() const { return merger::is_ended(progress.stage()); }
  template <typename T>
  void act(T action) {
    assert(!is_over());
    actions.emplace_back(std::move(action));
  }
  /// A SAMPLES answer to one query leaves as a whole, so its merge may begin again from the start.
  bool may_merge_twice() const {
    const auto& accepted = request.accepted_response_types;
    const bool samples = accepted.empty() || accepted.front() == model::ResponseType::samples;
    return samples && request.queries.size() == 1;
  }
};

}  // namespace mread::merger
