#include "base/transport_settings.h"

namespace mread {

const char* to_string(TlsVersion version) {
  switch (version) {
    case TlsVersion::unset:
      break;
    case TlsVersion::tls10:
      return "TLS10";
    case TlsVersion::tls11:
      return "TLS11";
    case TlsVersion::tls12:
      return "TLS12";
    case TlsVersion::tls13:
      return "TLS13";
  }
  return "";
}

const char* to_string(ClientAuth policy) {
  switch (policy) {
    case ClientAuth::none:
      break;
    case ClientAuth::request:
      return "RequestClientCert";
    case ClientAuth::require_any:
      return "RequireAnyClientCert";
    case ClientAuth::verify_if_given:
      return "VerifyClientCertIfGiven";
    case ClientAuth::require_and_verify:
      return "RequireAndVerifyClientCert";
  }
  return "NoClientCert";
}

}  // namespace mread
