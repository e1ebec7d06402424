#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/transport_settings.h"
#include "base/yaml.h"

namespace mread::merger {

/// `web:`, the server's own side: what Prometheus reads from its web config file.
struct WebSettings {
  std::optional<TlsServerSettings> tls;                      ///< none: plain HTTP
  std::vector<std::pair<std::string, std::string>> headers;  ///< sent with every response
};

/// Throws yaml::ConfigError; no file is opened.
WebSettings read_web(const yaml::Node& node);

/// The block as YAML, without secrets; empty where all is as by default.
std::string describe_web(const WebSettings& settings);

}  // namespace mread::merger
