#pragma once

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "scenarios/engine/child_process.h"

namespace mread::scenarios {

/// The shared libraries that a program loads when it starts, its loader included, as absolute paths
/// (links not resolved): what must stand at the same paths for it to run elsewhere. Empty for a
/// static program. Asks the program's own loader, so that its search order is the true one. Errors:
/// Errc::malformed for a file that is no ELF program of this machine, Errc::environment for a
/// library that cannot be found. Source: the ELF specification, program header PT_INTERP; ld.so(8),
/// --list.
Result<std::vector<std::filesystem::path>> linked_libraries(
    const std::filesystem::path& program, Spawner& spawner,
    const std::filesystem::path& scratch_folder);

}  // namespace mread::scenarios
