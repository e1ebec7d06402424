#pragma once

#include <filesystem>
#include <vector>

#include "base/error.h"
#include "scenarios/engine/child_process.h"

namespace mread::scenarios {

/// The shared libraries that a program loads when it starts, its loader included, as absolute paths
/// (links not resolved): the program runs elsewhere if they are at the same paths. Empty for a
/// static program. Asks the program's own loader, which knows the search order. Errors:
/// Errc::malformed for a file that is not an ELF program of this machine, Errc::environment for a
/// library that cannot be found. Source: the ELF specification, program header PT_INTERP; ld.so(8),
/// --list.
Result<std::vector<std::filesystem::path>> linked_libraries(
    const std::filesystem::path& program, Spawner& spawner,
    const std::filesystem::path& scratch_folder);

}  // namespace mread::scenarios
