#include "scenarios/engine/placeholders.h"

#include <charconv>

namespace mread::scenarios {

namespace {

Result<uint16_t> parse_port(std::string_view text, std::string_view placeholder) {
  uint16_t port = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || port == 0) {
    return fail(Errc::config,
                "{{" + std::string(placeholder) + "}}: \"" + std::string(text) + "\" is no port");
  }
  return port;
}

}  // namespace

Result<std::string> expand_placeholders(std::string_view text, const Placeholders& placeholders) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const size_t open = text.find("{{");
    const size_t close = open == std::string_view::npos ? open : text.find("}}", open);
    if (close == std::string_view::npos) break;
    const std::string_view inside = text.substr(open + 2, close - open - 2);
    out += text.substr(0, open);
    if (inside == "dir") {
      out += placeholders.dir;
    } else if (inside.starts_with("listen:")) {
      const auto port = parse_port(inside.substr(7), inside);
      if (!port) return fail(port.error());
      out += placeholders.listen(*port);
    } else if (inside.starts_with("node:") && inside.rfind(':') > 5) {
      const size_t colon = inside.rfind(':');
      const auto port = parse_port(inside.substr(colon + 1), inside);
      if (!port) return fail(port.error());
      out += placeholders.node(std::string(inside.substr(5, colon - 5)), *port);
    } else {
      // Not ours: go on after the opening brace, so that "{{{dir}}" still finds its placeholder.
      out += text[open];
      text.remove_prefix(open + 1);
      continue;
    }
    text.remove_prefix(close + 2);
  }
  return out += text;
}

}  // namespace mread::scenarios
