#include "scenarios/running/run.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/printable.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/engine_choice.h"
#include "cli/report_output.h"
#include "cli/stop_on_signal.h"
#include "ruletests/load_rule_tests.h"
#include "scenarios/report/console.h"
#include "scenarios/report/earlier_report.h"
#include "scenarios/report/topology_text.h"
#include "scenarios/report/writers.h"

namespace mread::cli {
namespace {

namespace fs = std::filesystem;
using namespace scenarios;

struct Options {
  std::vector<std::string> paths;
  std::string topology;
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

// Makes the folder of the report, and writes a report that says "interrupted": a run that dies
// leaves this verdict. A folder that cannot be written to fails here, before the run.
Result<fs::path> prepare_report(const std::string& wanted, const std::string& stamp) {
  fs::path folder = wanted;
  if (wanted.empty()) {
    auto made = make_report_folder("reports", stamp);
    if (!made) return made;
    folder = *made;
  }
  Report begun;
  begun.mread_version = MREAD_VERSION;
  begun.started = std::chrono::system_clock::time_point(milliseconds(real_clock().wall_ms()));
  begun.is_interrupted = true;
  if (auto written = write_report(folder, begun); !written) return fail(written.error());
  return folder;
}

int complain(ExitCode code, const std::string& line) { return cli::complain("run", line, code); }

// Prints a line; parts of it come from scenarios.
void tell(const std::string& line) { fmt::print("{}\n", without_commands(printable(line))); }

std::vector<DrawnNode> drawn_nodes(const Test& test, NodeContext context) {
  context.grid = {test.start_ms, test.interval.count()};
  std::vector<DrawnNode> drawn;
  for (const NodeDeclaration& node : test.nodes) {
    const auto version = node.node->resolve_version(context);
    const std::string shown = !version ? "skipped: " + version.error().context : *version;
    drawn.push_back(
        {node.name, node.kind + (shown.empty() ? "" : " ") + shown, node.node->uses().read});
  }
  return drawn;
}

// Prints the tests; with dry_run also their topologies and phases, and why a test would be skipped here.
int show_tests(const std::vector<Test>& tests, const NodeContext& context, const Options& options) {
  for (const Test& test : tests) {
    tell(fmt::format("{}  {}", test.title(), test.file));
    if (!options.dry_run) continue;
    for (const std::string& warning : test.warnings) tell("  note: " + warning);
    for (const std::string& line : draw_topology(drawn_nodes(test, context))) tell("  " + line);
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

// Loads all files; the exception has the errors of all of them.
std::vector<Test> load(const std::vector<std::string>& files, const Options& options,
                       int64_t now_ms) try {
  const LoadOptions load_options{now_ms, options.seed};
  if (options.topology.empty()) return load_tests(files, options.selection, load_options);
  return ruletests::load_rule_tests(files, options.topology, options.selection, load_options);
} catch (const yaml::ConfigError& error) {
  if (options.github) {
    std::vector<std::string> named = files;
    if (!options.topology.empty()) named.push_back(options.topology);
    for (const std::string& one : errors_of(error))
      std::fputs(github_annotation(one, named).c_str(), stdout);
  }
  throw;
}

// Removes what runs with --keep have left: of the engine that --engine names, or of all engines.
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
  fs::remove(engine_options.work_dir, error);  // Only an empty one.
  if (count == 0) tell("no run with --keep has left anything");
  return ok;
}

ConsoleOptions console_options(const Options& options, size_t total) {
  const char* no_color = std::getenv("NO_COLOR");
  ConsoleOptions console;
  console.is_terminal = isatty(STDOUT_FILENO) != 0;
  console.color = console.is_terminal && (no_color == nullptr || *no_color == '\0');
  console.github = options.github;
  console.total = total;
  return console;
}

// Prints the summary of a run that has ended, and gives the exit code.
int conclude_run(const Report& report, const fs::path& report_dir, const std::string& write_error,
                 Console& console, const Options& options) {
  console.summary(report, report_dir);
  if (options.fail_on_skip) std::fputs(skipped_tests(report).c_str(), stdout);
  std::fflush(stdout);
  if (!write_error.empty()) return complain(environment, write_error);
  if (report.is_interrupted) {
    std::fprintf(stderr, "mread run: interrupted; everything that was started is removed\n");
    return interrupted;
  }
  const size_t skipped = report.total(Verdict::skipped);
  if (skipped == report.tests.size())
    return complain(environment, "every test was skipped: " + report.tests.front().reason);
  const int code = exit_code(report);
  if (code != ok || !options.fail_on_skip || skipped == 0) return code;
  return complain(environment, fmt::format("{} of {} tests were skipped (--fail-on-skip)", skipped,
                                           report.tests.size()));
}

// Runs the tests on an engine, and writes the report.
int run_on_engine(const std::vector<Test>& tests, size_t file_count, const NodeContext& context,
                  std::optional<EarlierReport> earlier, const Options& options) {
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

  const std::string stamp = report_stamp(context.now_ms);
  const auto report_dir = prepare_report(options.report_dir, stamp);
  if (!report_dir)
    return complain(environment, report_dir.error().context + "; give another --report-dir");

  const size_t count = tests.size() * options.repeat;
  Console console(stdout, console_options(options, count));
  StopOnSignal signals;
  RealWaitingClock clock;
  TestSurroundings surroundings{**engine, clock, stamp + "-" + std::to_string(getpid()), context};
  std::string write_error;
  const auto keep_logs = [&](TestResult& result) {
    for (NodeResult& node : result.nodes) {
      for (const auto& [path, contents] : node.files) {
        if (auto written = write_file(*report_dir / path, contents); !written)
          write_error = written.error().context;
      }
      node.files.clear();
    }
  };
  fmt::print("{} test{} of {} scenario file{} on engine {}\n", count, count == 1 ? "" : "s",
             file_count, file_count == 1 ? "" : "s", (*engine)->name());
  std::fflush(stdout);
  const RunOptions run_options{options.jobs, options.repeat, options.fail_fast,
                               options.seed.value_or(tests.front().seed)};
  Report report = run_tests(tests, surroundings, run_options, console, keep_logs, signals.token());
  engine->reset();
  // Only an empty folder goes: another run may have its nodes there.
  std::error_code error;
  fs::remove(engine_options.work_dir, error);
  report.compared = std::move(earlier);
  if (auto written = write_report(*report_dir, report); !written)
    write_error = written.error().context;
  if (options.github) {
    if (auto written = append_job_summary(report); !written) write_error = written.error().context;
  }
  return conclude_run(report, *report_dir, write_error, console, options);
}

int run_scenarios(const Options& options) {
  if (options.clean) return clean(options);
  const bool runs = !options.list && !options.dry_run;
  // Before anything can fail: the verdict of an earlier run must not pass for this run's.
  if (runs && !options.report_dir.empty()) {
    if (auto cleared = clear_report(options.report_dir); !cleared)
      return complain(environment, cleared.error().context);
  }
  if (!options.topology.empty()) {
    if (options.paths.empty())
      return complain(invalid, "--topology wants files of tests: mread run tests.yml --topology …");
    for (const std::string& path : options.paths) {
      if (fs::is_directory(path))
        return complain(invalid, path + ": a folder; with --topology, name the files of tests");
    }
  }
  const auto files =
      find_scenarios(options.paths.empty() ? std::vector<std::string>{"scenarios"} : options.paths);
  if (!files) return complain(invalid, files.error().context);
  NodeContext context;
  context.cache_dir = cache_dir();
  context.now_ms = real_clock().wall_ms();
  const std::vector<Test> tests = load(*files, options, context.now_ms);
  if (tests.empty())
    return complain(invalid, "no test fits --filter and --tag; see mread run --list");
  std::optional<EarlierReport> earlier;
  if (!options.compare.empty()) {
    auto read = read_earlier_report(options.compare);
    if (!read) return complain(invalid, "--compare: " + read.error().context);
    earlier = std::move(*read);
  }
  if (!runs) return show_tests(tests, context, options);
  return run_on_engine(tests, files->size(), context, std::move(earlier), options);
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
      ->add_option("--topology", options->topology,
                   "a scenario file whose nodes hold the data of unit tests: the paths are files "
                   "for promtool test rules, or scripts of PromQL (NAME.test)")
      ->type_name("FILE");
  command
      ->add_option("--engine", options->engine,
                   "docker: containers; process: child processes; auto: docker if a daemon answers")
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
  command->add_option("--jobs", options->jobs, "tests that run at the same time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->add_option("--repeat", options->repeat, "run every test this many times")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "replaces the seeds of the scenarios")
      ->type_name("N");
  command->add_flag("--keep", options->keep,
                    "leave the nodes and their folders, and say where they are");
  command->add_flag(
      "--clean", options->clean,
      "remove what runs with --keep have left: folders, processes, containers, networks");
  command->add_flag("--fail-on-skip", options->fail_on_skip,
                    "name the tests that were skipped, and exit with 4 if there is one");
  command->add_flag("--fail-fast", options->fail_fast, "start no more tests once one has failed");
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
