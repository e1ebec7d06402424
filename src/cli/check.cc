#include "check/check.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/printable.h"
#include "check/input/read_input.h"
#include "check/output/formats.h"
#include "cli/commands.h"
#include "cli/complain.h"

namespace mread::cli {
namespace {

using namespace check;

struct CheckFlags {
  std::string file;
  InputOptions input;
  uint64_t query_nodes = 0;
  uint64_t series = 0;
  std::string format = "text";
  std::string fail_on = "error";
  std::string explain;
  bool fixes = false;
};

int complain(const std::string& line) { return cli::complain("check", line, invalid); }

// "2026-11-27", in local time.
std::string today() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm local{};
  localtime_r(&now, &local);
  return fmt::format("{:04}-{:02}-{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday);
}

bool has_color() {
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || *no_color == '\0');
}

std::string explanation(const Rule& rule) {
  return fmt::format("{} {} ({})\n{}.\n\n{}\n\nMend: {}\n\nMore: {}\n", rule.code, rule.name,
                     to_string(rule.severity), rule.title, rule.effect, rule.mend, page_of(rule));
}

int explain(const std::string& word) {
  if (word == "all") {
    for (const Rule& rule : all_rules())
      fmt::print("{}  {:<8}{}\n", rule.code, to_string(rule.severity), rule.title);
    return ok;
  }
  const auto rule = rule_called(word);
  if (!rule)
    return complain("--explain: there is no rule \"" + word + "\": MR001 to MR036, or all");
  std::fputs(explanation(rule_of(*rule)).c_str(), stdout);
  return ok;
}

std::string formatted(const CheckResult& result, const std::string& format) {
  const std::map<std::string, std::function<std::string()>> formats{
      {"text", [&] { return to_text(result, {.has_color = has_color()}); }},
      {"json", [&] { return to_json(result); }},
      {"checkstyle", [&] { return to_checkstyle(result); }},
      {"github", [&] { return to_github(result); }},
      {"gitlab", [&] { return to_gitlab(result); }},
      {"sarif", [&] { return to_sarif(result, MREAD_VERSION); }},
  };
  return formats.at(format)();
}

int run_check(CheckFlags& flags) {
  if (!flags.explain.empty()) return explain(flags.explain);
  if (flags.file.empty()) return complain("name the query node's file: mread check prometheus.yml");
  if (flags.query_nodes > 0) flags.input.query_nodes = flags.query_nodes;
  if (flags.series > 0) flags.input.series = flags.series;
  const CheckResult result = check::check(read_input(flags.file, flags.input), today());
  if (flags.fixes) {
    const std::string diff = to_diff(result);
    if (diff.empty()) {
      return cli::complain("check", "no finding has a mechanical mend", ok);
    }
    std::fputs(diff.c_str(), stdout);
    return ok;
  }
  const std::string text = formatted(result, flags.format);
  // Other formats are read by programs; a workflow command is what the caller asked for.
  std::fputs(flags.format == "text" ? without_commands(text).c_str() : text.c_str(), stdout);
  if (std::fflush(stdout) != 0)
    return cli::complain("check", "the output cannot be written", environment);
  const Severity limit = flags.fail_on == "error"     ? Severity::error
                         : flags.fail_on == "warning" ? Severity::warning
                                                      : Severity::info;
  return flags.fail_on != "never" && result.has_at_least(limit) ? failed : ok;
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<CheckFlags>();
  CLI::App* command = app.add_subcommand(
      "check", "Find what is wrong with a remote_read set-up by its files, without running it");
  command->add_option("FILE", flags->file, "the query node's prometheus.yml");
  const auto list = [command](const char* flag, std::vector<std::string>& values, const char* help,
                              const char* type) {
    command->add_option(flag, values, help)->type_name(type)->allow_extra_args(false);
  };
  list("--rules", flags->input.rules, "rule files in place of those of rule_files; may be repeated",
       "FILE");
  list("--query", flags->input.queries, "an expression that is asked besides the rules", "EXPR");
  list("--collector", flags->input.collectors,
       "the prometheus.yml of a backend, named by its host or its entry's name", "NAME=FILE");
  list("--replicas", flags->input.replicas, "backends that hold the same data; may be repeated",
       "A,B");
  list("--version", flags->input.versions,
       "the query node's Prometheus (default v3.5), or a backend's", "[NAME=]VERSION");
  list("--flag", flags->input.flags, "a flag that the query node or a backend is started with",
       "[NAME:]FLAG=VALUE");
  command->add_option("--serve", flags->input.serve, "the mread.yml of an mread serve in front")
      ->type_name("FILE");
  command->add_option("--query-nodes", flags->query_nodes, "how many nodes have this file")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000));
  command
      ->add_option("--series", flags->series, "the most series that a selector finds in a backend")
      ->type_name("N")
      ->check(CLI::Range(1, 2'000'000'000));
  command->add_option("--address", flags->input.address, "where others reach the query node")
      ->type_name("HOST:PORT");
  command->add_option("--format", flags->format, comma_list(format_names()))
      ->type_name("WORD")
      ->check(CLI::IsMember(format_names()))
      ->capture_default_str();
  command
      ->add_option("--fail-on", flags->fail_on,
                   "exit with 1 from this severity on: error, warning, info, never")
      ->type_name("WORD")
      ->check(CLI::IsMember({"error", "warning", "info", "never"}))
      ->capture_default_str();
  command->add_flag("--fix", flags->fixes,
                    "print the mechanical mends as a diff (for patch FILE), and nothing else");
  command
      ->add_option("--explain", flags->explain, "print what a rule is about (all: list the rules)")
      ->type_name("RULE");
  command->footer(
      "Example: mread check prometheus.yml --collector us-east=collector.yml --version v3.5\n"
      "Exit codes: 0 nothing at or above --fail-on, 1 findings, 3 a file or flag is invalid.");
  command->callback([flags, &exit_code] { exit_code = run_check(*flags); });
}

}  // namespace mread::cli
