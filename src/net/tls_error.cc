#include "net/tls_error.h"

#include <algorithm>
#include <array>

#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/sslerr.h>

namespace mread::net {
namespace {

class TlsCategory final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "mread.tls"; }
  std::string message(int) const override { return "TLS failure"; }
};

struct Reason {
  int code;
  const char* text;
};

// What peers send as alerts says little by its name. "The peer" is whichever side did not fail.
constexpr std::array reasons = {
    Reason{SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "the server wants a client certificate"},
    Reason{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "the client sent no certificate"},
    Reason{SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
           "the peer refuses our certificate, or wants one (alert: bad certificate)"},
    Reason{SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
           "the peer refuses our certificate (unsupported certificate)"},
    Reason{SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "the peer refuses our certificate (revoked)"},
    Reason{SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "the peer refuses our certificate (expired)"},
    Reason{SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
           "the peer refuses our certificate (certificate unknown)"},
    Reason{SSL_R_TLSV1_ALERT_UNKNOWN_CA, "the peer refuses our certificate (unknown CA)"},
    Reason{SSL_R_TLSV1_ALERT_ACCESS_DENIED, "the peer refuses our certificate (access denied)"},
    Reason{SSL_R_TLSV1_ALERT_DECRYPT_ERROR, "the peer could not check our certificate's signature"},
    Reason{SSL_R_TLSV1_UNRECOGNIZED_NAME, "the server does not know this host name"},
    Reason{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
           "no common protocol version (the peer refuses ours)"},
    Reason{SSL_R_UNSUPPORTED_PROTOCOL,
           "no common protocol version (the peer's is not allowed here)"},
    Reason{SSL_R_NO_PROTOCOLS_AVAILABLE,
           "no protocol version is left between min_version and max_version"},
    Reason{SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
           "the peer refuses the handshake (no common cipher, or it wants a certificate)"},
    Reason{SSL_R_NO_SHARED_CIPHER, "no cipher in common"},
    Reason{SSL_R_WRONG_VERSION_NUMBER, "the peer does not speak TLS (plain HTTP?)"},
    Reason{SSL_R_HTTP_REQUEST, "the peer does not speak TLS but plain HTTP"},
    Reason{SSL_R_PACKET_LENGTH_TOO_LONG, "the peer does not speak TLS (plain HTTP?)"},
    Reason{SSL_R_UNEXPECTED_EOF_WHILE_READING, "connection closed without an end"},
};

}  // namespace

const boost::system::error_category& tls_category() {
  static const TlsCategory category;
  return category;
}

boost::system::error_code tls_failure() { return {1, tls_category()}; }

bool is_tls_error(boost::system::error_code code) {
  return code.category() == tls_category() ||
         code.category() == boost::asio::error::get_ssl_category() ||
         code.category() == boost::asio::ssl::error::get_stream_category();
}

std::string tls_reason(boost::system::error_code code) {
  if (code == boost::asio::ssl::error::stream_truncated) return "connection closed without an end";
  if (code.category() != boost::asio::error::get_ssl_category()) return code.message();
  const int reason =
      ERR_GET_REASON(static_cast<unsigned long>(static_cast<unsigned>(code.value())));
  const auto found = std::find_if(reasons.begin(), reasons.end(),
                                  [&](const Reason& entry) { return entry.code == reason; });
  if (found != reasons.end()) return found->text;
  const char* text =
      ERR_reason_error_string(static_cast<unsigned long>(static_cast<unsigned>(code.value())));
  return text != nullptr ? text : code.message();
}

}  // namespace mread::net
