#pragma once

#include <memory>
#include <vector>

#include "config/config.h"
#include "net/tls_source.h"
#include "net/transport.h"

namespace mread::serve {

/// How a configuration's backends are reached, and how its own port speaks.
struct Transports {
  std::vector<std::shared_ptr<net::Transport>> backends;  ///< by index; equal settings share one
  config::WebSettings web;
  std::shared_ptr<net::TlsSource> web_tls;  ///< null: plain HTTP
};

/// Reads all files that the configuration names for TLS. What `previous` (may be null) has with the
/// same settings goes on, with its connections; its files are looked at again. `tell` hears of
/// files that change later. Errors (Errc::config): "backend a: ca_file /etc/ca.pem: No such file or
/// directory", "backend a: oauth2: …", "web: …".
Result<Transports> make_transports(const config::Config& config, const Transports* previous,
                                   const net::TlsSource::Tell& tell);

}  // namespace mread::serve
