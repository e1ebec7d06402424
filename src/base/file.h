#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace mread {

/// All bytes of a regular file of at most `limit_bytes`. Never waits: a pipe, a device or a socket
/// is refused before it is read. Every file that a configuration or a scenario names is read by
/// this.
///
/// Errors name the path, and never what is in the file: the system's where it cannot be opened or
/// read; Errc::config for what is no regular file, a folder too; Errc::limit for a larger one.
Result<std::string> read_file(const std::string& path, uint64_t limit_bytes);

/// The first line of a file of the kernel's, such as /proc/self/stat, which says that it has no
/// bytes; empty where there is none.
std::string read_first_line(const std::string& path);

/// Of a configuration, a scenario or a file that goes with one.
constexpr uint64_t config_file_limit_bytes = uint64_t{16} << 20;

}  // namespace mread
