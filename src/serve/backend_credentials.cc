#include "serve/backend_credentials.h"

#include <algorithm>
#include <utility>

#include "base/secret_file.h"
#include "net/credentials.h"
#include "serve/flight.h"

namespace mread::serve {
namespace {

// `key` is what the configuration calls it: "basic_auth password".
Result<std::string> value_of(const merger::Secret& secret, const std::string& key) {
  if (secret.file.empty()) return secret.text;
  auto read = read_secret_file(secret.file);
  if (!read) return fail(Errc::environment, key + "_file: " + read.error().to_string());
  return read;
}

// Secrets that are known at once, or stand in a file.
class Known final : public net::Authorizer {
 public:
  explicit Known(std::variant<merger::BasicAuth, merger::Authorization> settings) : settings_(std::move(settings)) {}

  net::asio::awaitable<Result<std::string>> authorization() override { co_return value(); }
  bool refused(const std::string&) override { return false; }

 private:
  Result<std::string> value() const {
    if (const auto* basic = std::get_if<merger::BasicAuth>(&settings_)) {
      const auto username = value_of(basic->username, "basic_auth username");
      if (!username) return fail(username.error());
      const auto password = value_of(basic->password, "basic_auth password");
      if (!password) return fail(password.error());
      return net::basic_authorization(*username, *password);
    }
    const auto& authorization = std::get<merger::Authorization>(settings_);
    const auto credentials = value_of(authorization.credentials, "authorization credentials");
    if (!credentials) return fail(credentials.error());
    const bool one_line = std::none_of(credentials->begin(), credentials->end(),
                                       [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
    if (!one_line) {
      return fail(Errc::environment,
                  "authorization credentials_file: " + authorization.credentials.file + ": want one line");
    }
    return credentials->empty() ? authorization.type : authorization.type + " " + *credentials;
  }

  const std::variant<merger::BasicAuth, merger::Authorization> settings_;
};

}  // namespace

std::shared_ptr<net::Authorizer> backend_authorizer(const merger::Backend& backend, TokenSources& tokens) {
  if (const auto* basic = std::get_if<merger::BasicAuth>(&backend.credentials)) return std::make_shared<Known>(*basic);
  if (const auto* authorization = std::get_if<merger::Authorization>(&backend.credentials)) {
    return std::make_shared<Known>(*authorization);
  }
  if (const auto* oauth2 = std::get_if<merger::OAuth2>(&backend.credentials)) {
    return tokens.source(*oauth2, backend.timeout);
  }
  return nullptr;
}

std::vector<net::ClientRequest> authorized_requests(const merger::Config& config, TokenSources& tokens) {
  auto requests = backend_requests(config);
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].authorizer = backend_authorizer(config.backends[i], tokens);
  }
  return requests;
}

}  // namespace mread::serve
