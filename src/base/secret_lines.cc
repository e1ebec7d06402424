#include "base/secret_lines.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/ascii.h"
#include "base/nearest.h"

namespace mread {
namespace {

// A value that is a secret; a block all of whose values may be some.
constexpr std::array secret_keys = {
    "password",     "credentials",   "bearer_token",     "client_secret",
    "headers",      "authorization", "endpoint_params",  "proxy_connect_header",
    "access_token", "tokens",        "basic_auth_users", "required_headers",
    "bearer",       "key",           "basic_auth",       "oauth2",
    "http_headers", "secrets",       "claims",           "client_certificate_key"};
// Blocks with keys of their own, which say what is secret; a single word in their place may be one.
constexpr std::array keyed_blocks = {"authorization", "basic_auth", "oauth2"};
constexpr std::array secret_blocks = {
    "headers",          "endpoint_params", "proxy_connect_header", "basic_auth_users",
    "required_headers", "tokens",          "http_headers",         "claims"};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

using ascii::lower;

template <size_t size>
bool contains(const std::array<const char*, size>& words, std::string_view word) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view known) {
    return std::equal(known.begin(), known.end(), word.begin(), word.end(),
                      [](char a, char b) { return a == lower(b); });
  });
}

// A key that is misspelt has a secret behind it all the same.
bool names_secret(std::string_view word) {
  constexpr size_t long_enough = 5;
  if (contains(secret_keys, word)) return true;
  if (word.size() < long_enough) return false;
  std::string small(word);
  std::transform(small.begin(), small.end(), small.begin(), lower);
  return !nearest(small, {secret_keys.begin(), secret_keys.end()}).empty();
}

// Where the value begins behind a key that ends at `at`: behind its quote and its colon. None where
// no colon follows.
std::optional<size_t> value_behind(std::string_view line, size_t at) {
  if (at < line.size() && (line[at] == '"' || line[at] == '\'')) ++at;
  while (at < line.size() && line[at] == ' ') ++at;
  if (at >= line.size() || line[at] != ':') return std::nullopt;
  ++at;
  while (at < line.size() && line[at] == ' ') ++at;
  return at;
}

// The first value on the line whose key names a secret.
size_t first_secret_value(std::string_view line) {
  for (size_t begin = 0; begin < line.size();) {
    if (!is_word(line[begin])) {
      ++begin;
      continue;
    }
    size_t end = begin;
    while (end < line.size() && is_word(line[end])) ++end;
    if (names_secret(line.substr(begin, end - begin))) {
      // `authorization: {type: Bearer, …` begins a block: what is secret in it has a key of its
      // own.
      const auto value = value_behind(line, end);
      const bool block = value && *value < line.size() && line[*value] == '{' &&
                         contains(keyed_blocks, line.substr(begin, end - begin));
      if (value && !block) return *value;
    }
    begin = end;
  }
  return std::string_view::npos;
}

// Where the comment of a line begins; the line's end for none.
size_t comment_begin(std::string_view line) {
  const size_t at = line.find(" #");
  return at == std::string_view::npos ? line.size() : at;
}

// A password may have any sign in it, a slash, quotes, commas and blanks too: what has an @ or a
// colon before its first slash, and an @ anywhere behind it, is hidden.
size_t first_userinfo(std::string_view line) {
  line = line.substr(0, comment_begin(line));
  for (size_t at = line.find("://"); at != std::string_view::npos; at = line.find("://", at + 1)) {
    const std::string_view rest = line.substr(at + 3);
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    const bool has_at = rest.find('@') != std::string_view::npos;
    if (has_at && authority.find_first_of("@:") != std::string_view::npos) return at + 3;
  }
  return std::string_view::npos;
}

// The value of a key that is a URL, if it has an @, or goes on in the next line: without a scheme,
// or spelt with escapes, its user and password are not told from the rest.
size_t first_unclear_url(std::string_view line) {
  constexpr std::string_view suffix = "url";
  for (size_t at = line.find(suffix); at != std::string_view::npos;
       at = line.find(suffix, at + 1)) {
    const auto begin = value_behind(line, at + suffix.size());
    if (!begin || *begin >= line.size()) continue;
    const std::string_view value = line.substr(*begin, comment_begin(line) - *begin);
    const bool is_quoted = value.starts_with('"') || value.starts_with('\'');
    const bool is_open = is_quoted && value.find(value.front(), 1) == std::string_view::npos;
    const size_t scheme = value.find("://");
    if (is_open) return *begin;
    if (value.find('@') != std::string_view::npos && scheme == std::string_view::npos)
      return *begin;
  }
  return std::string_view::npos;
}

// What stands behind the ? of a URL, or of the value of a key that is one.
size_t first_query(std::string_view line) {
  size_t begin = line.find("://");
  for (const std::string_view key : {"url:", "url\":", "url':"})
    begin = std::min(begin, line.find(key));
  if (begin == std::string_view::npos) return begin;
  const size_t query = line.find('?', begin);
  return query == std::string_view::npos ? query : query + 1;
}

// Of a line within a block: how far it stands in. A list's dash counts as room.
size_t indentation(std::string_view line) {
  return std::min(line.find_first_not_of(" \t-"), line.size());
}

// Takes the last line off a text that ends in a newline.
std::string_view take_last_line(std::string_view& text) {
  text.remove_suffix(1);
  const size_t before = text.rfind('\n');
  const size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::string_view line = text.substr(begin);
  text = text.substr(0, begin);
  return line;
}

// Whether the line is a continued secret value, or an entry of a block of secrets: by the lines
// above that stand further out.
enum class Inside { nothing, value, block };
Inside place_of(std::string_view above, std::string_view line) {
  size_t in = indentation(line);
  while (!above.empty() && in > 0) {
    const std::string_view outer = take_last_line(above);
    const size_t mine = indentation(outer);
    if (mine >= in || outer.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    in = mine;
    std::string_view rest = outer.substr(mine);
    if (!rest.empty() && (rest.front() == '"' || rest.front() == '\'')) rest.remove_prefix(1);
    const size_t end = std::min(
        static_cast<size_t>(std::find_if_not(rest.begin(), rest.end(), is_word) - rest.begin()),
        rest.size());
    const std::string_view key = rest.substr(0, end);
    if (!value_behind(rest, end)) continue;
    if (contains(secret_blocks, key)) return Inside::block;
    if (names_secret(key) && !contains(keyed_blocks, key)) return Inside::value;
  }
  return Inside::nothing;
}

}  // namespace

ShownLine show_line(std::string_view document, int number) {
  size_t begin = 0;
  for (int i = 0; i < number; ++i) {
    const size_t end = document.find('\n', begin);
    if (end == std::string_view::npos) return {};
    begin = end + 1;
  }
  const std::string_view above = document.substr(0, begin);
  const std::string_view line = document.substr(begin, document.find('\n', begin) - begin);
  size_t cut = std::min(
      {first_secret_value(line), first_userinfo(line), first_unclear_url(line), first_query(line)});
  switch (place_of(above, line)) {
    case Inside::value:
      cut = indentation(line);
      break;
    case Inside::block: {
      const size_t colon = line.find(": ");
      cut = std::min(cut, colon == std::string_view::npos ? indentation(line) : colon + 2);
      break;
    }
    case Inside::nothing:
      break;
  }
  if (cut >= line.size()) return {std::string(line), std::string::npos};
  return {std::string(line.substr(0, cut)) + "<hidden>", cut};
}

}  // namespace mread
