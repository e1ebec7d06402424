#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mockstore/faults/data_change.h"
#include "mockstore/steps/draw.h"
#include "mockstore/steps/step.h"

namespace mread::mockstore {

/// What a fault may change before an answer is made.
struct AnswerShape {
  enum class Order { prometheus, reversed, shuffled } order = Order::prometheus;
  uint64_t shuffle_seed = 0;
  DataChange data;
};

/// A fault that acts on one answer. It gets the answer's steps one by one and hands on the steps
/// that happen instead: it may add, change or drop steps, or end the answer.
class FaultStage {
 public:
  virtual ~FaultStage() = default;
  virtual void take(Step step, std::vector<Step>& out) = 0;
};

/// A fault with its settings. Immutable; used from many threads.
class Fault {
 public:
  virtual ~Fault() = default;

  /// The word that it has in the notation.
  virtual std::string_view name() const = 0;
  /// The fault's stage for one answer; null if the fault only has a shape().
  virtual std::unique_ptr<FaultStage> start(Draw& draw) const {
    (void)draw;
    return nullptr;
  }
  virtual void shape(AnswerShape& shape, Draw& draw) const {
    (void)shape;
    (void)draw;
  }
  /// True if the store's listener is closed while the fault is in force.
  virtual bool refuses() const { return false; }
};

/// Faults with the conditions that they share.
struct FaultRule {
  std::vector<std::shared_ptr<const Fault>> faults;   ///< the first is nearest to the answer
  std::chrono::milliseconds at{0};                    ///< after the store's start
  std::optional<std::chrono::milliseconds> duration;  ///< `for`; none: for good
  double probability = 1;
  std::optional<uint64_t> first;  ///< only so many requests
  std::string notation;           ///< as JSON
};

}  // namespace mread::mockstore
