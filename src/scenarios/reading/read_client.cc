#include "scenarios/reading/read_client.h"

#include <utility>

#include <fmt/format.h>

#include "base/shown_url.h"
#include "net/client.h"
#include "wire/chunk/chunk_samples.h"
#include "wire/labels/labels_view.h"
#include "wire/request/read_request.h"
#include "wire/samples/histogram_proto.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::scenarios {

namespace {

constexpr std::string_view streamed_type = "application/x-streamed-protobuf";
constexpr std::string_view samples_type = "application/x-protobuf";

Result<void> append_chunk(const wire::ChunkView& chunk, const model::Query& query,
                          model::Series& series) {
  const auto inside = [&](int64_t timestamp_ms) {
    return timestamp_ms >= query.start_ms && timestamp_ms <= query.end_ms;
  };
  const auto on_float = [&](model::Sample sample, int64_t) {
    if (inside(sample.timestamp_ms)) series.samples.push_back(sample);
  };
  if (wire::has_floats(chunk.encoding)) {
    return wire::each_sample(chunk.encoding, chunk.data, on_float,
                             [](const model::HistogramSample&, int64_t) {});
  }
  if (!wire::is_known(chunk.encoding)) {
    return fail(Errc::unsupported,
                fmt::format("chunk encoding {} is not known", static_cast<int>(chunk.encoding)));
  }
  auto samples = wire::decode_histogram_chunk(chunk.encoding, chunk.data);
  if (!samples) return fail(std::move(samples.error()));
  for (model::HistogramSample& sample : *samples) {
    if (inside(sample.timestamp_ms)) series.histograms.push_back(std::move(sample));
  }
  return {};
}

Result<void> append_frame(const wire::Frame& frame, const model::Query& query,
                          wire::ChunkedResponse& response, std::vector<model::Series>& out) {
  if (auto parsed = wire::parse_chunked_response(frame.data, response); !parsed) return parsed;
  for (const wire::ChunkedSeriesView& view : response.series) {
    auto labels = wire::decode_labels(view.labels);
    if (!labels) return fail(std::move(labels.error()));
    if (out.empty() || out.back().labels != *labels) out.push_back({std::move(*labels), {}, {}});
    for (const wire::ChunkView& chunk : view.chunks) {
      if (auto appended = append_chunk(chunk, query, out.back()); !appended) {
        return fail(appended.error().in(out.back().labels.to_string()));
      }
    }
  }
  return {};
}

Result<void> decode_streamed(const ReadCall& call, std::string body, ReadReply& reply) {
  wire::FrameSplitter frames(call.frame_limit_bytes);
  frames.feed(std::move(body));
  wire::ChunkedResponse response;
  for (;;) {
    const auto frame = frames.next();
    if (!frame) return fail(frame.error());
    if (!*frame) break;
    if (auto appended = append_frame(**frame, call.query, response, reply.series); !appended) {
      return fail(appended.error().in(fmt::format("frame {}", frames.frames() - 1)));
    }
  }
  reply.frames = frames.frames();
  return frames.finish();
}

Result<void> decode_samples(const ReadCall& call, const std::string& body, ReadReply& reply) {
  const auto plain = wire::uncompress(body, call.body_limit_bytes);
  if (!plain) return fail(plain.error());
  const auto response = wire::parse_read_response(*plain);
  if (!response) return fail(response.error());
  if (response->results.size() != 1) {
    return fail(Errc::malformed, fmt::format("{} results for one query", response->results.size()));
  }
  for (const wire::TimeSeriesView& view : response->results[0].series) {
    auto labels = wire::decode_labels(view.labels);
    if (!labels) return fail(std::move(labels.error()));
    model::Series series{std::move(*labels), {}, {}};
    wire::SamplesReader samples(view.samples);
    for (model::Sample sample; samples.next(sample);) series.samples.push_back(sample);
    if (samples.error()) return fail(samples.error()->in(series.labels.to_string()));
    wire::HistogramEntries entries(view.histograms);
    for (std::string_view message; entries.next(message);) {
      auto histogram = wire::parse_histogram_message(message);
      if (!histogram) return fail(histogram.error().in(series.labels.to_string()));
      series.histograms.push_back(std::move(*histogram));
    }
    reply.series.push_back(std::move(series));
  }
  return {};
}

std::string first_line(const std::string& text) {
  constexpr size_t longest = 500;
  std::string line = text.substr(0, std::min(text.find('\n'), longest));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return line;
}

}  // namespace

uint64_t ReadReply::samples() const {
  uint64_t count = 0;
  for (const model::Series& one : series) count += one.samples.size() + one.histograms.size();
  return count;
}

Result<ReadReply> decode_read_reply(const ReadCall& call, const net::Headers& headers,
                                    std::string body) {
  ReadReply reply;
  reply.headers = headers;
  reply.body_bytes = body.size();
  const std::string_view type = headers.get("Content-Type");
  Result<void> decoded;
  if (type.starts_with(streamed_type)) {
    reply.response_type = model::ResponseType::streamed_xor_chunks;
    decoded = decode_streamed(call, std::move(body), reply);
  } else if (type.starts_with(samples_type)) {
    decoded = decode_samples(call, body, reply);
  } else {
    return fail(Errc::unsupported,
                fmt::format("not a remote-read answer: Content-Type '{}', which begins '{}'", type,
                            first_line(body).substr(0, 80)));
  }
  if (!decoded) return fail(std::move(decoded.error()));
  return reply;
}

Result<ReadReply> read_series(ReadCall call, std::stop_token stop) {
  net::ClientRequest request;
  request.url = call.url;
  request.method = "POST";
  request.transport = call.transport;
  request.headers.set("Content-Type", "application/x-protobuf");
  request.headers.set("Content-Encoding", "snappy");
  request.headers.set("Accept-Encoding", "snappy");
  request.headers.set("User-Agent", "mread/" MREAD_VERSION);
  request.headers.set("X-Prometheus-Remote-Read-Version", "0.1.0");
  for (const auto& [name, value] : call.headers.fields()) request.origin_headers.set(name, value);
  request.body = wire::encode_read_request({{call.query}, call.accept});

  const auto begin = std::chrono::steady_clock::now();
  auto response =
      net::fetch(std::move(request), {call.timeout, call.body_limit_bytes}, std::move(stop));
  const auto end = std::chrono::steady_clock::now();
  if (!response) return fail(response.error().in(call.url.shown()));
  if (response->head.status / 100 != 2) {
    return fail(Errc::http_status,
                fmt::format("{}: HTTP {}: {}", call.url.shown(), response->head.status,
                            hide_query(first_line(response->body), call.url.to_string())));
  }
  auto reply = decode_read_reply(call, response->head.headers, std::move(response->body));
  if (!reply) return fail(reply.error().in(call.url.shown()));
  reply->duration = std::chrono::duration_cast<std::chrono::microseconds>(end - begin);
  return reply;
}

}  // namespace mread::scenarios
