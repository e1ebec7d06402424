#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/printable.h"
#include "base/timestamp.h"
#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/credential_flags.h"
#include "cli/transport_flags.h"
#include "model/matcher.h"
#include "net/http.h"
#include "scenarios/reading/read_client.h"
#include "scenarios/reading/series_output.h"

namespace mread::cli {

namespace {

struct ReadFlags {
  std::string url;
  std::string selector;
  std::string start = "now-1h";
  std::string end = "now";
  std::string output = "table";
  std::string timeout = "1m";
  CredentialFlags credentials;
  TransportFlags transport;
  uint64_t limit = 0;
  bool stream = false;
  bool samples = false;
  bool values = false;
  bool fail_on_partial = false;
};

int complain(int exit_code, const std::string& what) {
  return cli::complain("read", what, exit_code);
}

// A time, with a hint where seconds were meant and milliseconds given, as most APIs have them.
Result<int64_t> read_time(const std::string& text, int64_t now_ms) {
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits && text.size() == 13) {
    return fail(Errc::config, fmt::format("{} looks like milliseconds; want seconds: {}.{}", text,
                                          text.substr(0, 10), text.substr(10)));
  }
  return parse_timestamp(text, now_ms);
}

Result<scenarios::ReadCall> make_call(const ReadFlags& flags) {
  scenarios::ReadCall call;
  auto url = net::Url::parse(flags.url);
  if (!url) return fail(std::move(url.error()));
  call.url = std::move(*url);
  if (call.url.target == "/") call.url.target = "/api/v1/read";
  auto matchers = model::parse_selector(flags.selector);
  if (!matchers) return fail(matchers.error().in(fmt::format("selector '{}'", flags.selector)));
  call.query.matchers = std::move(*matchers);

  const int64_t now_ms = wall_clock_ms();
  const auto start = read_time(flags.start, now_ms);
  if (!start) return fail(start.error().in("--start"));
  const auto end = read_time(flags.end, now_ms);
  if (!end) return fail(end.error().in("--end"));
  if (*end < *start) {
    return fail(Errc::config, fmt::format("--end ({}) lies before --start ({})",
                                          format_timestamp(*end), format_timestamp(*start)));
  }
  call.query.start_ms = *start;
  call.query.end_ms = *end;

  if (flags.stream) call.accept = {model::ResponseType::streamed_xor_chunks};
  if (flags.samples) call.accept = {model::ResponseType::samples};
  const auto timeout = parse_duration(flags.timeout);
  if (!timeout) return fail(timeout.error().in("--timeout"));
  if (timeout->count() <= 0) return fail(Errc::config, "--timeout: must be above zero");
  call.timeout = *timeout;
  auto transport = flags.transport.transport();
  if (!transport) return fail(std::move(transport.error()));
  call.transport = std::move(*transport);
  if (auto applied = flags.credentials.apply(call.headers); !applied)
    return fail(std::move(applied.error()));
  return call;
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

std::string render(const ReadFlags& flags, const scenarios::ReadReply& reply) {
  if (flags.output == "openmetrics") {
    const std::string text = scenarios::openmetrics(reply.series);
    // A file gets what the labels hold. The other forms have escapes of their own.
    return ::isatty(STDOUT_FILENO) == 1 ? printable_lines(text) : text;
  }
  if (flags.output == "json") return scenarios::json(reply.series);
  if (flags.output == "csv") return scenarios::csv(reply.series);
  const scenarios::TableStyle style{colour_wanted(), flags.values,
                                    flags.limit == 0 ? UINT64_MAX : flags.limit};
  return scenarios::table(reply.series, style);
}

int read(const ReadFlags& flags) {
  auto call = make_call(flags);
  if (!call) return complain(ExitCode::invalid, call.error().to_string());
  auto reply = scenarios::read_series(std::move(*call));
  if (!reply) return complain(ExitCode::failed, reply.error().to_string());

  const uint64_t series = reply->series.size();
  const uint64_t samples = reply->samples();
  std::stable_sort(
      reply->series.begin(), reply->series.end(),
      [](const model::Series& a, const model::Series& b) { return a.labels < b.labels; });
  if (flags.output != "table" && flags.limit > 0 && series > flags.limit)
    reply->series.resize(flags.limit);
  const std::string text = render(flags, *reply);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    return complain(ExitCode::failed, "cannot write to standard output");
  }
  if (flags.output == "table") {
    const bool streamed = reply->response_type == model::ResponseType::streamed_xor_chunks;
    fmt::print("{} series, {} samples; {}, {}, {:.1f} ms\n", series, samples,
               streamed ? fmt::format("streamed in {} frame{}", reply->frames,
                                      reply->frames == 1 ? "" : "s")
                        : "SAMPLES",
               size_text(reply->body_bytes), static_cast<double>(reply->duration.count()) / 1000);
  }
  if (reply->partial().empty()) return ExitCode::ok;
  return complain(flags.fail_on_partial ? ExitCode::failed : ExitCode::ok,
                  fmt::format("the answer is partial: {}", reply->partial()));
}

}  // namespace

void add_read(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ReadFlags>();
  CLI::App* command =
      app.add_subcommand("read", "Read series from a remote-read endpoint: curl for remote read");
  command->add_option("URL", flags->url, "The endpoint; without a path, /api/v1/read is asked")
      ->required();
  command->add_option("SELECTOR", flags->selector, "Which series, as in PromQL")->required();
  command->add_option("--start", flags->start, "RFC 3339, seconds, now, or now-1h")
      ->capture_default_str();
  command->add_option("--end", flags->end, "Likewise")->capture_default_str();
  command->add_option("-o,--output", flags->output, "What to print")
      ->check(CLI::IsMember({"table", "openmetrics", "json", "csv"}))
      ->capture_default_str();
  CLI::Option* stream =
      command->add_flag("--stream", flags->stream, "Ask for STREAMED_XOR_CHUNKS only");
  command->add_flag("--samples", flags->samples, "Ask for SAMPLES only")->excludes(stream);
  command->add_flag("--values", flags->values, "In a table, every sample under its series");
  command->add_flag("--fail-on-partial", flags->fail_on_partial,
                    "Exit with 1 where the answer says that it is partial (X-Mread-Partial)");
  command->add_option("--timeout", flags->timeout, "For the whole answer")->capture_default_str();
  flags->credentials.add_to(*command);
  add_transport_flags(*command, flags->transport);
  command->add_option("--limit", flags->limit, "Print at most this many series (0: all)")
      ->capture_default_str();
  command->footer(
      "Example: mread read http://localhost:9090 'up{job=\"node\"}' --start now-15m --values");
  command->callback([flags, &exit_code] { exit_code = read(*flags); });
}

}  // namespace mread::cli
