#include "scenarios/nodes/remote_write.h"

#include <algorithm>
#include <limits>

#include "net/client.h"
#include "wire/remote_write.h"

namespace mread::scenarios {

namespace {

/// Samples that one request carries, about.
constexpr size_t samples_a_request = 50'000;

Result<void> post(const net::Url& server, std::string body, std::stop_token stop) {
  net::ClientRequest request;
  request.url = server;
  request.url.target = "/api/v1/write";
  request.method = "POST";
  request.headers.set("Content-Type", "application/x-protobuf");
  request.headers.set("Content-Encoding", "snappy");
  request.headers.set("X-Prometheus-Remote-Write-Version", "0.1.0");
  request.body = std::move(body);
  const auto answer = net::fetch(std::move(request), {.timeout = std::chrono::minutes(1), .body_bytes = 1 << 20}, stop);
  if (!answer) return fail(answer.error().in("remote write"));
  if (answer->head.status / 100 == 2) return {};
  std::string said = answer->body.substr(0, 500);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return fail(Errc::http_status, "remote write to " + server.authority() + ": HTTP " +
                                     std::to_string(answer->head.status) + (said.empty() ? "" : ": " + said));
}

/// How far a series has been written.
struct Cursor {
  const model::Series* series;
  size_t sample = 0;
  size_t histogram = 0;

  /// The next timestamp, or the largest number there is at the end.
  int64_t next_ms() const {
    int64_t next = std::numeric_limits<int64_t>::max();
    if (sample < series->samples.size()) next = series->samples[sample].timestamp_ms;
    if (histogram < series->histograms.size()) next = std::min(next, series->histograms[histogram].timestamp_ms);
    return next;
  }
};

/// The first index from `begin` on whose timestamp is past `last_ms`.
template <class Samples>
size_t end_of(const Samples& samples, size_t begin, int64_t last_ms) {
  const auto past = std::upper_bound(samples.begin() + static_cast<std::ptrdiff_t>(begin), samples.end(), last_ms,
                                     [](int64_t time, const auto& sample) { return time < sample.timestamp_ms; });
  return static_cast<size_t>(past - samples.begin());
}

}  // namespace

Result<void> write_series(const net::Url& server, const std::vector<model::Series>& series, std::stop_token stop) {
  std::vector<Cursor> cursors;
  size_t samples = 0;
  int64_t first_ms = std::numeric_limits<int64_t>::max();
  int64_t last_ms = std::numeric_limits<int64_t>::min();
  for (const model::Series& one : series) {
    if (one.samples.empty() && one.histograms.empty()) continue;
    cursors.push_back({&one});
    samples += one.samples.size() + one.histograms.size();
    first_ms = std::min(first_ms, cursors.back().next_ms());
    if (!one.samples.empty()) last_ms = std::max(last_ms, one.samples.back().timestamp_ms);
    if (!one.histograms.empty()) last_ms = std::max(last_ms, one.histograms.back().timestamp_ms);
  }
  if (cursors.empty()) return {};
  // A head takes samples down to an hour before its newest one, and to its very first. So time goes on in slices of a
  // minute or more, each sent for all series before the next.
  const auto slices = static_cast<int64_t>(samples / samples_a_request + 1);
  const int64_t slice_ms = std::clamp<int64_t>((last_ms - first_ms) / slices + 1, 60'000, 600'000);

  wire::WriteRequestWriter writer;
  size_t in_request = 0;
  const auto flush = [&]() -> Result<void> {
    if (writer.empty()) return {};
    in_request = 0;
    return post(server, writer.finish(), stop);
  };
  for (int64_t begin_ms = first_ms; begin_ms <= last_ms;) {
    const int64_t end_ms = begin_ms + slice_ms - 1;
    for (Cursor& cursor : cursors) {
      // A series may change between floats and histograms; Prometheus appends all floats of a request's entry first, so
      // a stretch of each kind is an entry of its own.
      while (cursor.next_ms() <= end_ms) {
        const auto& floats = cursor.series->samples;
        const auto& histograms = cursor.series->histograms;
        const int64_t next_float = cursor.sample < floats.size() ? floats[cursor.sample].timestamp_ms : INT64_MAX;
        const int64_t next_histogram =
            cursor.histogram < histograms.size() ? histograms[cursor.histogram].timestamp_ms : INT64_MAX;
        if (next_float <= next_histogram) {
          const size_t end = end_of(floats, cursor.sample,
                                    std::min(end_ms, next_histogram == INT64_MAX ? end_ms : next_histogram - 1));
          const size_t up_to = std::max(end, cursor.sample + 1);
          writer.append(cursor.series->labels, std::span(floats).subspan(cursor.sample, up_to - cursor.sample));
          in_request += up_to - cursor.sample;
          cursor.sample = up_to;
        } else {
          const size_t end =
              end_of(histograms, cursor.histogram, std::min(end_ms, next_float == INT64_MAX ? end_ms : next_float - 1));
          const size_t up_to = std::max(end, cursor.histogram + 1);
          writer.append(cursor.series->labels, {},
                        std::span(histograms).subspan(cursor.histogram, up_to - cursor.histogram));
          in_request += up_to - cursor.histogram;
          cursor.histogram = up_to;
        }
      }
      if (in_request >= samples_a_request) {
        if (auto sent = flush(); !sent) return sent;
      }
    }
    if (auto sent = flush(); !sent) return sent;
    // Where nothing happens for long, time goes on to where it does.
    int64_t next_ms = INT64_MAX;
    for (const Cursor& cursor : cursors) next_ms = std::min(next_ms, cursor.next_ms());
    if (next_ms == INT64_MAX) break;
    begin_ms = std::max(end_ms + 1, next_ms);
  }
  return {};
}

}  // namespace mread::scenarios
