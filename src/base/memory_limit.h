#pragma once

#include <cstdint>
#include <string>

namespace mread {

/// What the process may have of memory, and what says so.
struct MemoryLimit {
  uint64_t bytes = UINT64_MAX;  ///< UINT64_MAX: nothing says
  std::string source;  ///< "RLIMIT_AS", "/sys/fs/cgroup/mread/memory.max", "the machine's memory"
};

/// Where that is read from: files, so that tests can write them.
struct MemoryLimitFiles {
  std::string limits = "/proc/self/limits";
  std::string cgroup = "/proc/self/cgroup";
  std::string cgroup_root = "/sys/fs/cgroup";
  std::string meminfo = "/proc/meminfo";
};

/// The least of RLIMIT_AS, RLIMIT_DATA, memory.max and memory.high of the control group and of all
/// above it (version 2; memory.limit_in_bytes of version 1), and the machine's memory; of equal
/// ones the first. Files that are not there, or say something else, say nothing.
MemoryLimit memory_limit(const MemoryLimitFiles& files = {});

}  // namespace mread
