#pragma once

#include <optional>
#include <string>
#include <vector>

#include "net/http.h"
#include "net/server.h"

namespace mread::net {

/// Tells requests that a web page makes a visitor's browser send from those of programs. A page
/// elsewhere can address this machine or its network in two ways, and each leaves a mark:
///   - it sends a request across origins: Origin and Sec-Fetch-Site say so;
///   - its own name leads to this server by a change in the DNS (rebinding), so that the request is
///     of one origin: Host has a name that is not this server's. A page cannot make an IP address
///     or "localhost" its own.
/// Programs (curl, Prometheus) send neither mark by themselves. Immutable.
class BrowserGuard {
 public:
  /// `names`: host names that this server is reached by, in addition to IP addresses and localhost.
  /// They are compared without case, port and a dot at the end; "" and IP addresses among them do
  /// no harm. `setting`, for messages: where more names belong ("web.hostnames").
  BrowserGuard(std::vector<std::string> names, std::string setting);

  /// A 403 with one line where Origin is not this server (another host or port than Host's, or
  /// "null"), or Sec-Fetch-Site is anything but "none" and "same-origin".
  std::optional<Refusal> other_origin(const RequestHead& head) const;
  /// A 403 with one line where Host is neither an IP address nor localhost nor one of the names. A
  /// request without Host (HTTP/1.0) is no browser's.
  std::optional<Refusal> other_host(const RequestHead& head) const;
  /// The same where a browser sent the request. Its marks: Origin, Sec-Fetch-…, Accept-Language,
  /// Upgrade-Insecure-Requests, Referer. A page can leave out the last one only, and over plain
  /// HTTP a browser sends no Sec-Fetch-… to a name other than localhost.
  std::optional<Refusal> browser_at_other_host(const RequestHead& head) const;
  /// other_host(), or other_origin().
  std::optional<Refusal> refusal(const RequestHead& head) const;

 private:
  std::vector<std::string> names_;
  std::string setting_;
};

}  // namespace mread::net
