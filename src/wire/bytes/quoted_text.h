#pragma once

#include <string>
#include <string_view>

namespace mread::wire {

/// The beginning of `bytes` in quotes, for an error message, where it is text for a person (an
/// error page, Prometheus's error in a stream); "" where it is not: something is not printable
/// ASCII, or there are fewer than six characters.
std::string quoted_text(std::string_view bytes);

}  // namespace mread::wire
