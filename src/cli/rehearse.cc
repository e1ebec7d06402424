#include "rehearse/rehearse.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/duration.h"
#include "base/nearest.h"
#include "base/printable.h"
#include "base/yaml.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/engine_choice.h"
#include "cli/stop_on_signal.h"
#include "rehearse/setup/read_setup.h"
#include "rehearse/twin/planned_cells.h"
#include "scenarios/report/writers.h"

namespace mread::cli {
namespace {

namespace fs = std::filesystem;
using namespace rehearse;

struct RehearseFlags {
  std::string file;
  SetupOptions setup;
  std::vector<std::string> query_files;
  RehearseOptions rehearse;
  std::string timeout = "1s";
  std::string query_timeout = "2m";
  std::string budget;
  std::string engine = "process";
  std::string format = "text";
  std::string require;
  std::string write;
  bool without_serve = false;
};

int complain(int code, const std::string& line) { return cli::complain("rehearse", line, code); }

// One line of progress, on a terminal only.
class Progress {
 public:
  void show(const std::string& what) {
    if (!is_terminal_) return;
    const std::lock_guard lock(mutex_);
    std::fprintf(stderr, "\r\x1b[K%s", printable(what, 100).c_str());
    std::fflush(stderr);
  }
  ~Progress() {
    if (is_terminal_) std::fprintf(stderr, "\r\x1b[K");
  }

 private:
  std::mutex mutex_;
  const bool is_terminal_ = isatty(STDERR_FILENO) != 0;
};

// Every word is one of `known`; else the reason.
std::optional<std::string> unknown_word(const std::vector<std::string>& words,
                                        const std::vector<std::string>& known,
                                        const std::string& flag) {
  for (const std::string& word : words) {
    if (std::ranges::find(known, word) == known.end())
      return flag + " \"" + word + "\" is not known" + suggestion(word, known, "there are ");
  }
  return std::nullopt;
}

// What the flags say beyond CLI11's types; else the reason.
std::optional<std::string> read_flags(RehearseFlags& flags, const NodeSetup& setup) {
  const auto timeout = parse_duration(flags.timeout);
  if (!timeout || timeout->count() < 200 || *timeout > std::chrono::minutes(10))
    return "--timeout is a duration from 200ms to 10m";
  flags.rehearse.longest_timeout = *timeout;
  const auto query_timeout = parse_duration(flags.query_timeout);
  if (!query_timeout || query_timeout->count() <= 0)
    return "--query-timeout is a duration above 0, as that of Prometheus's --query.timeout";
  flags.rehearse.query_timeout = *query_timeout;
  if (!flags.budget.empty()) {
    const auto budget = parse_duration(flags.budget);
    if (!budget) return "--budget: " + budget.error().context;
    flags.rehearse.budget = *budget;
  }
  flags.rehearse.with_serve = !flags.without_serve;
  if (auto reason = unknown_word(flags.rehearse.failures, cell_words(), "--failure")) return reason;
  return unknown_word(flags.rehearse.backends, setup.node_names(), "--backend");
}

// Writes the twin, and each chosen cell, as scenarios.
int write_scenarios(const RehearseFlags& flags, const NodeSetup& setup, const ExampleData& data) {
  size_t count = 0;
  const auto write = [&](const std::string& name, const std::string& text) -> Result<void> {
    ++count;
    return scenarios::write_file(fs::path(flags.write) / (name + ".yaml"), text);
  };
  for (const Reader reader : {Reader::direct, Reader::served}) {
    if (reader == Reader::served && flags.without_serve) continue;
    TwinOptions twin;
    twin.version = flags.rehearse.version;
    twin.longest_timeout = flags.rehearse.longest_timeout;
    twin.query_timeout = flags.rehearse.query_timeout;
    twin.reader = reader;
    const std::string prefix = reader == Reader::served ? "served" : "direct";
    if (auto done = write(prefix, twin_scenario(setup, data, setup.questions, twin)); !done)
      return complain(environment, done.error().context);
    for (const PlannedCell& cell :
         plan_cells(setup, twin, {flags.rehearse.failures, flags.rehearse.backends})) {
      std::string name = prefix;
      for (const auto& [backend, failure] : cell.broken)
        name += "-" + setup.backends[backend].node + "-" + std::string(failure.word);
      const std::string text = twin_scenario(setup, data, setup.questions, twin, cell.broken);
      if (auto done = write(name, text); !done) return complain(environment, done.error().context);
    }
  }
  fmt::print("{} scenarios written to {}; run one with mread run FILE\n", count,
             printable(flags.write));
  return ok;
}

// Prints the lines of what is not met. Gives the exit code.
int judge(const Rehearsal& rehearsal, const std::vector<Requirement>& requirements) {
  int code = ok;
  for (const Requirement& one : requirements) {
    for (const std::string& line : unmet(rehearsal, one)) {
      std::fprintf(stderr, "mread rehearse: not %s: %s\n", one.text.c_str(),
                   without_commands(printable(line)).c_str());
      code = failed;
    }
  }
  return code;
}

int code_of(const Error& error) {
  if (error.is(Errc::canceled)) return interrupted;
  if (error.is(Errc::config)) return invalid;
  return error.is(Errc::environment) ? environment : failed;
}

int run_rehearse(RehearseFlags flags) {
  std::vector<Requirement> requirements;
  if (!flags.require.empty()) {
    auto parsed = parse_requirements(flags.require);
    if (!parsed) return complain(invalid, "--require: " + parsed.error().context);
    requirements = std::move(*parsed);
  }
  const NodeSetup setup = read_setup(flags.file, flags.setup);
  if (const auto wrong = read_flags(flags, setup)) return complain(invalid, *wrong);
  if (setup.questions.empty()) {
    return complain(invalid,
                    "nothing is asked: the file names no rules that are here; give --rules FILE or "
                    "--query EXPR");
  }
  const ExampleData data = make_example_data(setup.questions, setup.groups);
  if (!flags.write.empty()) return write_scenarios(flags, setup, data);

  scenarios::EngineOptions engine_options;
  engine_options.cache_dir = cache_dir();
  engine_options.work_dir = work_dir();
  auto engine = make_engine(flags.engine, engine_options);
  if (!engine) return complain(environment, engine.error().context);
  (*engine)->sweep();
  scenarios::NodeContext nodes;
  nodes.cache_dir = engine_options.cache_dir;
  nodes.now_ms = real_clock().wall_ms();
  StopOnSignal signals;
  Result<Rehearsal> rehearsal = [&] {
    Progress progress;
    const RehearseSurroundings around{
        **engine, nodes, "rehearse-" + std::to_string(getpid()),
        [&progress](const std::string& what) { progress.show(what); }};
    return rehearse::rehearse(setup, data, flags.rehearse, around, signals.token());
  }();
  engine->reset();
  std::error_code error;
  fs::remove(engine_options.work_dir, error);  // Only an empty one.
  if (!rehearsal) {
    if (rehearsal.error().is(Errc::canceled))
      return complain(interrupted, "interrupted; everything that was started is removed");
    return complain(code_of(rehearsal.error()), rehearsal.error().to_string());
  }
  if (flags.format == "json")
    std::fputs(printable_json(to_json(*rehearsal)).c_str(), stdout);
  else
    std::fputs(without_commands(printable_lines(to_text(*rehearsal))).c_str(), stdout);
  std::fflush(stdout);
  return judge(*rehearsal, requirements);
}

}  // namespace

void add_rehearse(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<RehearseFlags>();
  CLI::App* command = app.add_subcommand(
      "rehearse",
      "Break each backend of a prometheus.yml in each manner, on a twin, and show what "
      "its rules and queries then get");
  command->add_option("file", flags->file, "the query node's prometheus.yml")
      ->type_name("FILE")
      ->required();
  const auto list = [command](const char* name, std::vector<std::string>& values, const char* help,
                              const char* type) {
    command->add_option(name, values, help)->type_name(type)->take_all()->allow_extra_args(false);
  };
  list("--rules", flags->setup.rules, "rule files in place of those of rule_files; may be repeated",
       "FILE");
  list("--query", flags->setup.queries, "an expression that is asked too; may be repeated", "EXPR");
  list("--replicas", flags->setup.replicas,
       "backends that hold the same data; may be repeated for further groups", "A,B");
  command
      ->add_option("--version", flags->rehearse.version,
                   "the query node's Prometheus: v2.42, v2.53, v3.5 (default: the newest here)")
      ->type_name("VERSION");
  list("--failure", flags->rehearse.failures, "only this class of failures; may be repeated",
       "WORD");
  list("--backend", flags->rehearse.backends, "only failures of this backend; may be repeated",
       "NAME");
  command
      ->add_option("--timeout", flags->timeout,
                   "the twin's longest remote_timeout; longer ones are scaled down to it")
      ->type_name("DURATION")
      ->capture_default_str();
  command->add_option("--query-timeout", flags->query_timeout, "the query node's --query.timeout")
      ->type_name("DURATION")
      ->capture_default_str();
  command
      ->add_option("--budget", flags->budget,
                   "start no further cell after this time; the most telling run first")
      ->type_name("DURATION");
  command->add_flag("--without-serve", flags->without_serve,
                    "only the set-up as it is, not with mread serve in front");
  command
      ->add_option("--require", flags->require,
                   "exit with 1 unless the set-up is told, complete or answered, each for all "
                   "cells, or with :replica or :FAILURE")
      ->type_name("LIST");
  command
      ->add_option("--write", flags->write,
                   "run nothing: write the twin and each cell as scenarios into this folder")
      ->type_name("DIR");
  command->add_option("--format", flags->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command
      ->add_option("--engine", flags->engine,
                   "docker: containers; process: child processes; auto: docker if a daemon answers")
      ->check(CLI::IsMember({"auto", "docker", "process"}))
      ->capture_default_str();
  command->add_option("--seed", flags->rehearse.seed, "of the twin")->type_name("N");
  command->footer(
      "Example: mread rehearse prometheus.yml --replicas us-east,eu --require told\n"
      "Exit codes: 0, 1 a requirement is not met, 3 a file or flag is invalid, 4 the environment "
      "is "
      "not\nusable, 130 interrupted.");
  command->callback([flags, &exit_code] { exit_code = run_rehearse(*flags); });
}

}  // namespace mread::cli
