#include "scenarios/language/comparison.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "base/yaml_number.h"

namespace mread::scenarios {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<double> number(std::string_view text) {
  const std::string copy(trim(text));
  if (const auto value = yaml::parse_number(copy)) return yaml::to_double(*value);
  char* end = nullptr;
  const double value = std::strtod(copy.c_str(), &end);
  if (copy.empty() || end != copy.c_str() + copy.size()) return std::nullopt;
  return value;
}

}  // namespace

Comparison Comparison::parse(const yaml::Node& node) {
  constexpr std::pair<std::string_view, Kind> symbols[] = {
      {"==", Kind::equal},      {"!=", Kind::not_equal}, {">=", Kind::greater_equal},
      {"<=", Kind::less_equal}, {">", Kind::greater},    {"<", Kind::less}};
  Comparison comparison;
  comparison.text_ = node.string();
  std::string_view rest = trim(comparison.text_);
  for (const auto& [symbol, kind] : symbols) {
    if (rest.starts_with(symbol)) {
      comparison.kind_ = kind;
      rest.remove_prefix(symbol.size());
      break;
    }
  }
  const size_t dots = rest.find("..");
  if (dots != std::string_view::npos && rest.data() == trim(comparison.text_).data()) {
    const auto lower = number(rest.substr(0, dots));
    const auto upper = number(rest.substr(dots + 2));
    if (lower && upper && *lower <= *upper) {
      comparison.kind_ = Kind::range;
      comparison.value_ = *lower;
      comparison.upper_ = *upper;
      return comparison;
    }
  }
  const auto value = number(rest);
  if (!value)
    node.error("\"" + comparison.text_ +
               "\" is no number and no comparison; write 8, '>= 8' or '1..3'");
  comparison.value_ = *value;
  return comparison;
}

bool Comparison::holds(double value) const {
  switch (kind_) {
    case Kind::equal:
      return nearly_equal(value, value_);
    case Kind::not_equal:
      return !nearly_equal(value, value_);
    case Kind::less:
      return value < value_;
    case Kind::less_equal:
      return value <= value_;
    case Kind::greater:
      return value > value_;
    case Kind::greater_equal:
      return value >= value_;
    case Kind::range:
      return value >= value_ && value <= upper_;
  }
  return false;
}

bool nearly_equal(double a, double b, double relative) {
  if (std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b) || a == b) return true;
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (std::isinf(a) || std::isinf(b)) return false;
  return std::abs(a - b) <= relative * std::max(std::abs(a), std::abs(b));
}

}  // namespace mread::scenarios
