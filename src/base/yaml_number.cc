#include "base/yaml_number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace mread::yaml {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<double> special(std::string_view text) {
  for (const std::string_view nan : {".nan", ".NaN", ".NAN"}) {
    if (text == nan) return std::numeric_limits<double>::quiet_NaN();
  }
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  for (const std::string_view inf : {".inf", ".Inf", ".INF"}) {
    const double infinity = std::numeric_limits<double>::infinity();
    if (text == inf) return negative ? -infinity : infinity;
  }
  return std::nullopt;
}

// Takes the prefix of a base off, as Go's ParseInt does for base 0.
int take_base(std::string_view& digits) {
  if (digits.size() < 2 || digits[0] != '0') return 10;
  const char letter = static_cast<char>(digits[1] | 0x20);
  const int base = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
  digits.remove_prefix(base == 0 ? 1 : 2);
  return base == 0 ? 8 : base;
}

std::optional<Number> integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const int base = take_base(text);
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, base);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  constexpr uint64_t highest = std::numeric_limits<int64_t>::max();
  if (negative) {
    if (value > highest + 1) return std::nullopt;
    return static_cast<int64_t>(0 - value);
  }
  if (value > highest) return value;
  return static_cast<int64_t>(value);
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool looks_like_float(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > begin;
  };
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) ++at;
  const bool whole = digits();
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (!digits() && !whole) return false;
  } else if (!whole) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
    if (!digits()) return false;
  }
  return at == text.size();
}

}  // namespace

std::optional<Number> parse_number(std::string_view text) {
  constexpr size_t longest = 400;  // No number that is meant is longer.
  if (text.empty() || text.size() > longest) return std::nullopt;
  const char first = text[0];
  if (!is_digit(first) && first != '.' && first != '-' && first != '+') return std::nullopt;
  if (const auto value = special(text)) return *value;
  std::string plain;
  for (const char c : text) {
    if (c != '_') plain += c;
  }
  if (const auto value = integer(plain)) return value;
  if (!looks_like_float(plain)) return std::nullopt;
  std::string_view rest = plain;
  if (rest.starts_with('+')) rest.remove_prefix(1);
  double value = 0;
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != rest.data() + rest.size()) return std::nullopt;
  return value;
}

double to_double(const Number& number) {
  return std::visit([](auto value) { return static_cast<double>(value); }, number);
}

}  // namespace mread::yaml
