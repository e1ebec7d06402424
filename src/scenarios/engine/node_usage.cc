#include "scenarios/engine/node_usage.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

#include "base/file.h"
#include "scenarios/engine/docker_client.h"

namespace mread::scenarios {
namespace {}  // namespace

std::optional<NodeUsage> read_process_usage(pid_t pid, const std::filesystem::path& proc) {
  const std::filesystem::path folder = proc / std::to_string(pid);
  const std::string stat = read_first_line(folder / "stat");
  // "PID (NAME) STATE …": the name may hold spaces and brackets. man 5 proc counts fields from 1;
  // the state is the 3rd, utime and stime are the 14th and 15th.
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  uint64_t user_ticks = 0;
  uint64_t system_ticks = 0;
  fields >> user_ticks >> system_ticks;
  std::istringstream sizes(read_first_line(folder / "statm"));
  uint64_t total_pages = 0;
  uint64_t resident_pages = 0;
  sizes >> total_pages >> resident_pages;
  // A process that has ended and is not waited for yet has no memory.
  if (!fields || !sizes || resident_pages == 0) return std::nullopt;
  const auto ticks_per_second = static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return NodeUsage{
      std::chrono::nanoseconds((user_ticks + system_ticks) * (1'000'000'000 / ticks_per_second)),
      resident_pages * page_bytes};
}

bool is_in_container(pid_t pid, const std::string& container, const std::filesystem::path& proc) {
  if (pid <= 0 || container.empty()) return false;
  std::ifstream file(proc / std::to_string(pid) / "cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.find(container) != std::string::npos) return true;
  }
  return false;
}

std::optional<NodeUsage> usage_in_stats(const boost::json::value& stats) {
  const int64_t cpu_ns = number_at(stats, {"cpu_stats", "cpu_usage", "total_usage"});
  const int64_t memory = number_at(stats, {"memory_stats", "usage"});
  if (cpu_ns <= 0 && memory <= 0) return std::nullopt;
  // Named differently by the two versions of control groups.
  const int64_t droppable =
      std::max(number_at(stats, {"memory_stats", "stats", "inactive_file"}),
               number_at(stats, {"memory_stats", "stats", "total_inactive_file"}));
  return NodeUsage{std::chrono::nanoseconds(cpu_ns),
                   static_cast<uint64_t>(std::max<int64_t>(memory - droppable, 0))};
}

}  // namespace mread::scenarios
