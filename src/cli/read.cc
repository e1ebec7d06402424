#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/printable.h"
#include "base/timestamp.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/read_call_flags.h"
#include "probe/answer_statistics.h"
#include "probe/read_client.h"
#include "probe/series_output.h"

namespace mread::cli {

namespace {

struct ReadFlags {
  std::string url;
  std::string selector;
  std::string output = "table";
  ReadCallFlags call;
  uint64_t limit = 0;
  bool values = false;
  bool fail_on_partial = false;
};

int complain(int exit_code, const std::string& what) {
  return cli::complain("read", what, exit_code);
}

bool colour_wanted() {
  const char* no_color = std::getenv("NO_COLOR");
  return ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0');
}

std::string size_text(uint64_t bytes) {
  if (bytes < 10'000) return fmt::format("{} bytes", bytes);
  if (bytes < (10U << 20)) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / 1024);
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

std::string render(const ReadFlags& flags, const probe::ReadReply& reply) {
  if (flags.output == "openmetrics") {
    const std::string text = probe::openmetrics(reply.series);
    // A file gets what the labels hold. The other forms have escapes of their own.
    return ::isatty(STDOUT_FILENO) == 1 ? printable_lines(text) : text;
  }
  if (flags.output == "json") return probe::json(reply.series);
  if (flags.output == "csv") return probe::csv(reply.series);
  const probe::TableStyle style{colour_wanted(), flags.values,
                                flags.limit == 0 ? UINT64_MAX : flags.limit};
  return probe::table(reply.series, style);
}

bool print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         std::fflush(stdout) == 0;
}

int partial_code(const ReadFlags& flags, std::string_view partial) {
  if (partial.empty()) return ExitCode::ok;
  return complain(flags.fail_on_partial ? ExitCode::failed : ExitCode::ok,
                  fmt::format("the answer is partial: {}", partial));
}

int read_statistics(const ReadFlags& flags, const probe::ReadCall& call) {
  auto raw = probe::read_raw(call);
  if (!raw) return complain(ExitCode::failed, raw.error().to_string());
  auto answer = probe::decode_answer(raw->head.headers, std::move(raw->body),
                                     {call.body_limit_bytes, call.frame_limit_bytes});
  if (!answer) return complain(ExitCode::failed, answer.error().in(call.url.shown()).to_string());
  const probe::AnswerStatistics statistics = probe::statistics_of(*answer, call.query);
  if (!print(flags.output == "stats" ? probe::statistics_text(statistics)
                                     : probe::statistics_json(statistics)))
    return complain(ExitCode::failed, "cannot write to standard output");
  return partial_code(flags, raw->head.headers.get("X-Mread-Partial"));
}

int read(const ReadFlags& flags) {
  // An empty selector is a mistake, and `{}` an error that says so.
  const std::string selector = flags.selector.empty() ? "{}" : flags.selector;
  auto call = flags.call.call(flags.url, selector, wall_clock_ms());
  if (!call) return complain(ExitCode::invalid, call.error().to_string());
  if (flags.output == "stats" || flags.output == "stats-json") return read_statistics(flags, *call);
  auto reply = probe::read_series(std::move(*call));
  if (!reply) return complain(ExitCode::failed, reply.error().to_string());

  const uint64_t series = reply->series.size();
  const uint64_t samples = reply->samples();
  std::stable_sort(
      reply->series.begin(), reply->series.end(),
      [](const model::Series& a, const model::Series& b) { return a.labels < b.labels; });
  if (flags.output != "table" && flags.limit > 0 && series > flags.limit)
    reply->series.resize(flags.limit);
  if (!print(render(flags, *reply)))
    return complain(ExitCode::failed, "cannot write to standard output");
  if (flags.output == "table") {
    const bool streamed = reply->response_type == model::ResponseType::streamed_xor_chunks;
    fmt::print("{} series, {} samples; {}, {}, {:.1f} ms\n", series, samples,
               streamed ? fmt::format("streamed in {} frame{}", reply->frames,
                                      reply->frames == 1 ? "" : "s")
                        : "SAMPLES",
               size_text(reply->body_bytes), static_cast<double>(reply->duration.count()) / 1000);
  }
  return partial_code(flags, reply->partial());
}

}  // namespace

void add_read(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ReadFlags>();
  CLI::App* command =
      app.add_subcommand("read", "Read series from a remote-read endpoint: curl for remote read");
  command->add_option("URL", flags->url, "The endpoint; without a path, /api/v1/read is asked")
      ->required();
  command->add_option("SELECTOR", flags->selector, "Which series, as in PromQL")->required();
  flags->call.add_range_to(*command);
  command->add_option("-o,--output", flags->output, "What to print")
      ->check(CLI::IsMember({"table", "openmetrics", "json", "csv", "stats", "stats-json"}))
      ->capture_default_str();
  flags->call.add_types_to(*command);
  command->add_flag("--values", flags->values, "In a table, every sample under its series");
  command->add_flag("--fail-on-partial", flags->fail_on_partial,
                    "Exit with 1 where the answer says that it is partial (X-Mread-Partial)");
  flags->call.add_access_to(*command);
  command->add_option("--limit", flags->limit, "Print at most this many series (0: all)")
      ->capture_default_str();
  command->footer(
      "Example: mread read http://localhost:9090 'up{job=\"node\"}' --start now-15m --values");
  command->callback([flags, &exit_code] { exit_code = read(*flags); });
}

}  // namespace mread::cli
