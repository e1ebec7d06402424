#include "base/go_url.h"

#include <algorithm>
#include <charconv>

namespace mread {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_plain(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("-_.~").find(c) != std::string_view::npos;
}
bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The byte of an escape that begins at `at`; -1 for none.
int escaped_byte(std::string_view text, size_t at) {
  if (text[at] != '%' || at + 2 >= text.size()) return -1;
  const int high = hex_digit(text[at + 1]);
  const int low = hex_digit(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool has_bad_escape(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && escaped_byte(text, i) < 0) return true;
  }
  return false;
}

// Go sends a path as it stands where all of it may stand there, and else escapes it again.
std::string sent_path(std::string_view path) {
  constexpr std::string_view as_written = "!$&'()*+,;=:@[]/%";
  const bool good = std::all_of(path.begin(), path.end(),
                                [&](char c) { return is_plain(c) || is_one_of(c, as_written); });
  if (good) return std::string(path);
  constexpr std::string_view unescaped = "$&+,/:;=@";
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : percent_decoded(path)) {
    if (is_plain(c) || is_one_of(c, unescaped)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

// As it stands; a blank would end the request's target.
std::string sent_query(std::string_view query) {
  std::string out;
  for (const char c : query) {
    if (c == ' ') {
      out += "%20";
    } else {
      out += c;
    }
  }
  return out;
}

// Takes a scheme off. Errors: a colon at the front.
Result<std::string> take_scheme(std::string_view& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_letter(c)) continue;
    if (is_digit(c) || is_one_of(c, "+-.")) {
      if (i == 0) return std::string();
      continue;
    }
    if (c != ':') return std::string();
    if (i == 0) return fail(Errc::config, "the scheme is missing");
    std::string scheme(text.substr(0, i));
    std::transform(scheme.begin(), scheme.end(), scheme.begin(), [](char letter) {
      return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
    });
    text.remove_prefix(i + 1);
    return scheme;
  }
  return std::string();
}

Result<void> read_userinfo(std::string_view userinfo, GoUrl& url) {
  const bool good = std::all_of(userinfo.begin(), userinfo.end(), [](char c) {
    return is_letter(c) || is_digit(c) || is_one_of(c, "-._:~!$&'()*+,;=%@");
  });
  if (!good || has_bad_escape(userinfo)) {
    return fail(Errc::config,
                "a user or password in a URL: write other signs than letters and digits as %XX");
  }
  const size_t colon = userinfo.find(':');
  url.user = percent_decoded(userinfo.substr(0, colon));
  if (colon != std::string_view::npos) url.password = percent_decoded(userinfo.substr(colon + 1));
  return {};
}

// "", ":" and ":9090".
Result<void> read_port(std::string_view text, GoUrl& url) {
  if (text.empty()) return {};
  if (text[0] != ':' || !std::all_of(text.begin() + 1, text.end(), is_digit)) {
    return fail(Errc::config, "want a number for the port");
  }
  url.port = text.substr(1);
  return {};
}

Result<void> read_host(std::string_view text, GoUrl& url) {
  if (text.starts_with('[')) {
    const size_t bracket = text.rfind(']');
    if (bracket == std::string_view::npos)
      return fail(Errc::config, "']' is missing behind the address");
    if (auto port = read_port(text.substr(bracket + 1), url); !port) return port;
    const std::string_view address = text.substr(1, bracket - 1);
    const size_t zone = address.find("%25");
    const std::string_view before = address.substr(0, zone);
    if (before.find('%') != std::string_view::npos || has_bad_escape(address)) {
      return fail(Errc::config, "the zone of an address stands behind %25, as in [fe80::1%25eth0]");
    }
    url.host = percent_decoded(address);
    return {};
  }
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    if (auto port = read_port(text.substr(colon), url); !port) return port;
  }
  const std::string_view host = text.substr(0, colon);
  for (size_t i = 0; i < host.size(); ++i) {
    const char c = host[i];
    const bool beyond_ascii = (static_cast<unsigned char>(c) & 0x80U) != 0;
    if (c == '%') {
      if (escaped_byte(host, i) < 0x80)
        return fail(Errc::config, "an escape that a host's name cannot have");
    } else if (!beyond_ascii && !is_plain(c) && !is_one_of(c, "!$&'()*+,;=:[]<>\"")) {
      return fail(Errc::config, "a sign that a host's name cannot have");
    }
  }
  url.host = percent_decoded(host);
  return {};
}

Result<void> read_authority(std::string_view text, GoUrl& url) {
  const size_t at = text.rfind('@');
  if (at != std::string_view::npos) {
    if (auto good = read_userinfo(text.substr(0, at), url); !good) return good;
    text.remove_prefix(at + 1);
  }
  return read_host(text, url);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

bool GoUrl::is_web() const {
  if ((scheme != "http" && scheme != "https") || host.empty()) return false;
  if (port.empty()) return true;
  unsigned number = 0;
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
  return parsed.ec == std::errc() && number > 0 && number <= 65535;
}

std::string GoUrl::authority() const {
  std::string out = host;
  if (const size_t zone = out.find('%'); zone != std::string::npos) out.replace(zone, 1, "%25");
  if (host.find(':') != std::string::npos) out = "[" + out + "]";
  return out + ":" + (!port.empty() ? port : scheme == "https" ? "443" : "80");
}

std::string GoUrl::plain() const {
  std::string place = authority();
  if (port.empty()) place.resize(place.rfind(':'));
  return scheme + "://" + place + target;
}

Result<GoUrl> parse_go_url(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return fail(Errc::config, "a control character in a URL (write it as %XX)");
  }
  GoUrl url;
  if (const size_t fragment = text.find('#'); fragment != std::string_view::npos) {
    if (has_bad_escape(text.substr(fragment)))
      return fail(Errc::config, "a % that begins no escape (write %25)");
    text = text.substr(0, fragment);
  }
  auto scheme = take_scheme(text);
  if (!scheme) return fail(std::move(scheme.error()));
  url.scheme = std::move(*scheme);
  const size_t query = text.find('?');
  const std::string_view query_text =
      query == std::string_view::npos ? std::string_view() : text.substr(query);
  text = text.substr(0, query);
  if (text.starts_with("//") && (!url.scheme.empty() || !text.starts_with("///"))) {
    text.remove_prefix(2);
    const std::string_view authority = text.substr(0, text.find('/'));
    text.remove_prefix(authority.size());
    if (auto good = read_authority(authority, url); !good) return fail(std::move(good.error()));
  } else if (url.scheme.empty() &&
             text.substr(0, text.find('/')).find(':') != std::string_view::npos) {
    return fail(Errc::config, "the scheme is missing: write http:// before it");
  } else if (!url.scheme.empty() && !text.starts_with('/')) {
    return url;  // Such as mailto:name, which Go does not look into.
  }
  if (has_bad_escape(text)) return fail(Errc::config, "a % that begins no escape (write %25)");
  url.target = sent_path(text) + sent_query(query_text);
  if (url.target.starts_with('?')) url.target.insert(0, "/");
  return url;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const int byte = escaped_byte(text, i);
    if (byte < 0) {
      out += text[i];
    } else {
      out += static_cast<char>(byte);
      i += 2;
    }
  }
  return out;
}

}  // namespace mread
