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

/// The faults at work on one answer, one behind the other.
class FaultChain {
 public:
  /// Whether anything is at work.
  bool empty() const { return links_.empty(); }
  const AnswerShape& shape() const { return shape_; }
  /// Their names, in order.
  const std::vector<std::string>& names() const { return names_; }

  /// What becomes of one step of the answer; `out` is overwritten. Nothing is to be asked of the
  /// answer once finished().
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

/// The faults of a store and when they strike. Times are since the store's start, and are handed
/// in: there is no clock here.
///
/// Thread-safe. With requests in the same order, the same ones are hit in every run.
class FaultSchedule {
 public:
  using Time = std::chrono::nanoseconds;

  FaultSchedule(uint64_t seed, std::string node) : seed_(seed), node_(std::move(node)) {}

  /// Replaces all rules; their `at` counts from `now`.
  void set(std::vector<FaultRule> rules, Time now);

  /// Decides for one request; `first: N` counts those that are asked about while the rule stands.
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
