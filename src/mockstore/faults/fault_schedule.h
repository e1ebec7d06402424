#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mockstore/faults/fault.h"

namespace mread::mockstore {

/// The faults that act on one answer, in order: each gets the steps of the one before.
class FaultChain {
 public:
  /// No fault acts.
  bool empty() const { return links_.empty(); }
  const AnswerShape& shape() const { return shape_; }
  /// Their names, in order.
  const std::vector<std::string>& names() const { return names_; }

  /// Rewrites one step of the answer; `out` is overwritten. Once finished(), the answer's further
  /// steps are not wanted.
  void apply(Step step, std::vector<Step>& out);
  bool finished() const { return finished_; }

 private:
  friend class FaultSchedule;
  struct Link {
    std::shared_ptr<const Fault> fault;  // Stages may refer to it.
    std::unique_ptr<FaultStage> stage;
  };

  AnswerShape shape_;
  std::vector<Link> links_;
  std::vector<std::string> names_;
  std::vector<Step> scratch_;
  bool finished_ = false;
};

/// The faults of a store, and when they act. Times count from the store's start; the caller gives
/// them.
///
/// Thread-safe. Every run with the requests in the same order hits the same ones.
class FaultSchedule {
 public:
  using Time = std::chrono::nanoseconds;

  FaultSchedule(uint64_t seed, std::string node) : seed_(seed), node_(std::move(node)) {}

  /// Replaces all rules; their `at` counts from `now`.
  void set(std::vector<FaultRule> rules, Time now);

  /// Decides for one request. `first: N` counts the requests that come while the rule is in force.
  FaultChain decide(uint64_t ordinal, Time now);

  /// Whether the listener is to be closed.
  bool refusing(Time now) const;
  /// When refusing() may change next.
  std::optional<Time> next_change(Time now) const;

  /// The rules, as a JSON list in the notation they came in.
  std::string to_json() const;

 private:
  struct Entry {
    FaultRule rule;
    Time from{0};
    std::optional<Time> until;
    uint64_t asked = 0;
    bool stands(Time now) const { return now >= from && (!until || now < *until); }
    bool refuses() const;
  };

  const uint64_t seed_;
  const std::string node_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace mread::mockstore
