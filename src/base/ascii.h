#pragma once

/// Kinds of single bytes, whatever the locale. Bytes above 127 are of no kind, and stay as they are.
namespace mread::ascii {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A blank, or what ends or indents a line.
constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

}  // namespace mread::ascii
