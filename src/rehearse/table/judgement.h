#pragma once

#include <optional>

#include "rehearse/table/table.h"
#include "scenarios/checks/query_answer.h"

namespace mread::rehearse {

/// What is known of a question before a backend is broken.
struct Truth {
  scenarios::QueryAnswer answer;  ///< over the data of all backends
  double slow_above_ms = 0;       ///< a right answer that takes longer is slow
};

/// How a backend was broken when a question was asked.
struct Breakage {
  bool only_loses = true;  ///< Failure::only_loses
  /// The answers while that backend has no data, and while no backend has any. Null: nothing is
  /// broken.
  const scenarios::QueryAnswer* without = nullptr;
  const scenarios::QueryAnswer* nothing = nullptr;
};

/// Judges one answer. A rule's warnings reach nobody (Prometheus evaluates rules and drops them), so
/// a rule is never told. A difference without a warning is silent if the loss of data explains it:
/// the answer is the one that comes without the backend or without all of them, or the failure only loses data and no series
/// is there that should not be. Else it is wrong.
State judge(const Question& question, const Truth& truth, const scenarios::QueryAnswer& got,
            const Breakage& breakage);

/// Of an alert: whether some instance that should fire does not, and the reverse. An error fires
/// nothing.
struct AlertDifference {
  bool not_firing = false;
  bool firing = false;
};
AlertDifference alert_difference(const scenarios::QueryAnswer& truth,
                                 const scenarios::QueryAnswer& got);

}  // namespace mread::rehearse
