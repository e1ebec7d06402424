#include "probe/answer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "wire/chunk/chunk_samples.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/histogram_proto.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::probe {

namespace {

constexpr std::string_view streamed_type = "application/x-streamed-protobuf";
constexpr std::string_view samples_type = "application/x-protobuf";

void count(AnswerChunk& chunk, int64_t timestamp_ms) {
  chunk.first_ms = chunk.samples == 0 ? timestamp_ms : std::min(chunk.first_ms, timestamp_ms);
  chunk.last_ms = chunk.samples == 0 ? timestamp_ms : std::max(chunk.last_ms, timestamp_ms);
  ++chunk.samples;
}

Result<void> append_chunk(const wire::ChunkView& view, AnswerSeries& series) {
  AnswerChunk chunk{view.encoding, view.min_time_ms, view.max_time_ms, 0, 0, 0, view.data.size()};
  if (wire::has_floats(view.encoding) || !wire::is_known(view.encoding)) {
    const auto on_float = [&](model::Sample sample, int64_t) {
      count(chunk, sample.timestamp_ms);
      series.samples.push_back(sample);
    };
    auto decoded = wire::each_sample(view.encoding, view.data, on_float,
                                     [](const model::HistogramSample&, int64_t) {});
    if (!decoded) return decoded;
  } else {
    auto samples = wire::decode_histogram_chunk(view.encoding, view.data);
    if (!samples) return fail(std::move(samples.error()));
    for (model::HistogramSample& sample : *samples) {
      count(chunk, sample.timestamp_ms);
      series.histograms.push_back(std::move(sample));
    }
  }
  series.chunks.push_back(chunk);
  return {};
}

Result<AnswerSeries> begin_series(std::string_view wire_labels, int64_t query_index) {
  auto labels = wire::decode_labels(wire_labels);
  if (!labels) return fail(std::move(labels.error()));
  AnswerSeries series;
  series.labels = std::move(*labels);
  series.labels_canonical = wire::is_canonical_labels(wire_labels);
  series.query_index = query_index;
  return series;
}

Result<void> append_frame(const wire::Frame& frame, wire::ChunkedResponse& response,
                          std::vector<AnswerSeries>& out) {
  if (auto parsed = wire::parse_chunked_response(frame.data, response); !parsed) return parsed;
  for (const wire::ChunkedSeriesView& view : response.series) {
    auto series = begin_series(view.labels, response.query_index);
    if (!series) return fail(std::move(series.error()));
    for (const wire::ChunkView& chunk : view.chunks) {
      if (auto appended = append_chunk(chunk, *series); !appended)
        return fail(appended.error().in(series->labels.to_string()));
    }
    out.push_back(std::move(*series));
  }
  return {};
}

Result<void> decode_streamed(std::string body, const AnswerLimits& limits, Answer& answer) {
  answer.response_type = model::ResponseType::streamed_xor_chunks;
  answer.uncompressed_bytes = body.size();
  wire::FrameSplitter frames(limits.frame_bytes);
  frames.feed(std::move(body));
  wire::ChunkedResponse response;
  for (;;) {
    const auto frame = frames.next();
    if (!frame) return fail(frame.error());
    if (!*frame) break;
    if (auto appended = append_frame(**frame, response, answer.series); !appended)
      return fail(appended.error().in(fmt::format("frame {}", frames.frames() - 1)));
  }
  answer.frames = frames.frames();
  return frames.finish();
}

Result<AnswerSeries> decode_series(const wire::TimeSeriesView& view, int64_t query_index) {
  auto series = begin_series(view.labels, query_index);
  if (!series) return series;
  wire::SamplesReader samples(view.samples);
  for (model::Sample sample; samples.next(sample);) series->samples.push_back(sample);
  if (samples.error()) return fail(samples.error()->in(series->labels.to_string()));
  wire::HistogramEntries entries(view.histograms);
  for (std::string_view message; entries.next(message);) {
    auto histogram = wire::parse_histogram_message(message);
    if (!histogram) return fail(histogram.error().in(series->labels.to_string()));
    series->histograms.push_back(std::move(*histogram));
  }
  return series;
}

Result<void> decode_samples(const std::string& body, const AnswerLimits& limits, Answer& answer) {
  const auto plain = wire::uncompress(body, limits.body_bytes);
  if (!plain) return fail(plain.error());
  answer.uncompressed_bytes = plain->size();
  const auto response = wire::parse_read_response(*plain);
  if (!response) return fail(response.error());
  answer.results = response->results.size();
  for (size_t index = 0; index < response->results.size(); ++index) {
    for (const wire::TimeSeriesView& view : response->results[index].series) {
      auto series = decode_series(view, static_cast<int64_t>(index));
      if (!series) return fail(std::move(series.error()));
      answer.series.push_back(std::move(*series));
    }
  }
  return {};
}

}  // namespace

std::string first_line(const std::string& text) {
  constexpr size_t longest = 500;
  std::string line = text.substr(0, std::min(text.find('\n'), longest));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return line;
}

Result<Answer> decode_answer(const net::Headers& headers, std::string body,
                             const AnswerLimits& limits) {
  Answer answer;
  answer.body_bytes = body.size();
  const std::string_view type = headers.get("Content-Type");
  Result<void> decoded;
  if (type.starts_with(streamed_type)) {
    decoded = decode_streamed(std::move(body), limits, answer);
  } else if (type.starts_with(samples_type)) {
    decoded = decode_samples(body, limits, answer);
  } else {
    return fail(Errc::unsupported,
                fmt::format("not a remote-read answer: Content-Type '{}', which begins '{}'", type,
                            first_line(body).substr(0, 80)));
  }
  if (!decoded) return fail(std::move(decoded.error()));
  return answer;
}

}  // namespace mread::probe
