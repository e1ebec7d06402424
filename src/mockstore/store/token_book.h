#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/yaml.h"
#include "mockstore/store/journal.h"
#include "net/http.h"
#include "net/listen_address.h"

namespace mread::mockstore {

/// A mock OAuth 2.0 token endpoint, as configured.
struct TokenServerConfig {
  std::string name;
  net::ListenAddress listen;  ///< default 127.0.0.1:0
  std::string path = "/token";
  std::string client_id;
  std::string client_secret;
  std::chrono::seconds expires_in{3600};
};

/// What a token endpoint answers.
struct TokenReply {
  net::ResponseHead head;
  std::string body;
};

/// The tokens of one token endpoint, without its socket: which clients get one, and which tokens
/// are valid. Thread-safe.
class TokenBook {
 public:
  explicit TokenBook(TokenServerConfig config) : config_(std::move(config)) {}

  const TokenServerConfig& config() const { return config_; }
  /// Whether a store accepts this token now.
  bool is_valid(std::string_view token, const Moment& now) const;
  /// Answers a request of any path:
  ///   POST to the token path   a token, by the client credentials grant; the client is told in the
  ///   header or the body GET /-/healthy, /-/ready GET /-/journal           {"requests": 3,
  ///   "issued": 2, "refused": 1} DELETE /-/tokens         no token that was issued is good any
  ///   more
  TokenReply answer(const net::RequestHead& request, std::string_view body, const Moment& now);

 private:
  TokenReply issue(const net::RequestHead& request, std::string_view body, const Moment& now);

  const TokenServerConfig config_;
  mutable std::mutex mutex_;
  // By token: when it ends, since the start.
  std::map<std::string, std::chrono::nanoseconds, std::less<>> ends_;
  uint64_t issued_ = 0;
  uint64_t refused_ = 0;
};

using TokenBooks = std::map<std::string, std::shared_ptr<TokenBook>>;

/// Reads `token_servers: {NAME: {listen, path, client_id, client_secret, expires_in}}` where it is
/// there. Throws ConfigError.
TokenBooks read_token_servers(yaml::Mapping& mapping);

}  // namespace mread::mockstore
