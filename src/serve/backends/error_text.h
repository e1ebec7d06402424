#pragma once

#include <string>

#include "base/error.h"
#include "config/config.h"

namespace mread::serve {

/// The text of a backend's error with everything hidden that only the backend and the configuration
/// know: a server may repeat in its error what it was sent. Hidden are the URL's query, the values
/// of headers, and passwords and tokens that the configuration has in line.
std::string without_secrets(std::string text, const config::Endpoint& endpoint);

/// An error of net::Client without its prefix "ADDRESS: ". The fan-out machine puts the backend's
/// name in front instead. `address`: Url::authority().
Error without_address(Error error, const std::string& address);

}  // namespace mread::serve
