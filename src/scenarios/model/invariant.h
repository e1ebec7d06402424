#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/model/pattern.h"

namespace mread::scenarios {

/// What has to be seen at least once in a test, or it has shown nothing.
struct Sometimes {
  enum class What {
    warn,      ///< a warning of an answer, or what a read says that is missing
    fail,      ///< an error of an answer
    log,       ///< a line of a node's log
    duration,  ///< an answer that takes so long
  };
  What what = What::warn;
  std::string name;  ///< for the report; may be empty
  std::optional<Pattern> pattern;
  std::chrono::milliseconds at_least{0};
  std::string node;  ///< of the log
  std::string file;  ///< of the node's folder, in place of its output; may be empty
  int line = 0;
};

/// A condition for every answer of a test, in addition to the expectations of its checks.
struct Invariant {
  enum class Kind { union_oracle, no_silent_partial, no_gap, no_duplicate, monotonic, sometimes };
  /// What is judged.
  enum class Subject {
    answers,  ///< each answer of each check
    oracle,   ///< each answer of each check, by the answer of the union oracle
    samples,  ///< the samples of a selector of its own, once a phase: it has `expr:` and `range:`
    course,   ///< the test as a whole, at its end: it has `sometimes`
  };

  Kind kind = Kind::union_oracle;
  std::string name;
  std::vector<std::string> during;
  std::vector<std::string> replica_labels;  ///< of the oracles: removed before the union
  std::string expr;                         ///< of samples: a selector
  std::string node;
  std::chrono::milliseconds range{0};
  std::chrono::milliseconds interval{0};
  /// Where the range ends, from start_timestamp; nothing is "now".
  std::optional<std::chrono::milliseconds> eval_time;

  std::optional<Sometimes> sometimes;

  Subject subject() const;
};

struct InvariantEntry {
  const char* word;  ///< in `invariants:`
  Invariant::Kind kind;
  Invariant::Subject subject;
};

/// Every invariant there is, in the order of Invariant::Kind.
inline constexpr InvariantEntry all_invariants[] = {
    {"union_oracle", Invariant::Kind::union_oracle, Invariant::Subject::oracle},
    {"no_silent_partial", Invariant::Kind::no_silent_partial, Invariant::Subject::oracle},
    {"no_gap", Invariant::Kind::no_gap, Invariant::Subject::samples},
    {"no_duplicate", Invariant::Kind::no_duplicate, Invariant::Subject::answers},
    {"monotonic", Invariant::Kind::monotonic, Invariant::Subject::samples},
    {"sometimes", Invariant::Kind::sometimes, Invariant::Subject::course},
};

inline Invariant::Subject Invariant::subject() const {
  for (const InvariantEntry& entry : all_invariants) {
    if (entry.kind == kind) return entry.subject;
  }
  return Subject::answers;
}

}  // namespace mread::scenarios
