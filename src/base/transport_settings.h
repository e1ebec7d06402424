#pragma once

#include <string>
#include <utility>
#include <vector>

namespace mread {

/// What is told to TLS and to proxies, as plain values: no file is opened here. Every `…_file` is a
/// path that can be opened as it stands. Inline keys and the user and password of a proxy's URL are
/// secrets: nothing prints them.

enum class TlsVersion { unset, tls10, tls11, tls12, tls13 };

/// "TLS12"; empty for unset.
const char* to_string(TlsVersion version);

/// A client's side, the keys of Prometheus's `tls_config:`. Of each pair, inline text and file, at
/// most one is set.
struct TlsClientSettings {
  std::string ca;  ///< PEM; none: the system's certificates
  std::string ca_file;
  std::string cert;  ///< PEM, the client's own, then its intermediates
  std::string cert_file;
  std::string key;  ///< PEM; a secret
  std::string key_file;
  std::string server_name;  ///< for SNI and verification, in place of the URL's host
  TlsVersion min_version = TlsVersion::unset;
  TlsVersion max_version = TlsVersion::unset;
  bool insecure_skip_verify = false;

  bool operator==(const TlsClientSettings&) const = default;
};

/// Which certificate a server wants of its clients: Go's five policies.
enum class ClientAuth {
  none,                ///< NoClientCert
  request,             ///< RequestClientCert: asked for, not looked at
  require_any,         ///< RequireAnyClientCert: must be there, not looked at
  verify_if_given,     ///< VerifyClientCertIfGiven
  require_and_verify,  ///< RequireAndVerifyClientCert
};

const char* to_string(ClientAuth policy);

/// A server's side, the keys of `tls_server_config:` in Prometheus's web config file.
struct TlsServerSettings {
  std::string cert;  ///< PEM, the server's own, then its intermediates
  std::string cert_file;
  std::string key;  ///< PEM; a secret
  std::string key_file;
  ClientAuth client_auth = ClientAuth::none;
  std::string client_ca;  ///< PEM; none where clients are verified: the system's certificates
  std::string client_ca_file;
  /// A verified client must carry one of these; empty: any.
  std::vector<std::string> client_allowed_sans;
  TlsVersion min_version = TlsVersion::tls12;
  TlsVersion max_version = TlsVersion::unset;
  /// IANA's names, as Go writes them; of TLS 1.2 and before.
  std::vector<std::string> cipher_suites;
  std::vector<std::string> curve_preferences;  ///< CurveP256, CurveP384, CurveP521, X25519
  bool prefer_server_cipher_suites = true;

  bool operator==(const TlsServerSettings&) const = default;
};

/// Which proxy a request goes through.
struct ProxySettings {
  std::string url;       ///< http or https; may hold a user and a password. Empty: none
  std::string no_proxy;  ///< Go's list of hosts that are asked directly
  /// HTTP_PROXY, HTTPS_PROXY and NO_PROXY; then the two above are empty.
  bool from_environment = false;
  /// Of CONNECT; the values are secrets.
  std::vector<std::pair<std::string, std::string>> connect_headers;

  bool operator==(const ProxySettings&) const = default;
};

/// The way from a client to its server.
struct TransportSettings {
  TlsClientSettings tls;
  ProxySettings proxy;

  bool operator==(const TransportSettings&) const = default;
};

}  // namespace mread
