#include "scenarios/engine/node_folder.h"

#include <csignal>
#include <cstdlib>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "scenarios/engine/owner.h"
#include "scenarios/engine/readiness.h"

namespace mread::scenarios {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view owned_prefix = "run-";
constexpr std::string_view kept_prefix = "kept-";
/// In a kept folder: the programs that were left running, as tokens (owner.h), a line each. No node
/// has this name.
constexpr std::string_view programs_file = ".programs";

/// The token in "run-TOKEN.TEST.XXXXXX"; empty for other names.
std::string token_of(const fs::path& folder) {
  const std::string name = folder.filename().string();
  if (!name.starts_with(owned_prefix)) return {};
  return name.substr(owned_prefix.size(), name.find('.') - owned_prefix.size());
}

/// Programs of a run that outlived it: the kernel ends them with their parent, but for those in the
/// moment of starting.
void kill_strays(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const fs::path cwd = fs::read_symlink(entry.path() / "cwd", ignored);
    if (!ignored && (cwd.string() + "/").starts_with(folder.string() + "/"))
      ::kill(std::stoi(name), SIGKILL);
  }
}

/// Ends the programs that a kept folder notes, and waits for their ends: what still runs would
/// write into it.
void end_programs(const fs::path& folder) {
  std::ifstream file(folder / programs_file);
  for (std::string token; std::getline(file, token);) {
    if (const pid_t program = process_of(token); program > 0) ::kill(program, SIGKILL);
    for (int i = 0; i < 500 && owner_state(token) == OwnerState::alive; ++i)
      pause_for(std::chrono::milliseconds(10), {});
  }
}

}  // namespace

bool stays_inside(const fs::path& path) {
  if (path.empty() || path.is_absolute()) return false;
  for (const fs::path& part : path) {
    if (part == "..") return false;
  }
  return true;
}

Result<std::string> read_whole_file(const fs::path& path) {
  // Nodes write into their folders: a pipe there is nothing to wait for.
  constexpr uint64_t limit_bytes = uint64_t{512} << 20;
  auto text = mread::read_file(path.string(), limit_bytes);
  if (!text && text.error().is(Errc::limit)) return text;
  if (!text) return fail(Errc::not_found, path.string() + ": cannot be read");
  return text;
}

Result<void> fill_node_folder(const NodeSpec& spec, const fs::path& folder, const fs::path& log,
                              const Placeholders& placeholders, Spawner& spawner,
                              std::stop_token stop) {
  for (const auto& [path, contents] : spec.files) {
    if (!stays_inside(path))
      return fail(Errc::config, "file \"" + path + "\" is not below the node's folder");
    const auto expanded = expand_placeholders(contents, placeholders);
    if (!expanded) return fail(expanded.error().in(path));
    std::error_code error;
    fs::create_directories((folder / path).parent_path(), error);
    std::ofstream file(folder / path, std::ios::binary | std::ios::trunc);
    file << *expanded << std::flush;
    if (!file) return fail(Errc::environment, (folder / path).string() + ": cannot be written");
  }
  Placeholders here = placeholders;
  here.dir = folder.string();
  for (const std::vector<std::string>& command : spec.prepare) {
    std::vector<std::string> args;
    for (const std::string& arg : command) {
      auto expanded = expand_placeholders(arg, here);
      if (!expanded) return fail(expanded.error());
      args.push_back(std::move(*expanded));
    }
    auto child = ChildProcess::start(
        spawner, {.program = spec.prepare_program, .args = args, .folder = folder, .log = log});
    if (!child) return fail(child.error());
    const bool ended = (*child)->wait(std::chrono::minutes(10), stop);
    if (stop.stop_requested()) return fail(Errc::canceled, "interrupted");
    if (!ended || !(*child)->succeeded()) {
      return fail(Errc::environment, spec.prepare_program.filename().string() + " " +
                                         (args.empty() ? "" : args.front()) + " failed (" +
                                         (ended ? (*child)->ending() : "no end after 10m") + ")" +
                                         log_tail(read_whole_file(log).value_or("")));
    }
  }
  return {};
}

Result<void> prepare_work_folder(const fs::path& work_dir) {
  std::error_code error;
  if (fs::create_directories(work_dir, error))
    fs::permissions(work_dir, fs::perms::owner_all, error);
  struct stat found {};
  const std::string advice = "; remove it, or set TMPDIR to a folder of your own";
  if (error || stat(work_dir.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
    const std::string why = error ? error.message() : "no folder";
    return fail(Errc::environment,
                "the work folder " + work_dir.string() + " cannot be made: " + why + advice);
  }
  if (found.st_uid != geteuid()) {
    return fail(Errc::environment,
                "the work folder " + work_dir.string() + " belongs to another user" + advice);
  }
  if (access(work_dir.c_str(), W_OK | X_OK) != 0) {
    return fail(Errc::environment,
                "the work folder " + work_dir.string() + " cannot be written to" + advice);
  }
  return {};
}

Result<fs::path> make_owned_folder(const fs::path& work_dir, std::string_view test) {
  std::error_code error;
  fs::create_directories(work_dir, error);
  // The kernel names a process's folder by its real path: kill_strays compares with that.
  const fs::path real = error ? work_dir : fs::canonical(work_dir, error);
  std::string folder =
      (real / (std::string(owned_prefix) + own_token() + "." + std::string(test) + ".XXXXXX"))
          .string();
  if (error || mkdtemp(folder.data()) == nullptr) {
    return fail(Errc::environment,
                "no folder can be made below " + work_dir.string() + ": " +
                    (error ? error : std::error_code(errno, std::generic_category())).message());
  }
  return fs::path(folder);
}

fs::path disown_folder(const fs::path& folder, const std::vector<pid_t>& programs) {
  std::ofstream file(folder / programs_file, std::ios::trunc);
  for (const pid_t program : programs) file << token_of(program) << "\n";
  file.close();
  const std::string name = folder.filename().string();
  const fs::path kept =
      folder.parent_path() /
      (std::string(kept_prefix) + name.substr(std::min(name.find('.') + 1, name.size())));
  std::error_code error;
  fs::rename(folder, kept, error);
  return error ? folder : kept;
}

std::vector<std::string> remove_kept_folders(const fs::path& work_dir) {
  std::vector<std::string> removed;
  std::error_code error;
  const fs::path real = fs::canonical(work_dir, error);
  if (error) return removed;
  std::vector<fs::path> kept;
  for (const auto& entry : fs::directory_iterator(real, error)) {
    if (!entry.path().filename().string().starts_with(kept_prefix) || entry.is_symlink(error))
      continue;
    if (entry.is_directory(error)) kept.push_back(entry.path());
  }
  for (const fs::path& folder : kept) {
    end_programs(folder);
    fs::remove_all(folder, error);
    if (!error) removed.push_back("folder " + folder.string());
  }
  return removed;
}

std::vector<std::string> sweep_folders(const fs::path& work_dir) {
  std::vector<std::string> removed;
  std::error_code error;
  const fs::path real = fs::canonical(work_dir, error);
  if (error) return removed;
  std::vector<fs::path> left;
  for (const auto& entry : fs::directory_iterator(real, error)) {
    const std::string token = token_of(entry.path());
    if (token.empty() || !entry.is_directory(error)) continue;
    const OwnerState state = owner_state(token);
    if (state == OwnerState::gone || state == OwnerState::reboot) left.push_back(entry.path());
  }
  for (const fs::path& folder : left) {
    kill_strays(folder);
    fs::remove_all(folder, error);
    if (!error) removed.push_back("folder " + folder.string());
  }
  return removed;
}

}  // namespace mread::scenarios
