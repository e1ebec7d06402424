#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/transport_settings.h"
#include "base/yaml.h"

namespace mread::config {

/// `web:`, the server's own side: what Prometheus reads from its web config file.
struct WebSettings {
  std::optional<TlsServerSettings> tls;                      ///< none: plain HTTP
  std::vector<std::pair<std::string, std::string>> headers;  ///< sent with every response
  /// Name, bcrypt hash; none: anybody.
  std::vector<std::pair<std::string, std::string>> basic_auth_users;
  /// Names that the server is reached by, in addition to that of `listen`. Where there are any, no
  /// request by another goes on; else only no /-/reload.
  std::vector<std::string> hostnames;
};

/// The cost of a bcrypt hash ($2a$, $2b$ or $2y$), the logarithm of its rounds; none for what is no
/// such hash.
std::optional<int> bcrypt_cost(std::string_view hash);

/// Throws yaml::ConfigError; no file is opened.
WebSettings read_web(const yaml::Node& node);

/// The block as YAML, without secrets; empty where all is as by default.
std::string describe_web(const WebSettings& settings);

}  // namespace mread::config
