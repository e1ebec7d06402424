#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/transport_settings.h"

namespace boost::asio::ssl {
class context;
}
using SSL = struct ssl_st;

namespace mread::net {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/// Contexts of OpenSSL, made from settings; the files are read now. Peers are verified as Go does
/// it: names stand in the certificate's subject alternative names only, and whatever stands in the
/// CA file is trusted. Errors (Errc::config) name the key and the file: "cert_file /etc/x.pem: no
/// certificate in it"; never a secret.
Result<TlsContext> make_tls_context(const TlsClientSettings& settings);
Result<TlsContext> make_tls_context(const TlsServerSettings& settings);

/// The files that the settings name.
std::vector<std::string> files_of(const TlsClientSettings& settings);
std::vector<std::string> files_of(const TlsServerSettings& settings);

/// Why a peer's certificate was not accepted.
struct VerifyFailure {
  int error = 0;      ///< X509_V_ERR_…
  std::string names;  ///< whom the certificate is for
};

/// Has the verification on `ssl`, of a context made above, report here. `failure` outlives it.
void record_verification(SSL* ssl, VerifyFailure& failure);

/// "certificate verify failed (self-signed certificate)"; `name` is who was expected.
std::string describe(const VerifyFailure& failure, const std::string& name);

}  // namespace mread::net
