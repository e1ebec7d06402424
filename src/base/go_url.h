#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mread {

/// A URL as Go's net/url reads it and net/http sends it, which is what Prometheus does with the
/// URLs of its configuration: characters that a URL must not hold are escaped in the path and stay
/// in the query.
///
/// Source: net/url (Parse, EscapedPath) and net/http (Request.Write) of Go 1.20 to 1.24.
struct GoUrl {
  std::string scheme;  ///< in small letters; empty: none
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::string host;    ///< without brackets, escapes undone; empty: none
  std::string port;    ///< as written, digits; empty: the scheme's
  std::string target;  ///< path and query as they are sent; empty: neither

  /// Whether a request can be sent to it: scheme http or https, a host, a port up to 65535.
  bool is_web() const;
  /// The URL without user, password and fragment, in the form that net::Url::parse() takes where
  /// is_web() holds.
  std::string plain() const;
  /// HOST:PORT, the scheme's port filled in, brackets around an IPv6 address.
  std::string authority() const;
};

/// Errors (Errc::config): what Go's url.Parse refuses. The message has no part of the URL in it.
Result<GoUrl> parse_go_url(std::string_view text);

/// "%41" undone wherever it is well formed.
std::string percent_decoded(std::string_view text);

}  // namespace mread
