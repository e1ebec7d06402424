#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "config/credentials.h"
#include "merger/fan_out/fan_out.h"
#include "net/client.h"

namespace mread::serve {

/// How a client says to a token endpoint who it is (RFC 6749, 2.3.1). Servers know one of the two,
/// or both.
enum class ClientStyle { header, body };

/// The client credentials request (RFC 6749, 4.4.2). Redirects are not followed: they would carry
/// the secret on. Throws yaml::ConfigError where the URL cannot be used.
net::ClientRequest token_request(const config::OAuth2& settings, const std::string& secret,
                                 ClientStyle style);

struct AccessToken {
  std::string authorization;                     ///< "Bearer xyz": the header's value
  std::optional<std::chrono::seconds> lifetime;  ///< none: for good
};

/// What a token endpoint has answered. Errors say the status and the endpoint's own word for it
/// ("401 invalid_client"), and nothing else of the body: Errc::environment for a status below 500,
/// Errc::unavailable above, Errc::malformed for what is no token.
Result<AccessToken> read_token(int status, std::string_view body);

/// One token: from when to when it is used. Without I/O, and with the driver's time. Not
/// thread-safe.
///
/// A token is used until shortly before it expires (a quarter of its lifetime, at most 10 s). One
/// that a backend refuses is dropped, unless it has itself been fetched, less than 30 s ago,
/// because the one before was refused: a backend that takes no token at all must not make every
/// read cost a request for one.
class TokenCache {
 public:
  /// What to send now; none: one has to be fetched.
  std::optional<std::string> usable(TimePoint now) const;
  /// `asked_at`: when it was asked for, from which its lifetime counts.
  void fetched(AccessToken token, TimePoint asked_at);
  /// A request with this was answered 401. True where it is worth another: with usable(), or what
  /// is fetched then.
  bool refused(const std::string& authorization, TimePoint now);

 private:
  std::optional<AccessToken> token_;
  TimePoint asked_at_{};
  bool after_refusal_ = false;  // Of the token that is there.
  bool refusal_since_ = false;  // One was dropped, and none has come since.
};

}  // namespace mread::serve
