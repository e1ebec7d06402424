#pragma once

#include <string>

#include "base/error.h"

namespace mread {

/// The text of a file that holds a password or a token, without the white space around it. At most
/// 64 KiB of a regular file. Errors name the path, and never what is in the file.
Result<std::string> read_secret_file(const std::string& path);

}  // namespace mread
