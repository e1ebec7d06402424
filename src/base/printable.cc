#include "base/printable.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace mread {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

// In order. Of Unicode's format characters (Cf) those that show nothing; not the joiners U+200C and
// U+200D, and not the signs of Arabic numbers, which are seen.
constexpr std::array unprintable{
    Range{0x0000, 0x001f},  // C0
    Range{0x007f, 0x009f},  // DEL, C1
    Range{0x00ad, 0x00ad},  // soft hyphen
    Range{0x061c, 0x061c},  // Arabic letter mark
    Range{0x180e, 0x180e},  // Mongolian vowel separator
    Range{0x200b, 0x200b},  // zero width space
    Range{0x200e, 0x200f},  // left-to-right and right-to-left marks
    Range{0x2028, 0x202e},  // line and paragraph separators, bidirectional embeddings and overrides
    Range{0x2060,
          0x206f},  // invisible operators, bidirectional isolates, deprecated format characters
    Range{0xfdd0, 0xfdef},    // no characters
    Range{0xfeff, 0xfeff},    // byte order mark
    Range{0xfff9, 0xfffb},    // interlinear annotation
    Range{0xfffe, 0xffff},    // no characters
    Range{0x1d173, 0x1d17a},  // musical format characters
    Range{0xe0000, 0xe0fff},  // tags, variation selectors
};

bool is_printable(uint32_t code_point) {
  if ((code_point & 0xfffe) == 0xfffe)
    return false;  // The last two of each plane are no characters.
  const auto* const at = std::ranges::lower_bound(unprintable, code_point, {}, &Range::last);
  return at == unprintable.end() || code_point < at->first;
}

uint32_t decode(std::string_view sequence) {
  constexpr std::array<uint32_t, 5> lead_bits{0, 0x7f, 0x1f, 0x0f, 0x07};
  uint32_t code_point = static_cast<unsigned char>(sequence[0]) & lead_bits[sequence.size()];
  for (const char c : sequence.substr(1))
    code_point = code_point << 6 | (static_cast<unsigned char>(c) & 0x3fU);
  return code_point;
}

void append_byte(std::string& out, char byte) {
  fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(byte));
}

void append_code_point(std::string& out, uint32_t code_point) {
  constexpr std::string_view letters = "abtnvfr";  // Of 7 to 13.
  if (code_point >= 7 && code_point <= 13) {
    out += {'\\', letters[code_point - 7]};
  } else if (code_point <= 0x7f) {
    append_byte(out, static_cast<char>(code_point));
  } else if (code_point <= 0xffff) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", code_point);
  } else {
    fmt::format_to(std::back_inserter(out), "\\U{:08x}", code_point);
  }
}

// The same in JSON, which knows UTF-16.
void append_json(std::string& out, uint32_t code_point) {
  if (code_point > 0xffff) {
    code_point -= 0x10000;
    fmt::format_to(std::back_inserter(out), "\\u{:04x}\\u{:04x}", 0xd800 + (code_point >> 10),
                   0xdc00 + (code_point & 0x3ff));
  } else {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", code_point);
  }
}

}  // namespace

size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](size_t i, unsigned low, unsigned high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) && follows(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

std::string rewrite_unprintable(
    std::string_view text,
    const std::function<void(std::string& out, uint32_t code_point)>& on_code_point,
    const std::function<void(std::string& out, char byte)>& on_byte) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t plain = static_cast<size_t>(
        std::ranges::find_if(text, [](char c) { return c < 0x20 || c >= 0x7f; }) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const size_t length = utf8_length(text);
    if (length == 0) {
      on_byte(out, text[0]);
      text.remove_prefix(1);
      continue;
    }
    const uint32_t code_point = decode(text.substr(0, length));
    if (is_printable(code_point)) {
      out += text.substr(0, length);
    } else {
      on_code_point(out, code_point);
    }
    text.remove_prefix(length);
  }
  return out;
}

std::string printable(std::string_view text) {
  return rewrite_unprintable(text, append_code_point, append_byte);
}

std::string printable_lines(std::string_view text) {
  const auto keep_line_feed = [](std::string& out, uint32_t code_point) {
    if (code_point == '\n') {
      out += '\n';
    } else {
      append_code_point(out, code_point);
    }
  };
  return rewrite_unprintable(text, keep_line_feed, append_byte);
}

std::string printable(std::string_view text, size_t most_bytes) {
  std::string out;
  // No escape is shorter than what it stands for, so a longer text does not fit.
  if (text.size() <= most_bytes) out = printable(text);
  if (text.size() <= most_bytes && out.size() <= most_bytes) return out;
  out.clear();
  size_t taken = 0;
  while (taken < text.size()) {
    const size_t length = std::max<size_t>(utf8_length(text.substr(taken)), 1);
    const std::string next = printable(text.substr(taken, length));
    if (out.size() + next.size() > most_bytes) break;
    out += next;
    taken += length;
  }
  return out + fmt::format("… ({} bytes cut)", text.size() - taken);
}

std::string quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t special = text.find_first_of("\"\\");
    out += printable(text.substr(0, special));
    if (special == std::string_view::npos) break;
    out += {'\\', text[special]};
    text.remove_prefix(special + 1);
  }
  return out + '"';
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const size_t length = utf8_length(text.substr(i));
    if (length == 0) {
      out += "\xef\xbf\xbd";
      ++i;
    } else {
      out += text.substr(i, length);
      i += length;
    }
  }
  return out;
}

std::string printable_json(std::string_view json) {
  const auto escape = [](std::string& out, uint32_t code_point) {
    // Between strings there may be line feeds and tabs, and in strings there are none.
    if (code_point < 0x20) {
      out += static_cast<char>(code_point);
    } else {
      append_json(out, code_point);
    }
  };
  return rewrite_unprintable(json, escape, [](std::string& out, char) { out += "\xef\xbf\xbd"; });
}

std::string without_commands(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    const size_t begin = line.find_first_not_of(" \t");
    size_t written = 0;
    if (begin != std::string_view::npos && line.substr(begin).starts_with("::")) {
      out += line.substr(0, begin);
      out += "\\x3a:";
      written = begin + 2;
    }
    for (size_t at = line.find("##[", written); at != std::string_view::npos;
         at = line.find("##[", written)) {
      out += line.substr(written, at - written);
      out += "#\\x23[";
      written = at + 3;
    }
    out += line.substr(written);
  }
  return out;
}

}  // namespace mread
