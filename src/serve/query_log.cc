#include "serve/query_log.h"

#include <cerrno>
#include <ctime>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

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
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, millis.count());
}

// Microseconds are enough for a person and for a plot.
double milliseconds(std::chrono::nanoseconds duration) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000;
}

boost::system::error_code last_error() { return {errno, boost::system::system_category()}; }

}  // namespace

std::string query_log_line(const merger::Config& config, const model::ReadRequest& request, const ReadReport& report,
                           const std::string& peer, std::chrono::system_clock::time_point now) {
  json::array queries;
  for (const model::Query& query : request.queries) {
    queries.push_back(json::object{{"selector", model::to_string(std::span(query.matchers))},
                                   {"start_ms", query.start_ms},
                                   {"end_ms", query.end_ms}});
  }
  json::array backends;
  for (const merger::BackendOutcome& each : report.outcome.backends) {
    json::object backend{{"name", config.backends[each.backend].name}, {"state", to_string(each.state)}};
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
      backend["reason"] = unavailable ? "open_circuit" : failure_reason(*each.error);
      backend["error"] = each.error->to_string();
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
      {"partial", report.outcome.partial},
  };
  if (report.shared) line["shared"] = true;
  if (report.abort_reason) line["aborted"] = report.abort_reason->to_string();
  line["backends"] = std::move(backends);
  return json::serialize(line);
}

Result<std::unique_ptr<QueryLog>> QueryLog::open(const std::string& path) {
  // Not blocking: a pipe that nobody reads is an error, now and when it is full.
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  const int descriptor = ::open(path.c_str(), flags, 0644);
  if (descriptor < 0) return fail(last_error(), "query_log_file " + path);
  return std::unique_ptr<QueryLog>(new QueryLog(descriptor, path));
}

QueryLog::~QueryLog() { ::close(descriptor_); }

Result<void> QueryLog::append(std::string line) {
  line += '\n';
  const std::lock_guard lock(mutex_);
  size_t written = 0;
  while (written < line.size()) {
    const ssize_t count = ::write(descriptor_, line.data() + written, line.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(last_error(), "query_log_file " + path_);
    written += static_cast<size_t>(count);
  }
  return {};
}

}  // namespace mread::serve
