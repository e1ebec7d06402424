#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <sys/wait.h>

#include "base/temporary_folder.h"

namespace mread::integration {

/// The path of a Prometheus package's program, where ci/setup puts it; empty where it is not there.
inline std::string prometheus_program(const std::string& version, const std::string& program) {
  const char* cache = std::getenv("MREAD_CACHE");
  const char* home = std::getenv("HOME");
  std::filesystem::path path =
      cache != nullptr ? cache : std::filesystem::path(home != nullptr ? home : "/") / ".cache/mread";
  path = path / "prometheus" / version / program;
  return std::filesystem::exists(path) ? path.string() : std::string();
}

struct Outcome {
  int status = -1;
  std::string output;  ///< stdout and stderr
};

inline Outcome run(const std::string& command) {
  Outcome outcome;
  FILE* pipe = ::popen((command + " 2>&1 </dev/null").c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> buffer{};
  for (size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    outcome.output.append(buffer.data(), got);
  const int status = ::pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

}  // namespace mread::integration
