#pragma once

#include <vector>

#include "config/config.h"
#include "net/client.h"

namespace mread::serve {

/// The backends as the client of net sees them: by index in Config::backends, method, target and
/// fixed headers filled in.
std::vector<net::ClientRequest> backend_requests(const config::Config& config);

}  // namespace mread::serve
