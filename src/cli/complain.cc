#include "cli/complain.h"

#include <cstdio>

#include <fmt/format.h>

#include "base/printable.h"

namespace mread::cli {

int complain(std::string_view command, std::string_view line, int code) {
  fmt::print(stderr, "mread {}: {}\n", command, without_commands(printable(line)));
  return code;
}

}  // namespace mread::cli
