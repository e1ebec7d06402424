#pragma once

#include <string>

#include <boost/system/error_code.hpp>

namespace mread::net {

/// Failures of TLS: the context of the Error says what it was ("127.0.0.1:9090: TLS: …").
const boost::system::error_category& tls_category();
boost::system::error_code tls_failure();

/// Whether `code` comes from OpenSSL or is tls_failure().
bool is_tls_error(boost::system::error_code code);

/// What an error of OpenSSL means, for a person: "the server wants a client certificate".
std::string tls_reason(boost::system::error_code code);

}  // namespace mread::net
