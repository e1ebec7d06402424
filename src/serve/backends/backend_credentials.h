#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "config/config.h"
#include "net/client.h"
#include "serve/backends/token_source.h"

namespace mread::serve {

/// What authorizes requests to this backend, as its configuration says; null where it has no
/// credentials. Files are read on each use; one that cannot be read fails the request that needs
/// it.
std::shared_ptr<net::Authorizer> backend_authorizer(const config::Endpoint& endpoint,
                                                    std::chrono::milliseconds timeout,
                                                    TokenSources& tokens);

/// backend_requests(), each with what authorizes it: for reads, probes, and whatever else is sent
/// to a backend.
std::vector<net::ClientRequest> authorized_requests(const config::Config& config,
                                                    TokenSources& tokens);

}  // namespace mread::serve
