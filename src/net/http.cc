#include "net/http.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/printable.h"
#include "base/shown_url.h"

namespace mread::net {
namespace {

using ascii::lower;

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

bool strip_scheme(std::string_view& text, std::string_view scheme) {
  if (text.size() < scheme.size() || !same_name(text.substr(0, scheme.size()), scheme))
    return false;
  text.remove_prefix(scheme.size());
  return true;
}

// Takes a URL apart, piece by piece. Its errors name the URL, but no part of it that may belong to a
// password: what stands before an @ is left out.
class UrlParser {
 public:
  explicit UrlParser(std::string_view text)
      : text_(text), has_secret_(text.find('@') != std::string_view::npos) {}

  Result<Url> parse() {
    const bool printable = std::all_of(text_.begin(), text_.end(),
                                       [](unsigned char c) { return c > ' ' && c != 0x7f; });
    if (!printable) return bad("a space or control character (write it as %XX)");
    std::string_view rest = text_;
    if (strip_scheme(rest, "unix://")) return socket(rest);
    if (strip_scheme(rest, "http://")) {
      url_.port = 80;
    } else if (strip_scheme(rest, "https://")) {
      url_.scheme = Url::Scheme::https;
      url_.port = 443;
    } else if (const size_t colon = rest.find("://"); colon != std::string_view::npos) {
      return bad("unknown scheme" + shown(rest.substr(0, colon)) + " (http, https or unix)");
    } else {
      return bad("no scheme (write http://" + shown_url(text_) + ")");
    }
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    rest.remove_prefix(authority.size());
    rest = rest.substr(0, rest.find('#'));
    url_.target = rest.empty() || rest[0] != '/' ? "/" + std::string(rest) : std::string(rest);
    if (auto good = take_authority(authority); !good) return fail(std::move(good.error()));
    return std::move(url_);
  }

 private:
  std::string shown(std::string_view part) const { return has_secret_ ? "" : " " + quote(part); }
  tl::unexpected<Error> bad(const std::string& what) const {
    return fail(Errc::config, "URL " + quote(shown_url(text_)) + ": " + what);
  }

  // PATH or PATH:TARGET.
  Result<Url> socket(std::string_view rest) {
    url_.scheme = Url::Scheme::unix_socket;
    const size_t colon = rest.find(':');
    url_.host = rest.substr(0, colon);
    url_.target = colon == std::string_view::npos ? "/" : rest.substr(colon + 1);
    if (url_.host.empty()) return bad("no socket path");
    if (url_.target.empty()) url_.target = "/";
    if (url_.target[0] != '/') return bad("the path after ':' must begin with '/'");
    return std::move(url_);
  }

  // HOST, HOST:PORT, [IPV6] or [IPV6]:PORT.
  Result<void> take_authority(std::string_view authority) {
    if (authority.find('@') != std::string_view::npos) {
      // The whole URL stays out of the message: it holds a password.
      return fail(Errc::config, "URL: user and password do not belong into a URL (use basic_auth)");
    }
    std::optional<std::string_view> port;
    if (!authority.empty() && authority[0] == '[') {
      const size_t bracket = authority.find(']');
      if (bracket == std::string_view::npos) return bad("no ']' after the address");
      url_.host = authority.substr(1, bracket - 1);
      if (const size_t zone = url_.host.find("%25"); zone != std::string::npos)
        url_.host.erase(zone + 1, 2);
      const std::string_view after = authority.substr(bracket + 1);
      if (!after.empty() && after[0] != ':') return bad("':' expected after ']'");
      if (!after.empty()) port = after.substr(1);
    } else {
      const size_t colon = authority.find(':');
      if (colon != authority.rfind(':')) return bad("an IPv6 address needs brackets: [::1]:9090");
      url_.host = authority.substr(0, colon);
      if (colon != std::string_view::npos) port = authority.substr(colon + 1);
    }
    if (url_.host.empty()) return bad("no host");
    if (port) return take_port(*port);
    return {};
  }

  Result<void> take_port(std::string_view port) {
    const char* const end_of_port = port.data() + port.size();
    const auto [end, error] = std::from_chars(port.data(), end_of_port, url_.port);
    if (port.empty() || error != std::errc() || end != end_of_port || url_.port == 0)
      return bad("bad port" + shown(port));
    return {};
  }

  const std::string_view text_;
  const bool has_secret_;
  Url url_;
};

}  // namespace

void Headers::add(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
}

void Headers::set(std::string name, std::string value) {
  const auto found = std::find_if(fields_.begin(), fields_.end(),
                                  [&](const auto& field) { return same_name(field.first, name); });
  if (found == fields_.end()) return add(std::move(name), std::move(value));
  found->second = std::move(value);
  fields_.erase(std::remove_if(found + 1, fields_.end(),
                               [&](const auto& field) { return same_name(field.first, name); }),
                fields_.end());
}

void Headers::remove(std::string_view name) {
  fields_.erase(std::remove_if(fields_.begin(), fields_.end(),
                               [&](const auto& field) { return same_name(field.first, name); }),
                fields_.end());
}

void Headers::extend_last(std::string_view more) {
  assert(!fields_.empty());
  fields_.back().second += more;
}

void Headers::replace(const Headers& other) {
  for (const auto& [name, value] : other.fields()) remove(name);
  fields_.insert(fields_.end(), other.fields_.begin(), other.fields_.end());
}

std::string_view Headers::get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (same_name(key, name)) return value;
  }
  return {};
}

bool Headers::contains(std::string_view name) const {
  return std::any_of(fields_.begin(), fields_.end(),
                     [&](const auto& field) { return same_name(field.first, name); });
}

Result<Url> Url::parse(std::string_view text) { return UrlParser(text).parse(); }

std::string Url::authority() const {
  if (scheme == Scheme::unix_socket) return host;
  const bool ipv6 = host.find(':') != std::string::npos;
  std::string name = ipv6 ? "[" + host + "]" : host;
  if (const size_t zone = name.find('%'); ipv6 && zone != std::string::npos)
    name.insert(zone + 1, "25");
  return name + ":" + std::to_string(port);
}

std::string Url::shown() const { return shown_url(to_string()); }

std::string Url::to_string() const {
  switch (scheme) {
    case Scheme::unix_socket:
      return "unix://" + host + ":" + target;
    case Scheme::https:
      return "https://" + authority() + target;
    case Scheme::http:
      break;
  }
  return "http://" + authority() + target;
}

}  // namespace mread::net
