#include "base/quantity.h"

#include <charconv>
#include <cmath>
#include <string>

namespace mread {
namespace {

// 2^63: everything below is exact enough for a limit and fits every integer type used for one.
constexpr double too_large = 9.2e18;

}  // namespace

Result<uint64_t> parse_count(std::string_view text) {
  const char* const end = text.data() + text.size();
  uint64_t whole = 0;
  if (const auto parsed = std::from_chars(text.data(), end, whole);
      parsed.ec == std::errc() && parsed.ptr == end)
    return whole;
  double value = 0;
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec == std::errc() && parsed.ptr == end && value >= 0 && value < too_large &&
      value == std::floor(value)) {
    return static_cast<uint64_t>(value);
  }
  return fail(Errc::config, "\"" + std::string(text) +
                                "\" is not a count; write a whole number, e.g. 5000 or 5e6");
}

Result<uint64_t> parse_bytes(std::string_view text) {
  const size_t digits = text.find_first_not_of("0123456789.");
  const std::string_view unit =
      digits == std::string_view::npos ? std::string_view() : text.substr(digits);
  constexpr std::string_view prefixes = "KMGT";
  double factor = 1;
  bool known = unit.empty() || unit == "B";
  if (const size_t prefix = unit.empty() ? std::string_view::npos : prefixes.find(unit[0]);
      prefix != std::string_view::npos && (unit.substr(1) == "B" || unit.substr(1) == "iB")) {
    factor = std::pow(1024.0, static_cast<double>(prefix + 1));
    known = true;
  }
  if (!known) {
    if (const auto count = parse_count(text)) return *count;
  }
  double value = 0;
  const std::string_view number = text.substr(0, digits);
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (known && parsed.ec == std::errc() && parsed.ptr == number.data() + number.size() &&
      value * factor < too_large) {
    return static_cast<uint64_t>(value * factor);
  }
  return fail(Errc::config, "\"" + std::string(text) +
                                "\" is not a size; write bytes or a unit, e.g. 512KiB or 1GiB");
}

std::string counted(size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace mread
