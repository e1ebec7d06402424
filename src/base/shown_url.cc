#include "base/shown_url.h"

#include <algorithm>

#include "base/go_url.h"

namespace mread {
namespace {

constexpr std::string_view hidden = "<hidden>";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// HOST or HOST:PORT or [ADDRESS]:PORT. A password that has a slash in it makes something else of
// what stands before.
bool is_host_and_port(std::string_view text) {
  const size_t bracket = text.rfind(']');
  const std::string_view rest = bracket == std::string_view::npos ? text : text.substr(bracket + 1);
  const size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return true;
  return std::all_of(rest.begin() + static_cast<std::ptrdiff_t>(colon) + 1, rest.end(), is_digit);
}

// Where the user and the password end, behind their @; 0 where there are none.
size_t end_of_userinfo(std::string_view text) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos) return 0;
  const size_t query = text.find_first_of("?#");
  const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
  const bool is_in_query = query != std::string_view::npos && query < at &&
                           is_host_and_port(authority) &&
                           text.substr(0, query).find('@') == std::string_view::npos;
  return is_in_query ? 0 : at + 1;
}

}  // namespace

std::string shown_url(std::string_view text) {
  std::string out;
  if (const size_t scheme = text.find("://");
      scheme != std::string_view::npos && scheme < text.find_first_of("/?#@")) {
    out = text.substr(0, scheme + 3);
    text.remove_prefix(scheme + 3);
  }
  if (const size_t end = end_of_userinfo(text); end > 0) {
    out += hidden;
    out += '@';
    text.remove_prefix(end);
  }
  const size_t query = text.find_first_of("?#");
  out += text.substr(0, query);
  if (query != std::string_view::npos) {
    out += text[query];
    out += hidden;
  }
  return out;
}

void hide(std::string& text, std::string_view secret) {
  constexpr size_t shortest = 4;
  if (secret.size() < shortest) return;
  for (size_t at = text.find(secret); at != std::string::npos;
       at = text.find(secret, at + hidden.size())) {
    text.replace(at, secret.size(), hidden);
  }
}

std::string hide_query(std::string text, std::string_view url) {
  const size_t query = url.find('?');
  if (query == std::string_view::npos) return text;
  std::string_view rest = url.substr(query + 1);
  hide(text, rest);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    const size_t equals = pair.find('=');
    const std::string_view value =
        equals == std::string_view::npos ? pair : pair.substr(equals + 1);
    hide(text, value);
    hide(text, percent_decoded(value));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
  }
  return text;
}

}  // namespace mread
