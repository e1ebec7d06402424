#pragma once

#include <memory>
#include <string_view>
#include <tuple>
#include <utility>

#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// A fault of which each answer gets a stage of its own, made from the fault's settings. A stage may
/// refer to the settings: the fault outlives the answer.
template <class Stage, class... Settings>
class StagedFault final : public Fault {
 public:
  explicit StagedFault(std::string_view name, Settings... settings)
      : name_(name), settings_(std::move(settings)...) {}

  std::string_view name() const override { return name_; }
  std::unique_ptr<FaultStage> start(Draw&) const override {
    return std::apply(
        [](const Settings&... settings) { return std::make_unique<Stage>(settings...); },
        settings_);
  }

 private:
  const std::string_view name_;  // A literal: it lives as long as the program.
  const std::tuple<Settings...> settings_;
};

template <class Stage, class... Settings>
std::shared_ptr<const Fault> staged_fault(std::string_view name, Settings... settings) {
  return std::make_shared<StagedFault<Stage, Settings...>>(name, std::move(settings)...);
}

}  // namespace mread::mockstore::faults
