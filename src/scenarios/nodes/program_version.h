#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"

namespace mread::scenarios {

/// The newest version below CACHE/PROGRAM/ that `wanted` stands for: "v3.5" is any 3.5.x, "" is
/// any. `program` is a folder of the cache: "prometheus", "influxdb". Errors: Errc::environment with the versions
/// there are, Errc::config where `wanted` is no version.
Result<std::string> find_version(const std::filesystem::path& cache_dir, const std::string& program,
                                 const std::string& wanted);

}  // namespace mread::scenarios
