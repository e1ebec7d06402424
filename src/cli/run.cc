#include "scenarios/running/run.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "base/printable.h"
#include "base/timestamp.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "scenarios/report/console.h"
#include "scenarios/report/earlier_report.h"
#include "scenarios/report/writers.h"

namespace mread::cli {
namespace {

namespace fs = std::filesystem;
using namespace scenarios;

struct Options {
  std::vector<std::string> paths;
  std::string engine = "auto";
  Selection selection;
  bool list = false;
  bool dry_run = false;
  size_t jobs = 1;
  size_t repeat = 1;
  std::optional<uint64_t> seed;
  bool keep = false;
  bool fail_fast = false;
  std::string report_dir;
  std::string compare;
  bool github = false;
  bool fail_on_skip = false;
  bool clean = false;
};

// Turns SIGINT and SIGTERM into a stop request. A handler may do next to nothing, so it writes a
// byte, and a thread does the rest. The signals are not blocked: child processes would inherit
// that.
class StopOnSignal {
 public:
  StopOnSignal() {
    if (pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) return;
    write_end = pipe_[1];
    struct sigaction action {};
    action.sa_handler = [](int) {
      const int saved = errno;
      [[maybe_unused]] const auto written = ::write(write_end, "x", 1);
      errno = saved;
    };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &old_int_);
    sigaction(SIGTERM, &action, &old_term_);
    waiter_ = std::jthread([this](const std::stop_token& end) {
      pollfd readable{pipe_[0], POLLIN, 0};
      while (!end.stop_requested()) {
        if (poll(&readable, 1, 200) > 0) {
          source_.request_stop();
          return;
        }
      }
    });
  }
  ~StopOnSignal() {
    if (write_end < 0) return;
    sigaction(SIGINT, &old_int_, nullptr);
    sigaction(SIGTERM, &old_term_, nullptr);
    waiter_.request_stop();
    waiter_.join();
    write_end = -1;
    close(pipe_[0]);
    close(pipe_[1]);
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  static inline volatile sig_atomic_t write_end = -1;
  int pipe_[2] = {-1, -1};
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
  std::stop_source source_;
  std::jthread waiter_;
};

fs::path cache_dir() {
  if (const char* folder = std::getenv("MREAD_CACHE"); folder != nullptr && *folder != '\0')
    return folder;
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr && *home != '\0' ? home : "/root") / ".cache/mread";
}

Result<std::unique_ptr<Engine>> make_engine(const std::string& name, const EngineOptions& options) {
  if (name == "process") return make_process_engine(options);
  auto docker = make_docker_engine(options);
  if (docker || name == "docker" || !docker.error().is(Errc::environment)) return docker;
  return make_process_engine(options);
}

// "20261121-190000": sorts by time, and names a report folder.
std::string compact_time(int64_t now_ms) {
  std::string text = format_timestamp(now_ms - now_ms % 1000);
  std::erase_if(text, [](char c) { return c == '-' || c == ':' || c == 'Z'; });
  std::replace(text.begin(), text.end(), 'T', '-');
  return text;
}

// A folder of this user's own: another's cannot be written to.
fs::path work_dir() { return fs::temp_directory_path() / ("mread-" + std::to_string(geteuid())); }

// Makes the folder of the report. Until the run ends it says that the run was interrupted, so that
// a run that dies leaves no other verdict. A report that cannot be written is better known before
// the run than after it.
Result<fs::path> prepare_report(const std::string& wanted, const std::string& stamp) {
  fs::path folder = wanted;
  if (wanted.empty()) {
    auto made = make_report_folder("reports", stamp);
    if (!made) return made;
    folder = *made;
  }
  Report begun;
  begun.mread_version = MREAD_VERSION;
  begun.started = std::chrono::system_clock::now();
  begun.is_interrupted = true;
  if (auto written = write_report(folder, begun); !written) return fail(written.error());
  return folder;
}

// The summary that GitHub Actions shows on the job's page, where it says to append it.
Result<void> append_job_summary(const Report& report) {
  const char* path = std::getenv("GITHUB_STEP_SUMMARY");
  if (path == nullptr || *path == '\0') return {};
  std::ofstream file(path, std::ios::app | std::ios::binary);
  file << to_markdown(report) << std::flush;
  if (!file) return mread::fail(Errc::environment, std::string(path) + ": cannot be written");
  return {};
}

int complain(ExitCode code, const std::string& line) { return cli::complain("run", line, code); }

// A line of which parts stand in scenarios.
void tell(const std::string& line) { fmt::print("{}\n", without_commands(printable(line))); }

// Names the tests; with dry_run also what would keep each from running on this machine.
int show_tests(const std::vector<Test>& tests, const NodeContext& context, const Options& options) {
  for (const Test& test : tests) {
    tell(fmt::format("{}  {}", test.title(), test.file));
    if (!options.dry_run) continue;
    for (const std::string& warning : test.warnings) tell("  note: " + warning);
    for (const NodeDeclaration& node : test.nodes) {
      NodeContext of_test = context;
      of_test.clock = {test.start_ms, test.interval.count()};
      const auto version = node.node->resolve_version(of_test);
      const std::string shown = !version ? "skipped: " + version.error().context : *version;
      tell(fmt::format("  {} {}{}{}", node.kind, node.name, shown.empty() ? "" : " ", shown));
    }
    for (const std::string& phase : phases_of(test.timeline)) {
      const auto count =
          std::count_if(test.checks.begin(), test.checks.end(), [&](const Check& check) {
            return std::find(check.during.begin(), check.during.end(), phase) != check.during.end();
          });
      tell(fmt::format("  {}: {} check{}", phase, count, count == 1 ? "" : "s"));
    }
  }
  if (options.dry_run) fmt::print("{} tests, nothing was started\n", tests.size());
  return ok;
}

// All files' errors are shown before any of them ends the run.
std::vector<Test> load(const std::vector<std::string>& files, const Options& options,
                       int64_t now_ms) try {
  return load_tests(files, options.selection, {now_ms, options.seed});
} catch (const yaml::ConfigError& error) {
  if (options.github) {
    for (const std::string& one : errors_of(error))
      std::fputs(github_annotation(one, files).c_str(), stdout);
  }
  throw;
}

// What runs with --keep have left, of every engine that is here, or of the one that was named.
int clean(const Options& options) {
  EngineOptions engine_options;
  engine_options.cache_dir = cache_dir();
  engine_options.work_dir = work_dir();
  size_t count = 0;
  for (const std::string name : {"process", "docker"}) {
    if (options.engine != "auto" && options.engine != name) continue;
    const auto engine = name == "process" ? make_process_engine(engine_options)
                                          : make_docker_engine(engine_options);
    if (!engine) {
      if (options.engine == name) return complain(environment, engine.error().context);
      tell("engine " + name + ": nothing looked for: " + engine.error().context);
      continue;
    }
    for (const std::string& removed : (*engine)->clean()) {
      tell("removed " + removed);
      ++count;
    }
  }
  std::error_code error;
  fs::remove(engine_options.work_dir, error);  // Only where it is empty.
  if (count == 0) tell("no run with --keep has left anything");
  return ok;
}

int run_scenarios(const Options& options) {
  if (options.clean) return clean(options);
  const int64_t now_ms = wall_clock_ms();
  const bool runs = !options.list && !options.dry_run;
  // Before anything can go wrong: an old verdict must not pass for this run's.
  if (runs && !options.report_dir.empty()) {
    if (auto cleared = clear_report(options.report_dir); !cleared)
      return complain(environment, cleared.error().context);
  }
  auto files =
      find_scenarios(options.paths.empty() ? std::vector<std::string>{"scenarios"} : options.paths);
  if (!files) return complain(invalid, files.error().context);
  const std::vector<Test> tests = load(*files, options, now_ms);
  if (tests.empty())
    return complain(invalid, "no test fits --filter and --tag; see mread run --list");

  std::optional<EarlierReport> earlier;
  if (!options.compare.empty()) {
    auto read = read_earlier_report(options.compare);
    if (!read) return complain(invalid, "--compare: " + read.error().context);
    earlier = std::move(*read);
  }

  NodeContext context;
  context.cache_dir = cache_dir();
  context.now_ms = now_ms;
  if (!runs) return show_tests(tests, context, options);

  EngineOptions engine_options;
  engine_options.cache_dir = context.cache_dir;
  engine_options.work_dir = work_dir();
  engine_options.keep = options.keep;
  auto engine = make_engine(options.engine, engine_options);
  if (!engine) return complain(environment, engine.error().context);
  for (const std::string& removed : (*engine)->sweep()) {
    std::fprintf(stderr, "removed what an earlier run left behind: %s\n",
                 without_commands(printable(removed)).c_str());
  }

  const std::string stamp = compact_time(now_ms);
  const auto made = prepare_report(options.report_dir, stamp);
  if (!made) return complain(environment, made.error().context + "; give another --report-dir");
  const fs::path report_dir = *made;

  const bool is_terminal = isatty(STDOUT_FILENO) != 0;
  const char* no_color = std::getenv("NO_COLOR");
  ConsoleOptions console_options;
  console_options.is_terminal = is_terminal;
  console_options.color = is_terminal && (no_color == nullptr || *no_color == '\0');
  console_options.github = options.github;
  console_options.total = tests.size() * options.repeat;
  Console console(stdout, console_options);

  StopOnSignal signals;
  RealPace pace;
  TestSurroundings surroundings{**engine, pace, stamp + "-" + std::to_string(getpid()), context};
  std::string write_error;
  const auto keep_logs = [&](TestResult& result) {
    for (NodeResult& node : result.nodes) {
      for (const auto& [path, contents] : node.files) {
        if (auto written = write_file(report_dir / path, contents); !written)
          write_error = written.error().context;
      }
      node.files.clear();
    }
  };
  const size_t count = tests.size() * options.repeat;
  fmt::print("{} test{} of {} scenario file{} on engine {}\n", count, count == 1 ? "" : "s",
             files->size(), files->size() == 1 ? "" : "s", (*engine)->name());
  std::fflush(stdout);
  Report report;
  {
    RunOptions run_options{options.jobs, options.repeat, options.fail_fast,
                           options.seed.value_or(tests.front().seed)};
    report = run_tests(tests, surroundings, run_options, console, keep_logs, signals.token());
  }
  engine->reset();
  std::error_code error;
  fs::remove(engine_options.work_dir,
             error);  // Only where it is empty: another run may have its nodes there.
  report.compared = std::move(earlier);
  if (auto written = write_report(report_dir, report); !written)
    write_error = written.error().context;
  if (options.github) {
    if (auto written = append_job_summary(report); !written) write_error = written.error().context;
  }
  console.summary(report, report_dir);
  if (options.fail_on_skip) std::fputs(skipped_tests(report).c_str(), stdout);
  std::fflush(stdout);
  if (!write_error.empty()) return complain(environment, write_error);
  if (report.is_interrupted) {
    std::fprintf(stderr, "mread run: interrupted; everything that was started is removed\n");
    return interrupted;
  }
  if (report.total(Verdict::skipped) == report.tests.size()) {
    return complain(environment, "every test was skipped: " + report.tests.front().reason);
  }
  const int code = exit_code(report);
  if (code != ok || !options.fail_on_skip || report.total(Verdict::skipped) == 0) return code;
  return complain(environment, fmt::format("{} of {} tests were skipped (--fail-on-skip)",
                                           report.total(Verdict::skipped), report.tests.size()));
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("run", "Run scenarios against real Prometheus, and report what held");
  command
      ->add_option("path", options->paths,
                   "scenario files, and folders of them (default: scenarios)")
      ->type_name("FILE|DIR");
  command
      ->add_option(
          "--engine", options->engine,
          "docker: containers; process: child processes; auto: docker where a daemon answers")
      ->check(CLI::IsMember({"auto", "docker", "process"}))
      ->capture_default_str();
  command
      ->add_option(
          "--filter", options->selection.filters,
          "only tests whose scenario, id, title or file fits the shell pattern; may be repeated")
      ->type_name("GLOB")
      ->take_all()
      ->allow_extra_args(false);
  command
      ->add_option("--tag", options->selection.tags,
                   "only scenarios with this tag; may be repeated")
      ->type_name("TAG")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--list", options->list, "print the tests and run none");
  command->add_flag("--dry-run", options->dry_run,
                    "print the tests with their nodes and phases, and run none");
  command->add_option("--jobs", options->jobs, "tests side by side")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--repeat", options->repeat, "run everything so many times")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "in place of the scenarios' own seeds")
      ->type_name("N");
  command->add_flag("--keep", options->keep,
                    "leave the nodes and their folders, and say where they are");
  command->add_flag(
      "--clean", options->clean,
      "remove what runs with --keep have left: folders, their processes, containers, networks");
  command->add_flag("--fail-on-skip", options->fail_on_skip,
                    "name the tests that were skipped, and end with 4 where there is one");
  command->add_flag("--fail-fast", options->fail_fast, "begin no further test once one has failed");
  command
      ->add_option("--report-dir", options->report_dir,
                   "where report.html, report.json, junit.xml and the nodes' logs go (default: "
                   "reports/TIME)")
      ->type_name("DIR");
  command
      ->add_option("--compare", options->compare,
                   "an earlier report.json, or its folder: report.html shows what has changed")
      ->type_name("REPORT");
  command->add_flag("--github", options->github,
                    "annotations for GitHub Actions, and a summary of the job");
  command->footer(
      "Example: mread run scenarios/seeds --engine process --filter 's2-*'\n"
      "Exit codes: 0 all passed, 1 a check failed, 2 inconclusive, 3 a scenario or flag is "
      "invalid,\n"
      "4 the environment is not usable, 130 interrupted (the report has what was judged until "
      "then).");
  command->callback([options, &exit_code] { exit_code = run_scenarios(*options); });
}

}  // namespace mread::cli
