#include "serve/clients/client_authentication.h"

#include <string>
#include <utility>

#include "net/credentials.h"
#include "serve/clients/bcrypt.h"

namespace mread::serve {
namespace {

net::ResponseHead plain(int status) {
  net::ResponseHead head;
  head.status = status;
  head.headers.add("Content-Type", "text/plain; charset=utf-8");
  head.headers.add("X-Content-Type-Options", "nosniff");
  return head;
}

}  // namespace

ClientAuthentication::ClientAuthentication(Metrics& metrics, PasswordCheck::Limits limits)
    : metrics_(metrics), check_(limits, bcrypt_matches) {}

asio::awaitable<std::optional<net::Refusal>> ClientAuthentication::refusal(
    const PasswordCheck::Users& users, const net::RequestHead& head) {
  if (users.empty()) co_return std::nullopt;
  const char* why = "missing";
  auto claimed = net::parse_basic_authorization(head.headers.get("Authorization"));
  if (claimed) {
    const auto verdict = co_await check_.check(users, std::move(*claimed));
    if (verdict == PasswordCheck::Verdict::right) co_return std::nullopt;
    why = verdict == PasswordCheck::Verdict::wrong ? "wrong" : "busy";
    if (verdict == PasswordCheck::Verdict::busy) {
      metrics_.count_unauthorized(why);
      auto busy = plain(503);
      busy.headers.add("Retry-After", "1");
      co_return net::Refusal{std::move(busy), "too many passwords wait to be checked\n"};
    }
  }
  metrics_.count_unauthorized(why);
  auto unauthorized = plain(401);
  unauthorized.headers.add("WWW-Authenticate", "Basic realm=\"mread\", charset=\"UTF-8\"");
  co_return net::Refusal{std::move(unauthorized), "Unauthorized\n"};
}

}  // namespace mread::serve
