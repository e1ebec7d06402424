#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "base/host_names.h"
#include "base/nearest.h"
#include "base/printable.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "drafts/draft.h"
#include "rehearse/data/example_data.h"
#include "rehearse/setup/read_setup.h"
#include "rehearse/twin/whole_scenario.h"
#include "scenarios/report/writers.h"

namespace mread::cli {
namespace {

namespace fs = std::filesystem;
using namespace drafts;

struct NewFlags {
  std::string file;
  std::string shape;
  Draft draft;
  std::string from;  // A prometheus.yml.
  rehearse::SetupOptions setup;
  bool overwrites = false;
};

int complain(const std::string& line) { return cli::complain("new", line, invalid); }

// A line of the terminal; the default for an empty one, or at the end of the input.
std::string ask(const std::string& question, const std::string& otherwise) {
  fmt::print(stderr, "{} [{}]: ", question, otherwise);
  std::string line;
  if (!std::getline(std::cin, line) || line.empty()) return otherwise;
  return line;
}

// Asks until the answer is one that `accepts` takes.
void ask_until(const std::string& question, const std::string& otherwise,
               const std::function<bool(const std::string&)>& accepts) {
  while (std::cin && !accepts(ask(question, otherwise)))
    fmt::print(stderr, "  once more, please\n");
}

bool read_count(const std::string& text, size_t lowest, size_t highest, size_t& value) {
  if (text.empty() || text.size() > 3 || text.find_first_not_of("0123456789") != std::string::npos)
    return false;
  const size_t number = std::stoul(text);
  if (number < lowest || number > highest) return false;
  value = number;
  return true;
}

void ask_all(NewFlags& flags) {
  Draft& draft = flags.draft;
  ask_until("Shape (" + comma_list(shape_names()) + ")", "pair", [&](const std::string& text) {
    flags.shape = text;
    return shape_called(text).has_value();
  });
  const Shape shape = shape_called(flags.shape).value_or(Shape::pair);
  if (shape == Shape::shards || shape == Shape::sharded_pairs) {
    ask_until("Shards", "2",
              [&](const std::string& text) { return read_count(text, 1, 50, draft.shards); });
  }
  if (shape == Shape::pair || shape == Shape::sharded_pairs) {
    ask_until("Replicas of each", "2",
              [&](const std::string& text) { return read_count(text, 2, 5, draft.replicas); });
  }
  ask_until("Query nodes", "1",
            [&](const std::string& text) { return read_count(text, 1, 10, draft.query_nodes); });
  const auto yes_or_no = [](bool& value) {
    return [&value](const std::string& text) {
      value = text == "y" || text == "yes";
      return value || text == "n" || text == "no";
    };
  };
  ask_until("mread serve in front (y, n)", "n", yes_or_no(draft.has_serve));
  ask_until("Rules on the query nodes (y, n)", "n", yes_or_no(draft.has_rules));
}

// Writes the text to the file, or to the standard output for "-".
int write_scenario(const NewFlags& flags, const std::string& text) {
  if (flags.file == "-") {
    std::fputs(text.c_str(), stdout);
    return ok;
  }
  std::error_code error;
  if (!flags.overwrites && fs::exists(flags.file, error))
    return complain(flags.file + " is there already: another name, or --force to replace it");
  if (const auto written = scenarios::write_file(flags.file, text); !written)
    return cli::complain("new", written.error().to_string(), environment);
  fmt::print("{} written; run it with mread run {}\n", flags.file, flags.file);
  return ok;
}

// The scenario's name: that of its file, or `otherwise` where it is printed; empty where there are
// no letters in it.
std::string scenario_name(const NewFlags& flags, const std::string& otherwise) {
  return flags.file == "-" ? host_label(otherwise)
                           : host_label(fs::path(flags.file).stem().string());
}

int run_from(NewFlags& flags) {
  if (!flags.shape.empty()) return complain("--from and --shape: one of the two");
  if (flags.draft.query_versions.size() > 1)
    return complain("--version: the query node of --from has one version");
  const rehearse::NodeSetup setup = rehearse::read_setup(flags.from, flags.setup);
  if (setup.questions.empty()) {
    return complain(
        "nothing is asked: the file names no rules that are here; give --rules FILE or --query "
        "EXPR");
  }
  const std::string stem = fs::path(flags.from).stem().string();
  if (flags.file.empty()) flags.file = stem + "-scenario.yaml";
  const std::string name = scenario_name(flags, stem);
  if (name.empty())
    return complain(flags.file + ": a scenario's name is made of the file's: write letters");
  const auto scenario = rehearse::whole_scenario(
      setup::read_prometheus_file(flags.from), setup,
      rehearse::make_example_data(setup.questions, setup.groups), name,
      flags.draft.query_versions.empty() ? "" : flags.draft.query_versions.front());
  for (const std::string& note : setup.notes) fmt::print(stderr, "note: {}\n", printable(note));
  for (const std::string& note : scenario.notes) fmt::print(stderr, "note: {}\n", printable(note));
  return write_scenario(flags, scenario.text);
}

int run_new(NewFlags& flags) {
  if (!flags.from.empty()) return run_from(flags);
  if (!flags.setup.rules.empty() || !flags.setup.queries.empty() || !flags.setup.replicas.empty())
    return complain("--rule-file, --query and --same-data go with --from");
  if (flags.shape.empty()) {
    if (isatty(STDIN_FILENO) == 0) {
      return complain("--shape says which set-up: " + comma_list(shape_names()) +
                      " (on a terminal, mread new asks)");
    }
    ask_all(flags);
  }
  const auto shape = shape_called(flags.shape);
  if (!shape) {
    return complain("--shape: \"" + flags.shape + "\" is not known" +
                    suggestion(flags.shape, shape_names(), "there are "));
  }
  flags.draft.shape = *shape;
  if (flags.file.empty()) flags.file = flags.shape + ".yaml";
  flags.draft.name = scenario_name(flags, flags.shape);
  if (flags.draft.name.empty())
    return complain(flags.file + ": a scenario's name is made of the file's: write letters");
  return write_scenario(flags, draft_scenario(flags.draft));
}

}  // namespace

void add_new(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<NewFlags>();
  CLI::App* command = app.add_subcommand(
      "new", "Write a first scenario: by the shape of a set-up, or from a prometheus.yml");
  command->add_option(
      "FILE", flags->file,
      "the scenario; - prints it (default: SHAPE.yaml, or NAME-scenario.yaml of NAME.yml)");
  command->add_option("--shape", flags->shape, comma_list(shape_names()))->type_name("WORD");
  command
      ->add_option("--from", flags->from,
                   "a query node's prometheus.yml: it and what it reads, in place of a shape")
      ->type_name("FILE");
  const auto list = [command](const char* name, std::vector<std::string>& values, const char* help,
                              const char* type) {
    command->add_option(name, values, help)->type_name(type)->take_all()->allow_extra_args(false);
  };
  list("--rule-file", flags->setup.rules,
       "with --from: rule files in place of those of rule_files; may be repeated", "FILE");
  list("--query", flags->setup.queries, "with --from: an expression that is asked too", "EXPR");
  list("--same-data", flags->setup.replicas,
       "with --from: backends that hold the same data; may be repeated for further groups", "A,B");
  Draft& draft = flags->draft;
  const auto count = [command](const char* flag, size_t& value, size_t lowest, size_t highest,
                               const char* help) {
    command->add_option(flag, value, help)
        ->type_name("N")
        ->check(CLI::Range(lowest, highest))
        ->capture_default_str();
  };
  count("--shards", draft.shards, 1, 50, "parts of the data, of shards and sharded-pairs");
  count("--replicas", draft.replicas, 2, 5, "collectors of each part, of pair and sharded-pairs");
  count("--query-nodes", draft.query_nodes, 1, 10, "query nodes over all collectors");
  command
      ->add_option("--version", draft.query_versions,
                   "of the query nodes; may be repeated, and is then taken in turn")
      ->type_name("VERSION")
      ->allow_extra_args(false);
  command->add_option("--collector-version", draft.collector_versions, "likewise, of collectors")
      ->type_name("VERSION")
      ->allow_extra_args(false);
  command->add_flag("--serve", draft.has_serve, "mread serve between query nodes and collectors");
  command->add_flag("--rules", draft.has_rules,
                    "an alert and a recorded series on each query node");
  command->add_flag("--force", flags->overwrites, "replace a file that is there");
  command->footer(
      "Example: mread new company.yaml --shape sharded-pairs --shards 3 --query-nodes 2 --rules "
      "--version v3.5 --version v2.53\n"
      "Example: mread new --from prometheus.yml --same-data us-a,us-b --query 'sum(up)'\n"
      "Exit codes: 0, 3 a flag is invalid or the file is there, 4 it cannot be written.");
  command->callback([flags, &exit_code] { exit_code = run_new(*flags); });
}

}  // namespace mread::cli
