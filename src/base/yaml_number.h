#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace mread::yaml {

/// A number as YAML 1.1 writes it and go-yaml v2, which reads Prometheus's files, takes it: 1_000,
/// 0x1F, 017 and 0o17 (octal), 0b101, 1e6, .5, .inf, -.Inf, .nan. What is too large for an integer
/// is a double. None for all else, such as "inf" and "1m".
using Number = std::variant<int64_t, uint64_t, double>;
std::optional<Number> parse_number(std::string_view text);

/// The number as a double.
double to_double(const Number& number);

}  // namespace mread::yaml
