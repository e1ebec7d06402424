#include "scenarios/engine/named_addresses.h"

#include <charconv>

namespace mread::scenarios {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view address_characters = "0123456789.";

// The port in ":9090" at the beginning of `text`; 0: there is none.
uint16_t port_behind(std::string_view text, size_t& length) {
  uint16_t port = 0;
  length = 0;
  if (!text.starts_with(':')) return 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), port);
  if (error != std::errc()) return 0;
  length = static_cast<size_t>(end - text.data());
  return port;
}

}  // namespace

std::string name_addresses(std::string_view text, const NodeAddresses& addresses) {
  std::string out;
  while (!text.empty()) {
    const size_t begin = text.find_first_of(digits);
    out += text.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const bool is_within_word =
        begin > 0 && std::isalpha(static_cast<unsigned char>(text[begin - 1])) != 0;
    text.remove_prefix(begin);
    std::string_view run = text.substr(0, text.find_first_not_of(address_characters));
    text.remove_prefix(run.size());
    std::string_view dots;  // Of a sentence that ends behind an address.
    while (run.ends_with('.')) {
      dots = std::string_view(run.data() + run.size() - 1, dots.size() + 1);
      run.remove_suffix(1);
    }
    const auto name = is_within_word ? addresses.names.end() : addresses.names.find(run);
    if (name == addresses.names.end()) {
      out += run;
      out += dots;
      continue;
    }
    out += name->second;
    size_t length = 0;
    const uint16_t port = dots.empty() ? port_behind(text, length) : 0;
    if (port != 0) {
      const auto own = addresses.ports.find({std::string(run), port});
      out += ":" + std::to_string(own == addresses.ports.end() ? port : own->second);
      text.remove_prefix(length);
    }
    out += dots;
  }
  return out;
}

}  // namespace mread::scenarios
