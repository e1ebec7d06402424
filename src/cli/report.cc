#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/report_output.h"
#include "scenarios/report/console.h"
#include "scenarios/report/earlier_report.h"
#include "scenarios/report/merge_reports.h"
#include "scenarios/report/writers.h"

namespace mread::cli {
namespace {

namespace fs = std::filesystem;
using namespace scenarios;

struct MergeOptions {
  std::vector<std::string> folders;
  std::string report_dir;
  std::string compare;
  bool github = false;
};

int code_of(const Error& error) { return error.is(Errc::config) ? invalid : environment; }

int merge(const MergeOptions& options) {
  const auto complain = [](int code, const std::string& line) {
    return cli::complain("report merge", line, code);
  };
  std::optional<EarlierReport> earlier;
  if (!options.compare.empty()) {
    auto read = read_earlier_report(options.compare);
    if (!read) return complain(invalid, "--compare: " + read.error().context);
    earlier = std::move(*read);
  }
  const std::vector<fs::path> folders(options.folders.begin(), options.folders.end());
  fs::path out = options.report_dir;
  if (options.report_dir.empty()) {
    auto made = make_report_folder("reports", report_stamp(real_clock().wall_ms()));
    if (!made) return complain(environment, made.error().context + "; give --report-dir");
    out = *made;
  }
  const auto drop_empty_folder = [&] {
    std::error_code ignored;
    if (options.report_dir.empty()) fs::remove(out, ignored);  // Only an empty one.
  };
  auto merged = merge_report_folders(folders, out, std::move(earlier));
  if (!merged) {
    drop_empty_folder();
    return complain(code_of(merged.error()), merged.error().context);
  }
  const auto counted = [](size_t count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
  };
  fmt::print("{} of {}\n", counted(merged->tests.size(), "test"),
             counted(folders.size(), "report"));
  Console(stdout, {}).summary(*merged, out);
  std::fflush(stdout);
  if (options.github) {
    if (auto written = append_job_summary(*merged); !written)
      return complain(environment, written.error().context);
  }
  return ok;
}

// The newest report of `mread run` without --report-dir: their names sort by time.
std::optional<fs::path> newest_report() {
  std::optional<fs::path> newest;
  std::error_code error;
  for (fs::directory_iterator entry("reports", error), end; !error && entry != end;
       entry.increment(error)) {
    if (!fs::exists(entry->path() / "report.html")) continue;
    if (!newest || *newest < entry->path()) newest = entry->path();
  }
  return newest;
}

// The address of a file: the bytes that a URL reserves, and those outside ASCII, as %XX.
std::string file_url(const fs::path& absolute) {
  std::string out = "file://";
  for (const char c : absolute.lexically_normal().string()) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') ||
                          std::string_view("/-._~").find(c) != std::string_view::npos;
    out += is_plain ? std::string(1, c)
                    : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

// Starts xdg-open if PATH has it, and does not wait: some browsers stay in the foreground.
void open_in_browser(const std::string& url) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  // main() ignores these signals; the browser does not inherit that.
  sigset_t ignored;
  sigemptyset(&ignored);
  sigaddset(&ignored, SIGPIPE);
  sigaddset(&ignored, SIGXFSZ);
  posix_spawnattr_setsigdefault(&attributes, &ignored);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  std::string program = "xdg-open";
  std::string argument = url;
  char* const arguments[] = {program.data(), argument.data(), nullptr};
  pid_t pid = 0;
  posix_spawnp(&pid, program.c_str(), &files, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
}

int open(const std::string& wanted) {
  fs::path path = wanted;
  if (wanted.empty()) {
    const auto newest = newest_report();
    if (!newest)
      return complain("report open", "no report below reports/; give the folder of one", invalid);
    path = *newest;
  }
  std::error_code error;
  if (fs::is_directory(path, error)) path /= "report.html";
  if (!fs::is_regular_file(path, error))
    return complain("report open", path.string() + ": no such file; mread run writes it", invalid);
  const std::string url = file_url(fs::absolute(path));
  fmt::print("{}\n", url);
  std::fflush(stdout);
  open_in_browser(url);
  return ok;
}

void add_merge(CLI::App& report, int& exit_code) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* command =
      report.add_subcommand("merge", "Make one report of the reports of several runs");
  command->add_option("report", options->folders, "folders of reports, or their report.json")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--report-dir", options->report_dir,
                   "where the merged report goes (default: reports/TIME)")
      ->type_name("DIR");
  command
      ->add_option("--compare", options->compare,
                   "an earlier report.json, or its folder: report.html shows what has changed")
      ->type_name("REPORT");
  command->add_flag("--github", options->github, "a summary on the page of GitHub's job");
  command->footer(
      "Example: mread report merge shards/* --report-dir reports/all\n"
      "Exit codes: 0 the report is written, whatever its verdicts; 3 a report cannot be read, 4 a "
      "file\ncannot be written.");
  command->callback([options, &exit_code] { exit_code = merge(*options); });
}

void add_open(CLI::App& report, int& exit_code) {
  auto wanted = std::make_shared<std::string>();
  CLI::App* command = report.add_subcommand(
      "open", "Print the address of a report's page, and open it in the browser");
  command
      ->add_option("report", *wanted,
                   "the folder of a report, or its report.html (default: the newest below reports)")
      ->type_name("DIR");
  command->footer(
      "Example: mread report open reports/20261121-190000\n"
      "The browser is the one that xdg-open starts; without xdg-open the address is only printed.");
  command->callback([wanted, &exit_code] { exit_code = open(*wanted); });
}

}  // namespace

void add_report(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("report", "Work with reports of mread run: merge several, open one");
  command->require_subcommand(1);
  command->footer("Example: mread report merge shards/* --report-dir reports/all");
  add_merge(*command, exit_code);
  add_open(*command, exit_code);
}

}  // namespace mread::cli
