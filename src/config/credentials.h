#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/transport_settings.h"
#include "base/yaml.h"
#include "config/findings.h"

namespace mread::config {

/// A secret as the configuration has it: its text, or the file that holds it.
struct Secret {
  std::string text;
  /// Not empty: read again whenever the secret is used, white space around it taken off.
  std::string file;
  bool operator==(const Secret&) const = default;
};

/// `basic_auth:`
struct BasicAuth {
  Secret username;
  Secret password;
  bool is_from_url = false;  ///< the user's name may be a secret too
};

/// `authorization:`, `bearer_token:` and `bearer_token_file:`
struct Authorization {
  std::string type = "Bearer";
  Secret credentials;
};

/// `oauth2:`, the client credentials grant (RFC 6749, 4.4).
struct OAuth2 {
  std::string client_id;
  Secret client_secret;
  std::string token_url;
  std::vector<std::string> scopes;
  /// More fields of the token request.
  std::vector<std::pair<std::string, std::string>> endpoint_params;
  TransportSettings transport;  ///< of the token request
  bool operator==(const OAuth2&) const = default;
};

/// What a backend is to know its reader by. Nothing of it is read from files or checked against
/// them here.
using Credentials = std::variant<std::monostate, BasicAuth, Authorization, OAuth2>;

/// The credentials among the keys of an entry of `remote_read:`; at most one kind of them, as in
/// Prometheus.
Credentials read_credentials(yaml::Mapping& mapping, Findings& findings);

/// The lines of Config::describe() for them, each behind `indent`; secrets are left out. Empty for
/// none.
std::string describe_credentials(const Credentials& credentials, const std::string& indent);

}  // namespace mread::config
