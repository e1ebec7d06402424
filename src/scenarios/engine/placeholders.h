#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mread::scenarios {

/// What the placeholders of a NodeSpec stand for, seen from one node.
struct Placeholders {
  std::string dir;                                                ///< {{dir}}
  std::function<std::string(uint16_t)> listen;                    ///< {{listen:PORT}}
  std::function<std::string(const std::string&, uint16_t)> node;  ///< {{node:NAME:PORT}}
};

/// Replaces the placeholders in `text`. Anything else in double braces is left as it is: templates
/// of Prometheus's alerting rules use the same brackets. Errors: Errc::config for a port outside 1
/// … 65535.
Result<std::string> expand_placeholders(std::string_view text, const Placeholders& placeholders);

}  // namespace mread::scenarios
