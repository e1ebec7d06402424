#pragma once

#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

namespace mread::attacks {

/// A file that no program of ours may take more than bounded time and memory for, nor believe.
struct NastyFile {
  std::string name;
  std::function<void(const std::filesystem::path&)> put;  ///< in place of what is there
};

inline void PrintTo(const NastyFile& file, std::ostream* out) { *out << file.name; }

/// Those that are wrong as YAML, or as a file, whatever is read from them.
std::vector<NastyFile> nasty_files();

/// Writes `text` to a new file and renames it into place.
void replace_file(const std::filesystem::path& path, const std::string& text);

}  // namespace mread::attacks
