#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/yaml.h"
#include "mockstore/store/token_book.h"
#include "net/http.h"

namespace mread::mockstore {

/// What a store wants of its readers; by default nothing.
struct StoreAuth {
  struct Basic {
    std::string username;
    std::string password;
  };
  struct Fixed {
    std::string type;
    std::string credentials;
  };
  std::variant<std::monostate, Basic, Fixed, std::shared_ptr<TokenBook>> credentials;
  std::vector<std::pair<std::string, std::string>> required_headers;

  /// Why a request with these headers is refused, or nothing: "no credentials", "wrong
  /// credentials", "header X-Tenant".
  std::optional<std::string> refusal(const net::Headers& headers, const Moment& now) const;
  /// The Authorization header of a request is for this store.
  bool wants_authorization() const { return !std::holds_alternative<std::monostate>(credentials); }
  /// The WWW-Authenticate of a refusal.
  std::string challenge() const;
};

/// Reads `auth:` and `required_headers:` of a store:
///   auth: {basic: {username: u, password: p}}     auth: {bearer: TOKEN}     auth: {type: T,
///   credentials: C} auth: {oauth2: NAME}                          a token of that token server,
///   one of `books` required_headers: {X-Scope-OrgID: tenant}
/// Throws ConfigError.
StoreAuth read_store_auth(yaml::Mapping& mapping, const TokenBooks& books);

}  // namespace mread::mockstore
