#pragma once

#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "net/client.h"
#include "serve/read/gate.h"
#include "serve/read/memory_budget.h"

namespace mread::serve {

/// What all reads of one configuration share; it outlives them.
struct ReadContext {
  const config::Config& config;
  const Clock& clock;
  net::Client& client;
  Gate& gate;
  MemoryBudget& memory_budget;
  std::vector<net::ClientRequest> backends;  ///< backend_requests()
};

}  // namespace mread::serve
