#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <boost/json.hpp>
#include <sys/types.h>

#include "scenarios/engine/engine.h"

namespace mread::scenarios {

/// What a process of this machine uses, by PID/stat and PID/statm below `proc`: user and system time
/// of its threads, and its resident memory. Its children are not counted. None if it has ended.
std::optional<NodeUsage> read_process_usage(pid_t pid, const std::filesystem::path& proc = "/proc");

/// Whether a process of this machine belongs to a container, by the control groups in PID/cgroup. A
/// Docker engine elsewhere names processes that have nothing to do with those of this machine.
bool is_in_container(pid_t pid, const std::string& container,
                     const std::filesystem::path& proc = "/proc");

/// What a container uses, by Docker's /containers/ID/stats, which reads its control group: the time
/// of all its processes, and their memory without the files that the kernel can drop, as `docker
/// stats` shows it. None if the container does not run.
std::optional<NodeUsage> usage_in_stats(const boost::json::value& stats);

}  // namespace mread::scenarios
