#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/yaml.h"
#include "mockstore/faults/fault.h"

namespace mread::mockstore::faults {

struct Entry {
  std::string_view name;
  std::shared_ptr<const Fault> (*parse)(const yaml::Node& settings);
  bool stands_alone = false;  ///< needs no settings: its name alone is a fault
};

/// Every fault, by name.
std::span<const Entry> registry();

}  // namespace mread::mockstore::faults
