#include "wire/bytes/quoted_text.h"

#include <algorithm>
#include <cstddef>

#include "model/labels.h"

namespace mread::wire {

std::string quoted_text(std::string_view bytes) {
  constexpr size_t shown = 120;
  constexpr size_t least = 6;
  const std::string_view start = bytes.substr(0, shown);
  const auto printable = [](char c) {
    return (c >= 0x20 && c < 0x7f) || c == '\n' || c == '\t' || c == '\r';
  };
  if (start.size() < least || !std::ranges::all_of(start, printable)) return "";
  return model::quote(start.substr(0, start.find_last_not_of(" \r\n\t") + 1)) +
         (bytes.size() > shown ? " …" : "");
}

}  // namespace mread::wire
