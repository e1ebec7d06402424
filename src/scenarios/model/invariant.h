#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace mread::scenarios {

/// A condition for every answer of a test, in addition to the expectations of its checks.
struct Invariant {
  enum class Kind { union_oracle, no_silent_partial, no_gap, no_duplicate, monotonic };
  /// What is judged.
  enum class Subject {
    answers,  ///< each answer of each check
    oracle,   ///< each answer of each check, by the answer of the union oracle
    samples,  ///< the samples of a selector of its own, once a phase: it has `expr:` and `range:`
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
};

inline Invariant::Subject Invariant::subject() const {
  for (const InvariantEntry& entry : all_invariants) {
    if (entry.kind == kind) return entry.subject;
  }
  return Subject::answers;
}

}  // namespace mread::scenarios
