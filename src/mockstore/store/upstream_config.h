#pragma once

#include <string>

#include "base/transport_settings.h"
#include "base/yaml.h"
#include "net/http.h"

namespace mread::mockstore {

/// The server that a store passes its requests to, as configured.
struct UpstreamConfig {
  net::Url url;  ///< the server; a path is put before that of each request
  /// In place of the client's, a secret; empty: the client's is passed on.
  std::string authorization;
  TlsClientSettings tls;
};

/// Reads
///   http://collector:9090
///   {url: https://collector:9090, basic_auth: {username: u, password: p},
///    tls_config: {ca_file: ca.pem}}
/// Throws yaml::ConfigError, also for a URL that ends with `path_of_reads`: it names one path, and the
/// store passes on all of them.
UpstreamConfig read_upstream(const yaml::Node& node, const std::string& path_of_reads);

}  // namespace mread::mockstore
