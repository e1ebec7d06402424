#include "base/memory_limit.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace mread {
namespace {

// What is no number is "unlimited" or "max".
std::optional<uint64_t> number_in(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  return value;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(std::move(line));
  return lines;
}

void lower(MemoryLimit& least, std::optional<uint64_t> bytes, std::string source) {
  if (bytes && *bytes < least.bytes) least = {*bytes, std::move(source)};
}

void lower_by_file(MemoryLimit& least, const std::string& path) {
  const auto lines = lines_of(path);
  if (!lines.empty()) lower(least, number_in(lines.front()), path);
}

// "Max address space         1073741824           1073741824           bytes": the first number is
// in force.
void lower_by_rlimits(MemoryLimit& least, const std::string& path) {
  constexpr std::pair<std::string_view, const char*> wanted[] = {{"Max address space", "RLIMIT_AS"},
                                                                 {"Max data size", "RLIMIT_DATA"}};
  for (const std::string& line : lines_of(path)) {
    for (const auto& [name, source] : wanted) {
      if (line.starts_with(name))
        lower(least, number_in(std::string_view(line).substr(name.size())), source);
    }
  }
}

// A group's limit holds for all below it. In a container the group may be mounted as the root, and
// the path be that outside; then what is there of it is the root itself.
void lower_by_group(MemoryLimit& least, const std::filesystem::path& root, std::string_view group,
                    const std::vector<const char*>& names) {
  std::filesystem::path place = root;
  const auto look = [&] {
    for (const char* name : names) lower_by_file(least, (place / name).string());
  };
  look();
  for (const auto& part : std::filesystem::path(group).relative_path()) {
    if (part == "..") return;
    place /= part;
    look();
  }
}

}  // namespace

MemoryLimit memory_limit(const MemoryLimitFiles& files) {
  MemoryLimit least;
  lower_by_rlimits(least, files.limits);
  // "0::/system.slice/mread.service" of version 2, "9:memory:/user.slice" of version 1.
  for (const std::string& line : lines_of(files.cgroup)) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string_view group = std::string_view(line).substr(second + 1);
    if (controllers == ",,") {
      lower_by_group(least, files.cgroup_root, group, {"memory.max", "memory.high"});
    } else if (controllers.find(",memory,") != std::string::npos) {
      lower_by_group(least, std::filesystem::path(files.cgroup_root) / "memory", group,
                     {"memory.limit_in_bytes"});
    }
  }
  for (const std::string& line : lines_of(files.meminfo)) {
    constexpr std::string_view name = "MemTotal:";
    if (!line.starts_with(name)) continue;
    if (const auto kilobytes = number_in(std::string_view(line).substr(name.size()))) {
      lower(least, *kilobytes << 10, "the machine's memory");
    }
  }
  return least;
}

}  // namespace mread
