#include "serve/backends/backend_credentials.h"

#include <algorithm>
#include <utility>

#include "base/secret_file.h"
#include "net/credentials.h"
#include "serve/backends/backend_requests.h"

namespace mread::serve {
namespace {

// `key` is what the configuration calls it: "basic_auth password".
Result<std::string> value_of(const config::Secret& secret, const std::string& key) {
  if (secret.file.empty()) return secret.text;
  auto read = read_secret_file(secret.file);
  if (!read) return fail(Errc::environment, key + "_file: " + read.error().to_string());
  return read;
}

bool one_line(const std::string& text) {
  return std::none_of(text.begin(), text.end(),
                      [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

// Secrets that are known at once, or stand in a file.
class Known final : public net::Authorizer {
 public:
  explicit Known(std::variant<config::BasicAuth, config::Authorization> settings)
      : settings_(std::move(settings)) {}

  net::asio::awaitable<Result<std::string>> authorization() override { co_return value(); }
  bool refused(const std::string&) override { return false; }

 private:
  Result<std::string> value() const {
    if (const auto* basic = std::get_if<config::BasicAuth>(&settings_)) {
      const auto username = value_of(basic->username, "basic_auth username");
      if (!username) return fail(username.error());
      const auto password = value_of(basic->password, "basic_auth password");
      if (!password) return fail(password.error());
      return net::basic_authorization(*username, *password);
    }
    const auto& authorization = std::get<config::Authorization>(settings_);
    const auto credentials = value_of(authorization.credentials, "authorization credentials");
    if (!credentials) return fail(credentials.error());
    if (!one_line(*credentials)) {
      return fail(Errc::environment, "authorization credentials_file: " +
                                         authorization.credentials.file + ": want one line");
    }
    return credentials->empty() ? authorization.type : authorization.type + " " + *credentials;
  }

  const std::variant<config::BasicAuth, config::Authorization> settings_;
};

// Of a backend that no read can succeed with: fails every request before it is sent.
class Unusable final : public net::Authorizer {
 public:
  explicit Unusable(std::string why) : why_(std::move(why)) {}
  net::asio::awaitable<Result<std::string>> authorization() override {
    co_return fail(Errc::config, why_);
  }
  bool refused(const std::string&) override { return false; }

 private:
  const std::string why_;
};

// `http_headers:`, some of which may stand in files.
class WithHeaders final : public net::Authorizer {
 public:
  WithHeaders(std::shared_ptr<net::Authorizer> credentials, const config::Endpoint& endpoint)
      : credentials_(std::move(credentials)), http_headers_(endpoint.http_headers) {
    for (const auto& [name, value] : endpoint.headers) all_headers_.add(name, value);
  }

  net::asio::awaitable<Result<std::string>> authorization() override {
    if (!credentials_) co_return std::string();
    auto value = co_await credentials_->authorization();
    co_return value;
  }

  Result<net::Headers> headers() override {
    net::Headers out;
    for (const config::HttpHeader& header : http_headers_) {
      // `headers:` is sent first.
      if (all_headers_.contains(header.name) && !out.contains(header.name)) {
        out.add(header.name, std::string(all_headers_.get(header.name)));
      }
      for (const std::string& value : header.values) out.add(header.name, value);
      for (const std::string& file : header.files) {
        auto value = read_secret_file(file);
        const std::string place = "http_headers " + header.name + ": ";
        if (!value) return fail(Errc::environment, place + value.error().to_string());
        if (!one_line(*value)) return fail(Errc::environment, place + file + ": want one line");
        out.add(header.name, std::move(*value));
      }
    }
    return out;
  }

  bool refused(const std::string& value) override {
    return credentials_ && credentials_->refused(value);
  }

 private:
  const std::shared_ptr<net::Authorizer> credentials_;
  const std::vector<config::HttpHeader> http_headers_;
  net::Headers all_headers_;
};

std::shared_ptr<net::Authorizer> credentials_of(const config::Endpoint& endpoint,
                                                std::chrono::milliseconds timeout,
                                                TokenSources& tokens) {
  if (const auto* basic = std::get_if<config::BasicAuth>(&endpoint.credentials))
    return std::make_shared<Known>(*basic);
  if (const auto* authorization = std::get_if<config::Authorization>(&endpoint.credentials)) {
    return std::make_shared<Known>(*authorization);
  }
  if (const auto* oauth2 = std::get_if<config::OAuth2>(&endpoint.credentials)) {
    return tokens.source(*oauth2, timeout);
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<net::Authorizer> backend_authorizer(const config::Endpoint& endpoint,
                                                    std::chrono::milliseconds timeout,
                                                    TokenSources& tokens) {
  if (!endpoint.unusable.empty()) return std::make_shared<Unusable>(endpoint.unusable);
  auto credentials = credentials_of(endpoint, timeout, tokens);
  if (endpoint.http_headers.empty()) return credentials;
  return std::make_shared<WithHeaders>(std::move(credentials), endpoint);
}

std::vector<net::ClientRequest> authorized_requests(const config::Config& config,
                                                    TokenSources& tokens) {
  auto requests = backend_requests(config);
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].authorizer =
        backend_authorizer(config.endpoints[i], config.backends[i].timeout, tokens);
  }
  return requests;
}

}  // namespace mread::serve
