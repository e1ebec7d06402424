#pragma once

#include <chrono>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/error.h"
#include "scenarios/engine/child_process.h"
#include "scenarios/engine/engine.h"
#include "scenarios/engine/placeholders.h"

namespace mread::scenarios {

/// True for a relative path that stays below the folder that it is relative to.
bool stays_inside(const std::filesystem::path& path);

/// Whole file, as bytes.
Result<std::string> read_whole_file(const std::filesystem::path& path);

/// Makes `folder` a node's {{dir}}: the spec's files, then what its `prepare` commands leave there.
/// `log` takes their output. Placeholders in files are those of the running node; in `prepare`,
/// {{dir}} is `folder`, since that is where the commands run.
Result<void> fill_node_folder(const NodeSpec& spec, const std::filesystem::path& folder,
                              const std::filesystem::path& log, const Placeholders& placeholders,
                              Spawner& spawner, std::stop_token stop);

/// Makes the folder below which folders of nodes are made, for this user alone, and sees whether it
/// can be used. Errors (Errc::environment): it belongs to another user, or cannot be written to.
Result<void> prepare_work_folder(const std::filesystem::path& work_dir);

/// A new folder below `work_dir`, whose name says who made it: see sweep_folders. Errors name the
/// folder.
Result<std::filesystem::path> make_owned_folder(const std::filesystem::path& work_dir,
                                                std::string_view test);

/// Takes the owner out of a folder's name, so that no sweep removes it, and notes the programs that
/// go on running in it. Returns its new path.
std::filesystem::path disown_folder(const std::filesystem::path& folder,
                                    const std::vector<pid_t>& programs = {});

/// Removes the folders that disown_folder() has renamed, and ends the programs noted there (no
/// others: a person may have a shell in such a folder). Returns a line for each.
std::vector<std::string> remove_kept_folders(const std::filesystem::path& work_dir);

/// Removes the folders of processes that are gone. Returns a line for each.
std::vector<std::string> sweep_folders(const std::filesystem::path& work_dir);

}  // namespace mread::scenarios
