#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

/// A fault that changes the data of a store and nothing else. `change` is called with the changes of
/// the faults before it.
template <class Change>
std::shared_ptr<const Fault> data_fault(std::string_view name, Change change) {
  class DataFault final : public Fault {
   public:
    DataFault(std::string_view name, Change change) : name_(name), change_(std::move(change)) {}
    std::string_view name() const override { return name_; }
    void shape(AnswerShape& shape, Draw&) const override { change_(shape.data); }

   private:
    const std::string_view name_;
    const Change change_;
  };
  return std::make_shared<DataFault>(name, std::move(change));
}

}  // namespace mread::mockstore::faults
