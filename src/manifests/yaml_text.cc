#include "manifests/yaml_text.h"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

namespace mread::manifests {
namespace {

bool fits_block(std::string_view text) {
  return !text.empty() && text.front() != ' ' && text.front() != '\n' && text.back() == '\n' &&
         !text.ends_with("\n\n") && std::ranges::none_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return (byte < 0x20 && c != '\n') || byte >= 0x7f;
         });
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20)
          out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        else
          out += c;
    }
  }
  return out + "\"";
}

std::string entry(size_t indent, std::string_view key, std::string_view text) {
  const std::string space(indent, ' ');
  std::string out = space + std::string(key) + ": ";
  if (!fits_block(text)) return out + in_quotes(text) + "\n";
  out += "|\n";
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    const std::string_view line = text.substr(begin, end - begin);
    out += line.empty() ? "\n" : space + "  " + std::string(line) + "\n";
    begin = end + 1;
  }
  return out;
}

std::string as_key(std::string_view path) {
  std::string key(path);
  std::ranges::replace_if(
      key,
      [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '_' && c != '.';
      },
      '_');
  return key;
}

}  // namespace mread::manifests
