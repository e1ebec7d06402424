#include "scenarios/running/read_once.h"

#include "net/client.h"
#include "wire/chunked_series.h"
#include "wire/frame_splitter.h"
#include "wire/histogram_chunk.h"
#include "wire/histogram_proto.h"
#include "wire/labels_view.h"
#include "wire/read_request.h"
#include "wire/samples_response.h"
#include "wire/snappy_block.h"
#include "wire/xor_chunk.h"

namespace mread::scenarios {
namespace {

constexpr size_t body_limit_bytes = 1ULL << 30;
constexpr size_t frame_limit_bytes = 50'000'000;
constexpr std::string_view streamed_type = "application/x-streamed-protobuf";

Result<void> decode_chunk(const wire::ChunkView& chunk, int64_t start_ms, int64_t end_ms, model::Series& out) {
  const auto inside = [&](int64_t timestamp_ms) { return timestamp_ms >= start_ms && timestamp_ms <= end_ms; };
  if (chunk.encoding == wire::ChunkEncoding::xor_) {
    wire::XorReader reader(chunk.data);
    model::Sample sample;
    while (reader.next(sample)) {
      if (inside(sample.timestamp_ms)) out.samples.push_back(sample);
    }
    if (!reader.ok()) return fail(*reader.error());
    return {};
  }
  const bool is_float = chunk.encoding == wire::ChunkEncoding::float_histogram;
  if (!is_float && chunk.encoding != wire::ChunkEncoding::histogram) {
    return fail(Errc::unsupported, "chunk encoding " + std::to_string(static_cast<int>(chunk.encoding)));
  }
  auto samples = wire::decode_histogram_chunk(is_float, chunk.data);
  if (!samples) return fail(samples.error());
  for (model::HistogramSample& sample : *samples) {
    if (inside(sample.timestamp_ms)) out.histograms.push_back(std::move(sample));
  }
  return {};
}

}  // namespace

Result<std::vector<model::Series>> decode_samples_answer(const std::string& body) {
  const auto plain = wire::uncompress(body, body_limit_bytes);
  if (!plain) return fail(plain.error());
  const auto response = wire::parse_read_response(*plain);
  if (!response) return fail(response.error());
  std::vector<model::Series> out;
  for (const wire::QueryResultView& result : response->results) {
    for (const wire::TimeSeriesView& view : result.series) {
      auto labels = wire::decode_labels(view.labels);
      if (!labels) return fail(labels.error());
      model::Series series{std::move(*labels), {}, {}};
      wire::SamplesReader samples(view.samples);
      model::Sample sample;
      while (samples.next(sample)) series.samples.push_back(sample);
      if (!samples.ok()) return fail(*samples.error());
      wire::HistogramEntries entries(view.histograms);
      std::string_view message;
      while (entries.next(message)) {
        auto histogram = wire::parse_histogram_message(message);
        if (!histogram) return fail(histogram.error());
        series.histograms.push_back(std::move(*histogram));
      }
      out.push_back(std::move(series));
    }
  }
  return out;
}

Result<std::vector<model::Series>> decode_streamed_answer(std::string body, int64_t start_ms, int64_t end_ms) {
  wire::FrameSplitter frames(frame_limit_bytes);
  frames.feed(std::move(body));
  wire::ChunkedResponse response;
  std::vector<model::Series> out;
  while (true) {
    auto frame = frames.next();
    if (!frame) return fail(frame.error());
    if (!*frame) break;
    if (auto parsed = wire::parse_chunked_response((*frame)->data, response); !parsed) return fail(parsed.error());
    for (const wire::ChunkedSeriesView& view : response.series) {
      auto labels = wire::decode_labels(view.labels);
      if (!labels) return fail(labels.error());
      // A series that goes on in the next frame is one series, as long as its frames follow one another.
      if (out.empty() || out.back().labels != *labels) out.push_back({std::move(*labels), {}, {}});
      for (const wire::ChunkView& chunk : view.chunks) {
        if (auto decoded = decode_chunk(chunk, start_ms, end_ms, out.back()); !decoded) return fail(decoded.error());
      }
    }
  }
  if (auto finished = frames.finish(); !finished) return fail(finished.error());
  return out;
}

ReadAnswer read_once(const net::Url& url, const std::vector<model::Matcher>& matchers, int64_t start_ms, int64_t end_ms,
                     bool stream, std::chrono::milliseconds timeout, std::stop_token stop) {
  ReadAnswer answer;
  model::ReadRequest read;
  read.queries.push_back({start_ms, end_ms, matchers, std::nullopt});
  if (stream) read.accepted_response_types = {model::ResponseType::streamed_xor_chunks, model::ResponseType::samples};
  net::ClientRequest request;
  request.url = url;
  request.method = "POST";
  request.headers.add("Content-Type", "application/x-protobuf");
  request.headers.add("Content-Encoding", "snappy");
  request.headers.add("Accept-Encoding", "snappy");
  request.headers.add("User-Agent", "mread/" MREAD_VERSION);
  request.headers.add("X-Prometheus-Remote-Read-Version", "0.1.0");
  request.body = wire::encode_read_request(read);
  auto response = net::fetch(std::move(request), {timeout, body_limit_bytes}, std::move(stop));
  if (!response) {
    answer.error = response.error().to_string();
    return answer;
  }
  answer.partial = std::string(response->head.headers.get("X-Mread-Partial"));
  if (response->head.status / 100 != 2) {
    answer.error =
        "HTTP " + std::to_string(response->head.status) + ": " + response->body.substr(0, response->body.find('\n'));
    return answer;
  }
  answer.streamed = response->head.headers.get("Content-Type").starts_with(streamed_type);
  auto series = answer.streamed ? decode_streamed_answer(std::move(response->body), start_ms, end_ms)
                                : decode_samples_answer(response->body);
  if (!series) {
    answer.error = series.error().to_string();
    return answer;
  }
  answer.series = std::move(*series);
  return answer;
}

}  // namespace mread::scenarios
