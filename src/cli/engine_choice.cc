#include "cli/engine_choice.h"

#include <cstdlib>

#include <unistd.h>

namespace mread::cli {

namespace fs = std::filesystem;

fs::path cache_dir() {
  if (const char* folder = std::getenv("MREAD_CACHE"); folder != nullptr && *folder != '\0')
    return folder;
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr && *home != '\0' ? home : "/root") / ".cache/mread";
}

fs::path work_dir() { return fs::temp_directory_path() / ("mread-" + std::to_string(geteuid())); }

Result<std::unique_ptr<scenarios::Engine>> make_engine(const std::string& name,
                                                       const scenarios::EngineOptions& options) {
  if (name == "process") return scenarios::make_process_engine(options);
  auto docker = scenarios::make_docker_engine(options);
  if (docker || name == "docker" || !docker.error().is(Errc::environment)) return docker;
  return scenarios::make_process_engine(options);
}

}  // namespace mread::cli
