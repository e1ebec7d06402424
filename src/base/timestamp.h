#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mread {

/// Parses a point in time to milliseconds since the epoch: seconds as a number ("1700000000",
/// "1700000000.5", "-3"), RFC 3339 ("2026-11-21T19:00:00Z", "2026-11-21T20:00:00.25+01:00"), "now",
/// or "now" plus or minus a Prometheus duration
/// ("now-1h30m"). `now_ms` stands for now. Fractions below a millisecond are cut off. Errors:
/// Errc::config.
Result<int64_t> parse_timestamp(std::string_view text, int64_t now_ms);

/// RFC 3339 in UTC, with milliseconds where there are any: "2026-11-21T19:00:00Z",
/// "2026-11-21T19:00:00.250Z". A time outside the years 0 to 9999 is printed as seconds.
std::string format_timestamp(int64_t timestamp_ms);

/// The wall clock. For commands and servers; what is tested takes the time as a parameter.
int64_t wall_clock_ms();

}  // namespace mread
