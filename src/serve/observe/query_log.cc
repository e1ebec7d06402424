#include "serve/observe/query_log.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <span>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/printable.h"

namespace mread::serve {
namespace {

namespace json = boost::json;

std::string iso_time(std::chrono::system_clock::time_point time) {
  const auto since_epoch = time.time_since_epoch();
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(since_epoch);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch - whole);
  const std::time_t seconds = whole.count();
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                     millis.count());
}

// Microseconds are enough for a person and for a plot.
double milliseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(
             std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) /
         1000;
}

boost::system::error_code last_error() { return {errno, boost::system::system_category()}; }

// A query takes so much of the limit in addition to its selector.
constexpr size_t query_overhead_bytes = 64;

// The beginning of a text, whole characters only.
std::string_view beginning(std::string_view text, size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  size_t end = most_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

// The selector as far as `room` goes, which is left smaller; `cut` is the number of matchers that
// are not whole.
std::string selector_text(const std::vector<model::Matcher>& matchers, size_t& room, size_t& cut) {
  const auto fits = [&room](const model::Matcher& matcher) {
    // No text is shorter than what it is made of: one that is too long in any case is not made.
    if (matcher.name().size() + matcher.value().size() > room) return false;
    const size_t size = matcher.to_string().size();
    if (size > room) return false;
    room -= size;
    return true;
  };
  const auto shown =
      static_cast<size_t>(std::ranges::find_if_not(matchers, fits) - matchers.begin());
  cut = matchers.size() - shown;
  std::string text = model::to_string(std::span(matchers).first(shown));
  if (cut == 0) return text;
  if (text.ends_with('}')) {
    text.pop_back();
  } else {
    text += '{';
  }
  if (!text.ends_with('{')) text += ',';
  const model::Matcher& next = matchers[shown];
  const std::string begin = fmt::format("{}{}{}", beginning(next.name(), room),
                                        to_string(next.type()), beginning(next.value(), room));
  text += beginning(printable(begin), room);
  room = 0;
  return text + "…}";
}

json::array query_list(const model::ReadRequest& request, size_t room, size_t& cut) {
  json::array queries;
  for (const model::Query& query : request.queries) {
    if (room < query_overhead_bytes) break;
    room -= query_overhead_bytes;
    size_t matchers_cut = 0;
    json::object shown{{"selector", selector_text(query.matchers, room, matchers_cut)},
                       {"start_ms", query.start_ms},
                       {"end_ms", query.end_ms}};
    if (matchers_cut > 0) shown["matchers_cut"] = matchers_cut;
    queries.push_back(std::move(shown));
  }
  cut = request.queries.size() - queries.size();
  return queries;
}

}  // namespace

std::string query_log_line(const config::Config& config, const model::ReadRequest& request,
                           const ReadReport& report, const std::string& peer,
                           std::chrono::system_clock::time_point now,
                           const QueryLogLimits& limits) {
  size_t queries_cut = 0;
  json::array queries = query_list(request, limits.query_bytes, queries_cut);
  json::array backends;
  for (const merger::BackendOutcome& each : report.outcome.backends) {
    json::object backend{{"name", config.backends[each.backend].name},
                         {"state", to_string(each.state)}};
    if (each.state != merger::BackendOutcome::State::not_asked) {
      backend["bytes"] = each.bytes;
      backend["series"] = each.series;
      backend["first_byte_ms"] = milliseconds(each.first_byte);
      backend["duration_ms"] = milliseconds(each.total);
    }
    if (each.skipped) backend["skipped"] = to_string(*each.skipped);
    if (each.nothing_lost) backend["nothing_lost"] = true;
    if (each.error) {
      const bool unavailable = each.state == merger::BackendOutcome::State::unavailable;
      backend["reason"] =
          to_string(unavailable ? FailureReason::open_circuit : failure_reason(*each.error));
      backend["error"] = printable(each.error->to_string(), limits.error_bytes);
    }
    if (each.unsorted) backend["unsorted"] = true;
    using Hedge = merger::BackendOutcome::Hedge;
    if (each.hedge != Hedge::none) backend["hedge"] = each.hedge == Hedge::won ? "won" : "lost";
    backends.push_back(std::move(backend));
  }
  uint64_t hedged = 0;
  for (const merger::HedgeCounts& each : report.outcome.hedges) hedged += each.won + each.lost;
  json::object line{
      {"time", iso_time(now)},
      {"peer", peer},
      {"queries", std::move(queries)},
      {"type", to_string(report.type)},
      {"status", report.status},
      {"end", to_string(report.end)},
      {"queued_ms", milliseconds(report.queued)},
      {"duration_ms", milliseconds(report.duration)},
      {"bytes", report.bytes_sent},
      {"series", report.outcome.series_out},
      {"samples", report.outcome.samples_out},
      {"conflicts", report.outcome.conflicts},
      {"failovers", report.outcome.failovers},
      {"hedged", hedged},
      {"partial", printable(report.outcome.partial, limits.partial_bytes)},
  };
  if (const uint64_t left_out = merger::total(report.outcome.left_out); left_out > 0)
    line["series_left_out"] = left_out;
  if (report.shared) line["shared"] = true;
  if (queries_cut > 0) line["queries_cut"] = queries_cut;
  if (report.abort_reason)
    line["aborted"] = printable(report.abort_reason->to_string(), limits.error_bytes);
  line["backends"] = std::move(backends);
  return printable_json(json::serialize(line));
}

Result<std::unique_ptr<QueryLog>> QueryLog::open(const std::string& path, Write write) {
  // O_NONBLOCK is for pipes: one without a reader would be waited for here, and a full one at each
  // read's end.
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
  if (descriptor < 0) return fail(last_error(), "query_log_file " + path);
  return std::unique_ptr<QueryLog>(new QueryLog(descriptor, path, std::move(write)));
}

QueryLog::~QueryLog() { ::close(descriptor_); }

// Whether the last `written` bytes of the file, which are a part of a line, are gone again. What
// another process has appended behind them stays.
bool QueryLog::take_back(size_t written) const {
  struct stat status {};
  const off_t end = ::lseek(descriptor_, 0, SEEK_CUR);
  if (end < 0 || ::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size != end)
    return false;
  return ::ftruncate(descriptor_, end - static_cast<off_t>(written)) == 0;
}

Result<void> QueryLog::append(std::string line) {
  line += '\n';
  const std::lock_guard lock(mutex_);
  // Into one write with the line: a newline alone would end up between others' lines.
  if (torn_) line.insert(line.begin(), '\n');
  size_t written = 0;
  while (written < line.size()) {
    const ssize_t count = write_(descriptor_, line.data() + written, line.size() - written);
    if (count > 0) {
      written += static_cast<size_t>(count);
      continue;
    }
    const auto error = count == 0 ? boost::system::error_code(EIO, boost::system::system_category())
                                  : last_error();
    if (error.value() == EINTR) continue;
    // What was written of a line that only ends a torn one is taken back with it.
    if (written > 0 && !take_back(written)) torn_ = true;
    return fail(error, "query_log_file " + path_);
  }
  torn_ = false;
  return {};
}

}  // namespace mread::serve
