#pragma once

#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/credential_flags.h"
#include "cli/transport_flags.h"
#include "probe/read_client.h"

namespace mread::cli {

/// The flags of a command that sends reads to an endpoint: the range, the timeout, credentials, TLS
/// and proxy, and which response type it accepts.
struct ReadCallFlags {
  std::string start = "now-1h";
  std::string end = "now";
  std::string timeout = "1m";
  CredentialFlags credentials;
  TransportFlags transport;
  bool stream = false;
  bool samples = false;

  /// This object outlives `command`.
  void add_range_to(CLI::App& command);
  void add_types_to(CLI::App& command);
  void add_access_to(CLI::App& command);  ///< the timeout, credentials, TLS and proxy

  /// A call of `url` with the selector's matchers; times are relative to `now_ms`. Without a path,
  /// /api/v1/read is asked. An empty selector makes a call without matchers. Errors: Errc::config
  /// or Errc::malformed, with the name of the flag or argument.
  Result<probe::ReadCall> call(const std::string& url, const std::string& selector,
                               int64_t now_ms) const;
};

}  // namespace mread::cli
