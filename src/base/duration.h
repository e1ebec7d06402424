#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mread {

/// Parses a Prometheus duration: integers with the units y w d h m s ms, largest first, each at
/// most once
/// ("15s", "1h30m", "0"). A year is 365 days. Errors: Errc::config for anything else ("1.5h", "",
/// "10"). Source: Prometheus documentation, "Time Durations".
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest Prometheus duration: 90 s is "1m30s", 0 is "0s". Weeks and years are not used.
/// Negative durations get a leading '-'.
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace mread
