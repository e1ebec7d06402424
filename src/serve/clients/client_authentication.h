#pragma once

#include <optional>

#include <boost/asio/awaitable.hpp>

#include "net/server.h"
#include "serve/clients/password_check.h"
#include "serve/observe/metrics.h"

namespace mread::serve {

/// Lets in who knows a password of `web.basic_auth_users`, on every path, as Prometheus does. Safe
/// to use from several threads.
class ClientAuthentication {
 public:
  explicit ClientAuthentication(Metrics& metrics, PasswordCheck::Limits limits = {});

  /// Nothing where the request may go on: its user and password are right, or there are no users.
  /// Else its answer: 401, or 503 where too many passwords wait to be checked. Both outlive the
  /// coroutine.
  asio::awaitable<std::optional<net::Refusal>> refusal(const PasswordCheck::Users& users,
                                                       const net::RequestHead& head);

 private:
  Metrics& metrics_;
  PasswordCheck check_;
};

}  // namespace mread::serve
