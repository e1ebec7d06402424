#include "net/http.h"

#include <algorithm>
#include <cassert>
#include <charconv>

#include "base/printable.h"
#include "base/shown_url.h"

namespace mread::net {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

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

Result<Url> Url::parse(std::string_view text) {
  const std::string whole = quote(shown_url(text));
  // What stands before an @ may be a part of a password.
  const bool has_secret = text.find('@') != std::string_view::npos;
  const bool printable =
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c != 0x7f; });
  if (!printable)
    return fail(Errc::config, "URL " + whole + ": a space or control character (write it as %XX)");
  std::string_view rest = text;
  Url url;
  if (strip_scheme(rest, "unix://")) {
    url.scheme = Scheme::unix_socket;
    const size_t colon = rest.find(':');
    url.host = rest.substr(0, colon);
    url.target = colon == std::string_view::npos ? "/" : rest.substr(colon + 1);
    if (url.host.empty()) return fail(Errc::config, "URL " + whole + ": no socket path");
    if (url.target.empty()) url.target = "/";
    if (url.target[0] != '/')
      return fail(Errc::config, "URL " + whole + ": the path after ':' must begin with '/'");
    return url;
  }
  if (strip_scheme(rest, "http://")) {
    url.port = 80;
  } else if (strip_scheme(rest, "https://")) {
    url.scheme = Scheme::https;
    url.port = 443;
  } else if (const size_t colon = rest.find("://"); colon != std::string_view::npos) {
    return fail(Errc::config, "URL " + whole + ": unknown scheme" +
                                  (has_secret ? "" : " " + quote(rest.substr(0, colon))) +
                                  " (http, https or unix)");
  } else {
    return fail(Errc::config,
                "URL " + whole + ": no scheme (write http://" + shown_url(text) + ")");
  }
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  rest.remove_prefix(authority.size());
  rest = rest.substr(0, rest.find('#'));
  url.target = rest.empty() || rest[0] != '/' ? "/" + std::string(rest) : std::string(rest);
  if (authority.find('@') != std::string_view::npos) {
    // The whole URL stays out of the message: it holds a password.
    return fail(Errc::config, "URL: user and password do not belong into a URL (use basic_auth)");
  }
  std::string_view port;
  bool has_port = false;
  if (!authority.empty() && authority[0] == '[') {
    const size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos)
      return fail(Errc::config, "URL " + whole + ": no ']' after the address");
    url.host = authority.substr(1, bracket - 1);
    if (const size_t zone = url.host.find("%25"); zone != std::string::npos)
      url.host.erase(zone + 1, 2);
    const std::string_view after = authority.substr(bracket + 1);
    if (!after.empty() && after[0] != ':')
      return fail(Errc::config, "URL " + whole + ": ':' expected after ']'");
    has_port = !after.empty();
    if (has_port) port = after.substr(1);
  } else {
    const size_t colon = authority.find(':');
    if (colon != authority.rfind(':')) {
      return fail(Errc::config, "URL " + whole + ": an IPv6 address needs brackets: [::1]:9090");
    }
    url.host = authority.substr(0, colon);
    has_port = colon != std::string_view::npos;
    if (has_port) port = authority.substr(colon + 1);
  }
  if (url.host.empty()) return fail(Errc::config, "URL " + whole + ": no host");
  if (has_port) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (port.empty() || error != std::errc() || end != port.data() + port.size() || url.port == 0) {
      return fail(Errc::config,
                  "URL " + whole + ": bad port" + (has_secret ? "" : " " + quote(port)));
    }
  }
  return url;
}

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
