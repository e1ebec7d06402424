#include "scenarios/engine/owner.h"

#include <charconv>
#include <filesystem>
#include <optional>
#include <vector>

#include <unistd.h>

#include "base/file.h"

namespace mread::scenarios {

namespace {

/// Field 22 of /proc/PID/stat: clock ticks between boot and the start of the process; empty where
/// there is none, and for a process that has ended and only waits to be reaped.
std::string start_time(pid_t pid) {
  const std::string stat = read_first_line("/proc/" + std::to_string(pid) + "/stat");
  // The second field is the program's name in parentheses, and may hold anything.
  size_t at = stat.rfind(')');
  if (at == std::string::npos || at + 2 >= stat.size() || stat[at + 2] == 'Z' ||
      stat[at + 2] == 'X')
    return {};
  for (int field = 2; field < 22; ++field) {
    at = stat.find(' ', at + 1);
    if (at == std::string::npos) return {};
  }
  return stat.substr(at + 1, stat.find(' ', at + 1) - at - 1);
}

std::string boot() { return read_first_line("/proc/sys/kernel/random/boot_id").substr(0, 8); }

/// The number in "pid:[4026531836]".
std::string pid_namespace() {
  std::error_code ignored;
  const std::string link = std::filesystem::read_symlink("/proc/self/ns/pid", ignored).string();
  const size_t open = link.find('[');
  return open == std::string::npos ? "0" : link.substr(open + 1, link.size() - open - 2);
}

std::vector<std::string> split(std::string_view token) {
  std::vector<std::string> parts;
  while (true) {
    const size_t hyphen = token.find('-');
    parts.emplace_back(token.substr(0, hyphen));
    if (hyphen == std::string_view::npos) return parts;
    token.remove_prefix(hyphen + 1);
  }
}

}  // namespace

std::string own_token() { return token_of(getpid()); }

std::string token_of(pid_t pid) {
  return std::to_string(pid) + "-" + start_time(pid) + "-" + boot() + "-" + pid_namespace();
}

pid_t process_of(std::string_view token) {
  if (owner_state(token) != OwnerState::alive) return 0;
  pid_t pid = 0;
  std::from_chars(token.data(), token.data() + token.size(), pid);
  return pid;
}

OwnerState owner_state(std::string_view token) {
  const std::vector<std::string> parts = split(token);
  pid_t pid = 0;
  if (parts.size() != 4) return OwnerState::unknown;
  const auto parsed = std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), pid);
  if (parsed.ec != std::errc() || parsed.ptr != parts[0].data() + parts[0].size() || pid <= 0)
    return OwnerState::unknown;
  if (parts[2] != boot()) return OwnerState::reboot;
  if (parts[3] != pid_namespace()) return OwnerState::unknown;
  return start_time(pid) == parts[1] ? OwnerState::alive : OwnerState::gone;
}

}  // namespace mread::scenarios
