#pragma once

#include <string_view>

namespace mread::cli {

/// Writes "mread COMMAND: LINE" to stderr, as one printable line without commands of a CI
/// (base/printable.h): it may quote a file, a server or a label. Gives `code` back.
int complain(std::string_view command, std::string_view line, int code);

}  // namespace mread::cli
