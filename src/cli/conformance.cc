#include "probe/conformance.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/timestamp.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/read_call_flags.h"

namespace mread::cli {

namespace {

struct ConformanceFlags {
  std::string url;
  std::string selector;
  std::string format = "text";
  ReadCallFlags call;
};

int complain(int exit_code, const std::string& what) {
  return cli::complain("conformance", what, exit_code);
}

int conformance(const ConformanceFlags& flags) {
  const auto call = flags.call.call(flags.url, flags.selector, wall_clock_ms());
  if (!call) return complain(ExitCode::invalid, call.error().to_string());
  const auto rows = probe::examine(*call);
  if (!rows) return complain(ExitCode::invalid, rows.error().to_string());
  const std::string text =
      flags.format == "json" ? probe::conformance_json(*rows) : probe::conformance_text(*rows);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    return complain(ExitCode::invalid, "cannot write to standard output");
  const bool broken = std::any_of(rows->begin(), rows->end(), [](const probe::ConformanceRow& row) {
    return row.verdict == probe::Verdict::no;
  });
  return broken ? ExitCode::failed : ExitCode::ok;
}

}  // namespace

void add_conformance(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ConformanceFlags>();
  CLI::App* command = app.add_subcommand(
      "conformance", "Check a remote-read endpoint against the facts of the protocol");
  command->add_option("URL", flags->url, "The endpoint, as in mread read")->required();
  command->add_option("SELECTOR", flags->selector,
                      "Series to ask for; without it `up`, or the metric with the most series");
  flags->call.add_range_to(*command);
  command->add_option("--format", flags->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  flags->call.add_access_to(*command);
  command->footer(
      "It only reads. Exit code: 0 no row says no, 1 one does, 3 could not read.\nExample: mread "
      "conformance http://localhost:9090 '{__name__=~\"up|my_histogram\"}'");
  command->callback([flags, &exit_code] { exit_code = conformance(*flags); });
}

}  // namespace mread::cli
