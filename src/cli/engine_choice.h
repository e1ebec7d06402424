#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/error.h"
#include "scenarios/engine/engine.h"

namespace mread::cli {

/// Where ci/setup puts the generations of Prometheus: $MREAD_CACHE, else ~/.cache/mread.
std::filesystem::path cache_dir();

/// The folder below which nodes have theirs: one a user, so nobody can write to the folder of another
/// user.
std::filesystem::path work_dir();

/// "docker", "process", or "auto": docker if a daemon answers, else process. Errors: as those of
/// make_docker_engine() and make_process_engine().
Result<std::unique_ptr<scenarios::Engine>> make_engine(const std::string& name,
                                                       const scenarios::EngineOptions& options);

}  // namespace mread::cli
