#pragma once

#include <string>
#include <string_view>

namespace mread::model {

/// `unit` so many times, with `separator` in between.
inline std::string repeated(std::string_view unit, size_t times, std::string_view separator = "") {
  std::string text;
  for (size_t i = 0; i < times; ++i)
    text += (i == 0 ? "" : std::string(separator)) + std::string(unit);
  return text;
}

}  // namespace mread::model
