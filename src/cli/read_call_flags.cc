#include "cli/read_call_flags.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/timestamp.h"
#include "model/matcher.h"

namespace mread::cli {

namespace {

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

}  // namespace

void ReadCallFlags::add_range_to(CLI::App& command) {
  command.add_option("--start", start, "RFC 3339, seconds, now, or now-1h")->capture_default_str();
  command.add_option("--end", end, "Likewise")->capture_default_str();
}

void ReadCallFlags::add_types_to(CLI::App& command) {
  CLI::Option* streamed = command.add_flag("--stream", stream, "Ask for STREAMED_XOR_CHUNKS only");
  command.add_flag("--samples", samples, "Ask for SAMPLES only")->excludes(streamed);
}

void ReadCallFlags::add_access_to(CLI::App& command) {
  command.add_option("--timeout", timeout, "For the whole answer")->capture_default_str();
  credentials.add_to(command);
  add_transport_flags(command, transport);
}

Result<probe::ReadCall> ReadCallFlags::call(const std::string& url, const std::string& selector,
                                            int64_t now_ms) const {
  probe::ReadCall call;
  auto parsed = net::Url::parse(url);
  if (!parsed) return fail(std::move(parsed.error()));
  call.url = std::move(*parsed);
  if (call.url.target == "/") call.url.target = "/api/v1/read";
  if (!selector.empty()) {
    auto matchers = model::parse_selector(selector);
    if (!matchers) return fail(matchers.error().in(fmt::format("selector '{}'", selector)));
    call.query.matchers = std::move(*matchers);
  }

  const auto first = read_time(start, now_ms);
  if (!first) return fail(first.error().in("--start"));
  const auto last = read_time(end, now_ms);
  if (!last) return fail(last.error().in("--end"));
  if (*last < *first) {
    return fail(Errc::config, fmt::format("--end ({}) lies before --start ({})",
                                          format_timestamp(*last), format_timestamp(*first)));
  }
  call.query.start_ms = *first;
  call.query.end_ms = *last;

  if (stream) call.accept = {model::ResponseType::streamed_xor_chunks};
  if (samples) call.accept = {model::ResponseType::samples};
  const auto patience = parse_duration(timeout);
  if (!patience) return fail(patience.error().in("--timeout"));
  if (patience->count() <= 0) return fail(Errc::config, "--timeout: must be above zero");
  call.timeout = *patience;
  auto made = transport.transport();
  if (!made) return fail(std::move(made.error()));
  call.transport = std::move(*made);
  if (auto applied = credentials.apply(call.headers); !applied)
    return fail(std::move(applied.error()));
  return call;
}

}  // namespace mread::cli
