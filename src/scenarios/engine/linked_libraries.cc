#include "scenarios/engine/linked_libraries.h"

#include <cstring>
#include <fstream>
#include <sstream>

#include <elf.h>

#include "scenarios/engine/node_folder.h"
#include "scenarios/engine/readiness.h"

namespace mread::scenarios {

namespace fs = std::filesystem;

namespace {

/// The loader that the program names, or empty for a static one.
Result<std::string> loader_of(const fs::path& program) {
  std::ifstream file(program, std::ios::binary);
  Elf64_Ehdr header{};
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  if (!file || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
      header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr)) {
    return fail(Errc::malformed, program.string() + ": not a 64-bit ELF program");
  }
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    file.seekg(
        static_cast<std::streamoff>(header.e_phoff + static_cast<uint64_t>(i) * sizeof segment));
    file.read(reinterpret_cast<char*>(&segment), sizeof segment);
    if (!file) return fail(Errc::malformed, program.string() + ": truncated program headers");
    if (segment.p_type != PT_INTERP) continue;
    if (segment.p_filesz == 0 || segment.p_filesz > 4096)
      return fail(Errc::malformed, program.string() + ": bad PT_INTERP");
    std::string loader(segment.p_filesz - 1, '\0');
    file.seekg(static_cast<std::streamoff>(segment.p_offset));
    file.read(loader.data(), static_cast<std::streamsize>(loader.size()));
    if (!file) return fail(Errc::malformed, program.string() + ": bad PT_INTERP");
    return loader;
  }
  return std::string();
}

}  // namespace

Result<std::vector<fs::path>> linked_libraries(const fs::path& program, Spawner& spawner,
                                               const fs::path& scratch_folder) {
  const auto loader = loader_of(program);
  if (!loader) return fail(loader.error());
  if (loader->empty()) return std::vector<fs::path>{};
  const fs::path output = scratch_folder / "libraries";
  std::error_code ignored;
  fs::remove(output, ignored);
  auto child = ChildProcess::start(spawner, {.program = *loader,
                                             .args = {"--list", program.string()},
                                             .folder = scratch_folder,
                                             .log = output});
  if (!child) return fail(child.error());
  const bool ended = (*child)->wait(std::chrono::seconds(30));
  const std::string listed = read_whole_file(output).value_or("");
  if (!ended || !(*child)->succeeded()) {
    return fail(Errc::environment,
                program.string() + ": its libraries cannot be listed" + log_tail(listed));
  }
  std::vector<fs::path> libraries{*loader};
  // "name => /path (0x…)", "/path (0x…)" for the loader, "name => not found", "linux-vdso.so.1
  // (0x…)".
  std::istringstream lines(listed);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("not found") != std::string::npos)
      return fail(Errc::environment, program.string() + ":" + line);
    const size_t begin =
        line.find('/', line.find("=> ") == std::string::npos ? 0 : line.find("=> "));
    const size_t end = line.rfind(" (0x");
    if (begin == std::string::npos || end == std::string::npos || end < begin) continue;
    const fs::path path = line.substr(begin, end - begin);
    if (path != libraries.front()) libraries.push_back(path);
  }
  return libraries;
}

}  // namespace mread::scenarios
