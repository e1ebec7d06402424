#pragma once

#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "net/transport.h"

namespace mread::cli {

/// The flags of a command that asks a server: TLS and proxy.
struct TransportFlags {
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  std::string server_name;
  std::string proxy_url;
  bool insecure_skip_verify = false;

  /// Without --proxy-url, the variables HTTP_PROXY, HTTPS_PROXY and NO_PROXY are obeyed, as by
  /// curl. Errors: Errc::config with the flag's name.
  Result<std::shared_ptr<const net::Transport>> transport() const;
};

/// Adds them to `command`; `flags` outlives it.
void add_transport_flags(CLI::App& command, TransportFlags& flags);

}  // namespace mread::cli
