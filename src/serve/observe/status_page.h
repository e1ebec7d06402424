#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "serve/observe/backend_board.h"
#include "serve/observe/conflict_board.h"

namespace mread::serve {

/// "3m20s", "1d4h": two units at most.
std::string rough_duration(std::chrono::seconds duration);

struct ReadsNow {
  uint64_t running = 0;
  uint64_t waiting = 0;
  uint64_t held_bytes = 0;
};

/// The newest configuration where it was refused, so that an older one is in force.
struct RefusedReload {
  std::string reason;  ///< only its first line is shown: the others may be the file's
  std::chrono::system_clock::time_point at;
};

/// The page at `/`: a reload that was refused, what is under way, the groups with their backends,
/// what each did last, the last series in which backends contradicted each other, and the settings
/// that decide what a reader gets. Self-contained; it loads itself again every ten seconds. Headers
/// and URL parameters of backends, which may be secrets, are not shown.
std::string status_page(const config::Config& config, const ReadsNow& reads,
                        const std::vector<BackendStanding>& standings,
                        const std::vector<merger::HedgeCounts>& hedges,
                        const std::vector<ConflictSighting>& conflicts,
                        std::chrono::system_clock::time_point started,
                        std::chrono::system_clock::time_point now,
                        const std::optional<RefusedReload>& refused = std::nullopt);

}  // namespace mread::serve
