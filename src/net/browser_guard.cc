#include "net/browser_guard.h"

#include <algorithm>
#include <utility>

#include <boost/asio/ip/address.hpp>

#include "base/printable.h"

namespace mread::net {
namespace {

constexpr size_t shown_bytes = 200;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string_view without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

// What stands in Host and in Origin; in lower case. The port stays empty where none is given.
struct Authority {
  std::string host;  // An IPv6 address without its brackets.
  std::string port;
};

Authority authority_of(std::string_view text) {
  Authority authority;
  size_t colon = text.find(':');
  if (text.starts_with('[')) {
    const size_t end = std::min(text.find(']'), text.size());
    authority.host = lower(text.substr(1, end - 1));
    colon = text.find(':', end);
  } else {
    authority.host = lower(without_dot(text.substr(0, colon)));
  }
  if (colon != std::string_view::npos) authority.port = text.substr(colon + 1);
  return authority;
}

bool is_address(const std::string& host) {
  boost::system::error_code code;
  static_cast<void>(boost::asio::ip::make_address(host, code));
  return !code;
}

Refusal forbidden(std::string line) {
  Refusal refusal;
  refusal.head.status = 403;
  refusal.head.headers.add("Content-Type", "text/plain; charset=utf-8");
  refusal.head.headers.add("X-Content-Type-Options", "nosniff");
  refusal.body = std::move(line) + "\n";
  return refusal;
}

// Whether a page of `origin` is one of the server that the request calls `host`.
bool is_own(std::string_view origin, std::string_view host) {
  const size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;  // "null" above all.
  const std::string scheme = lower(origin.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return false;
  const std::string usual_port = scheme == "https" ? "443" : "80";
  Authority of_page = authority_of(origin.substr(scheme_end + 3));
  Authority of_server = authority_of(host);
  if (of_page.port.empty()) of_page.port = usual_port;
  if (of_server.port.empty()) of_server.port = usual_port;
  return !of_page.host.empty() && of_page.host == of_server.host && of_page.port == of_server.port;
}

// Each field of that name has its say.
template <class IsGood>
std::optional<std::string> first_bad(const Headers& headers, std::string_view name,
                                     const IsGood& is_good) {
  for (const auto& [field, value] : headers.fields()) {
    if (lower(field) == name && !is_good(value)) return value;
  }
  return std::nullopt;
}

bool is_of_browser(const RequestHead& head) {
  return std::ranges::any_of(head.headers.fields(), [](const auto& field) {
    const std::string name = lower(field.first);
    return name == "origin" || name == "accept-language" || name == "referer" ||
           name == "upgrade-insecure-requests" || name.starts_with("sec-fetch-");
  });
}

}  // namespace

BrowserGuard::BrowserGuard(std::vector<std::string> names, std::string setting)
    : names_(std::move(names)), setting_(std::move(setting)) {
  for (std::string& name : names_) name = lower(without_dot(name));
  std::erase(names_, "");  // An empty Host is none of them.
}

std::optional<Refusal> BrowserGuard::other_origin(const RequestHead& head) const {
  const std::string_view host = head.headers.get("Host");
  const auto origin = first_bad(head.headers, "origin",
                                [host](const std::string& value) { return is_own(value, host); });
  if (origin) {
    return forbidden("a web page of another origin (" + printable(*origin, shown_bytes) +
                     ") may not send this request: send it from a program, without Origin");
  }
  const auto site = first_bad(head.headers, "sec-fetch-site", [](const std::string& value) {
    return value == "none" || value == "same-origin";
  });
  if (!site) return std::nullopt;
  return forbidden("a web page of another origin may not send this request (Sec-Fetch-Site: " +
                   printable(*site, shown_bytes) +
                   "): send it from a program, without this header");
}

std::optional<Refusal> BrowserGuard::other_host(const RequestHead& head) const {
  const auto host = first_bad(head.headers, "host", [this](const std::string& value) {
    const std::string name = authority_of(value).host;
    return name == "localhost" || is_address(name) ||
           std::ranges::find(names_, name) != names_.end();
  });
  if (!host) return std::nullopt;
  return forbidden("the host \"" + printable(*host, shown_bytes) +
                   "\" is not known here: use an IP address or localhost, or add its name to " +
                   setting_);
}

std::optional<Refusal> BrowserGuard::browser_at_other_host(const RequestHead& head) const {
  return is_of_browser(head) ? other_host(head) : std::nullopt;
}

std::optional<Refusal> BrowserGuard::refusal(const RequestHead& head) const {
  if (auto host = other_host(head)) return host;
  return other_origin(head);
}

}  // namespace mread::net
