#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mread::net {

/// Header fields in order; names compare case-insensitively.
class Headers {
 public:
  void add(std::string name, std::string value);
  void set(std::string name, std::string value);
  void remove(std::string_view name);
  /// Appends to the value of the last field, of which there is one.
  void extend_last(std::string_view more);
  /// Puts all of `other` in place of what is there of the same names.
  void replace(const Headers& other);
  /// The first value of `name`, or empty.
  std::string_view get(std::string_view name) const;
  bool contains(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

/// http://host:port/path?query, https://…, or unix:///path/to/socket:/path?query (for an engine's
/// socket).
struct Url {
  enum class Scheme { http, https, unix_socket };
  Scheme scheme = Scheme::http;
  std::string host;    ///< without brackets, a zone behind %; for unix_socket the socket's path
  uint16_t port = 0;   ///< the scheme's default filled in
  std::string target;  ///< path and query, at least "/"

  /// Errors (Errc::config): no scheme, unknown scheme, no host, bad port, userinfo (with a hint to
  /// basic_auth). The messages show the URL as shown_url() does.
  static Result<Url> parse(std::string_view text);
  std::string authority() const;  ///< "host:port", brackets where needed
  /// The whole URL. What stands behind the ? may be a secret: messages have shown().
  std::string to_string() const;
  std::string shown() const;  ///< for people: without the query (base/shown_url.h)
};

struct RequestHead {
  std::string method = "GET";
  std::string target = "/";
  Headers headers;
};

struct ResponseHead {
  int status = 200;
  std::string reason;
  Headers headers;
};

}  // namespace mread::net
