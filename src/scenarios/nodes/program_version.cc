#include "scenarios/nodes/program_version.h"

#include <algorithm>
#include <vector>

#include "base/version_text.h"

namespace mread::scenarios {

namespace fs = std::filesystem;

Result<std::string> find_version(const fs::path& cache_dir, const std::string& program,
                                 const std::string& wanted) {
  std::vector<std::pair<std::vector<int>, std::string>> versions;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(cache_dir / program, ignored)) {
    const std::string name = entry.path().filename().string();
    const auto version = parse_version(name);
    if (version && fs::exists(entry.path() / program, ignored))
      versions.emplace_back(*version, name);
  }
  std::sort(versions.begin(), versions.end());
  if (versions.empty()) {
    return fail(Errc::environment, "no " + program + " in " + (cache_dir / program).string() +
                                       "; ci/setup puts it there");
  }
  if (wanted.empty()) return versions.back().second;
  const auto number = parse_version(wanted);
  if (!number) return fail(Errc::config, "\"" + wanted + "\" is no version; write v3.5 or 3.5.3");
  std::string there;
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    if (version->first.size() >= number->size() && compare_versions(version->first, *number) == 0)
      return version->second;
    there = version->second + (there.empty() ? "" : ", ") + there;
  }
  return fail(Errc::environment,
              "no " + program + " " + wanted + " on this machine; there is " + there);
}

}  // namespace mread::scenarios
