#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mread {

/// Parses a count: an integer, or a float in exponent notation that is whole ("5e6"). Errors:
/// Errc::config.
Result<uint64_t> parse_count(std::string_view text);

/// Parses a size in bytes: a count, or a number with the unit B, KB, MB, GB, TB, KiB, MiB, GiB or
/// TiB ("1GiB"). As in Prometheus, KB and KiB both mean 1024. Errors: Errc::config.
Result<uint64_t> parse_bytes(std::string_view text);

/// "1 group", "2 groups".
std::string counted(size_t count, std::string_view noun);

}  // namespace mread
