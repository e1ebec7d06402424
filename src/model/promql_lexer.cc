#include "model/promql_lexer.h"

#include <cstdint>

#include "base/ascii.h"
#include "base/printable.h"

namespace mread::model {

namespace {

using ascii::is_digit;

bool is_letter(char c) { return ascii::is_letter(c) || c == '_'; }

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

void append_utf8(std::string& out, uint32_t code_point) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3f));
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
}

}  // namespace

void PromqlLexer::skip_space() {
  while (!at_end() && (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r')) ++pos_;
}

bool PromqlLexer::take(std::string_view token) {
  skip_space();
  if (text_.substr(pos_, token.size()) != token) return false;
  pos_ += token.size();
  return true;
}

bool PromqlLexer::at_string() const { return peek() == '"' || peek() == '\'' || peek() == '`'; }

std::string_view PromqlLexer::identifier(bool colons) {
  skip_space();
  const size_t begin = pos_;
  while (!at_end() &&
         (is_letter(peek()) || (colons && peek() == ':') || (pos_ > begin && is_digit(peek()))))
    ++pos_;
  return text_.substr(begin, pos_ - begin);
}

std::string PromqlLexer::here() const {
  if (at_end()) return "the end";
  return quote(text_.substr(pos_, 12));
}

tl::expected<std::string, PromqlLexer::Failure> PromqlLexer::string() {
  skip_space();
  const size_t begin = pos_;
  const char quote_char = text_[pos_++];
  std::string out;
  while (true) {
    if (at_end() || (peek() == '\n' && quote_char != '`'))
      return fail_at(begin, "the string is not closed");
    const char c = text_[pos_];
    if (c == quote_char) {
      ++pos_;
      return out;
    }
    if (c == '\\' && quote_char != '`') {
      if (auto taken = escape(quote_char, out); !taken)
        return tl::unexpected<Failure>(taken.error());
    } else {
      out.push_back(c);
      ++pos_;
    }
  }
}

tl::expected<void, PromqlLexer::Failure> PromqlLexer::escape(char quote_char, std::string& out) {
  const size_t begin = pos_++;
  const auto unknown = [&] { return fail_at(begin, "unknown escape sequence in the string"); };
  if (at_end()) return unknown();
  const char c = text_[pos_++];
  static constexpr std::string_view letters = "abfnrtv\\";
  static constexpr std::string_view bytes = "\a\b\f\n\r\t\v\\";
  if (const size_t at = letters.find(c); at != std::string_view::npos) {
    out.push_back(bytes[at]);
    return {};
  }
  if (c == quote_char) {
    out.push_back(c);
    return {};
  }
  size_t digits = 0;
  int base = 16;
  if (c == 'x') {
    digits = 2;
  } else if (c == 'u') {
    digits = 4;
  } else if (c == 'U') {
    digits = 8;
  } else if (c >= '0' && c <= '7') {
    digits = 3;
    base = 8;
    --pos_;
  } else {
    return unknown();
  }
  uint32_t value = 0;
  for (size_t i = 0; i < digits; ++i, ++pos_) {
    if (at_end() || digit_value(peek()) >= base) return unknown();
    value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit_value(peek()));
  }
  if (c == 'u' || c == 'U') {
    if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return unknown();
    append_utf8(out, value);
  } else {
    if (value > 0xff) return unknown();
    out.push_back(static_cast<char>(value));
  }
  return {};
}

tl::unexpected<Error> PromqlLexer::error(const Failure& failure, size_t* error_offset) {
  if (error_offset != nullptr) {
    *error_offset = failure.offset;
    return mread::fail(Errc::malformed, failure.message);
  }
  return mread::fail(Errc::malformed,
                     "offset " + std::to_string(failure.offset) + ": " + failure.message);
}

}  // namespace mread::model
