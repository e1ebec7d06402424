#pragma once

#include <string>
#include <string_view>

namespace mread::wire {

/// Quotes the beginning of `bytes` for an error message if it is text for a person (an error page,
/// Prometheus's error in a stream). Returns "" if a byte is not printable ASCII, or if there are
/// fewer than six characters.
std::string quoted_text(std::string_view bytes);

}  // namespace mread::wire
