#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "base/yaml.h"
#include "mockstore/store/store.h"
#include "mockstore/store/store_answer.h"
#include "mockstore/store/store_config.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/request/read_request.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::mockstore {

/// Time that stands still until it is moved.
class FakeTime final : public TimeSource {
 public:
  Moment now() const override { return moment; }
  Moment moment{1'700'000'000'000, std::chrono::nanoseconds(0)};
};

constexpr int64_t minute_ms = 60'000;
/// The start of a two-hour range, so that chunks are cut at round places.
constexpr int64_t t0_ms = 1'700'006'400'000;

inline StoreConfig store_of(const std::string& text) {
  StoreDefaults defaults;
  defaults.start_ms = t0_ms;
  defaults.now_ms = t0_ms;
  return parse_store(yaml::Node::parse(text, "store.yml"), "a", defaults);
}

inline std::shared_ptr<const Dataset> dataset_of(const StoreConfig& config) {
  Dataset::Options options;
  options.grid = {config.start_ms + config.sample_offset.count(), config.interval.count()};
  options.external_labels = config.external_labels;
  options.behaves_like = config.behaves_like;
  options.encodings = config.encodings;
  auto dataset = Dataset::create(config.input_series, std::move(options));
  EXPECT_TRUE(dataset) << (dataset ? "" : dataset.error().context);
  return dataset ? *dataset : nullptr;
}

inline model::Query query_of(std::string_view selector, int64_t start_ms = t0_ms,
                             int64_t end_ms = t0_ms + 1000 * minute_ms) {
  return {start_ms, end_ms, *model::parse_selector(selector), std::nullopt};
}

inline std::string request_of(std::vector<model::Query> queries,
                              std::vector<model::ResponseType> accepted = {}) {
  return wire::encode_read_request({std::move(queries), std::move(accepted)});
}

inline const std::vector<model::ResponseType> streamed{model::ResponseType::streamed_xor_chunks};

/// A step as text: "head 200", "body 12", "frame 12", "wait 1000ms", "hang", "end", "abort",
/// "reset".
inline std::string to_string(const Step& step) {
  if (const auto* head = std::get_if<HeadStep>(&step))
    return "head " + std::to_string(head->head.status);
  if (const auto* body = std::get_if<BodyStep>(&step))
    return (body->is_frame ? "frame " : "body ") + std::to_string(body->bytes.size());
  if (const auto* wait = std::get_if<WaitStep>(&step))
    return "wait " +
           std::to_string(
               std::chrono::duration_cast<std::chrono::milliseconds>(wait->duration).count()) +
           "ms";
  if (std::holds_alternative<HangStep>(step)) return "hang";
  if (const auto* abort = std::get_if<AbortStep>(&step)) return abort->reset ? "reset" : "abort";
  return "end";
}

/// An answer carried out in memory.
struct Received {
  int status = 0;
  net::Headers headers;
  std::string body;
  std::vector<std::string> steps;
  std::vector<std::string> frames;  ///< each whole, as sent
};

inline void receive(const Step& step, Received& received) {
  received.steps.push_back(to_string(step));
  if (const auto* head = std::get_if<HeadStep>(&step)) {
    received.status = head->head.status;
    received.headers = head->head.headers;
  } else if (const auto* body = std::get_if<BodyStep>(&step)) {
    received.body += body->bytes;
    if (body->is_frame) received.frames.emplace_back(body->bytes);
  }
}

inline Received receive(Exchange& exchange) {
  Received received;
  std::vector<Step> steps;
  do {
    exchange.next(steps);
    for (const Step& step : steps) receive(step, received);
  } while (!steps.empty() && !is_last(steps.back()));
  return received;
}

inline Received receive(StoreAnswer& answer) {
  Received received;
  do receive(answer.next(), received);
  while (!answer.done());
  return received;
}

struct DecodedChunk {
  int64_t min_ms = 0;
  int64_t max_ms = 0;
  wire::ChunkEncoding encoding = wire::ChunkEncoding::unknown;
  std::vector<model::Sample> samples;  ///< of XOR chunks
};

struct DecodedFrame {
  int64_t query = 0;
  std::string series;
  std::vector<DecodedChunk> chunks;
};

inline std::vector<DecodedFrame> decode_streamed(const std::string& body) {
  std::vector<DecodedFrame> result;
  wire::FrameSplitter splitter(16U << 20);
  splitter.feed(body);
  for (;;) {
    auto frame = splitter.next();
    EXPECT_TRUE(frame) << (frame ? "" : frame.error().context);
    if (!frame || !*frame) break;
    wire::ChunkedResponse response;
    EXPECT_TRUE(wire::parse_chunked_response((*frame)->data, response));
    for (const auto& series : response.series) {
      DecodedFrame decoded{
          response.query_index, wire::decode_labels(series.labels)->to_string(), {}};
      for (const auto& chunk : series.chunks) {
        DecodedChunk one{chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, {}};
        if (chunk.encoding == wire::ChunkEncoding::xor_) {
          wire::XorReader reader(chunk.data);
          for (model::Sample sample; reader.next(sample);) one.samples.push_back(sample);
        }
        decoded.chunks.push_back(std::move(one));
      }
      result.push_back(std::move(decoded));
    }
  }
  return result;
}

struct DecodedSeries {
  std::string series;
  std::vector<model::Sample> samples;
  bool has_histograms = false;
};

/// The results, one list a query.
inline std::vector<std::vector<DecodedSeries>> decode_samples(const std::string& body) {
  std::vector<std::vector<DecodedSeries>> results;
  const auto bytes = wire::uncompress(body, 1U << 30);
  EXPECT_TRUE(bytes);
  const auto response = wire::parse_read_response(*bytes);
  EXPECT_TRUE(response);
  for (const auto& result : response->results) {
    auto& list = results.emplace_back();
    for (const auto& series : result.series) {
      DecodedSeries one{
          wire::decode_labels(series.labels)->to_string(), {}, series.has_histograms()};
      wire::SamplesReader reader(series.samples);
      for (model::Sample sample; reader.next(sample);) one.samples.push_back(sample);
      list.push_back(std::move(one));
    }
  }
  return results;
}

inline std::vector<std::string> names(const std::vector<DecodedFrame>& frames) {
  std::vector<std::string> result;
  for (const auto& frame : frames) result.push_back(frame.series);
  return result;
}

inline std::vector<std::string> names(const std::vector<DecodedSeries>& list) {
  std::vector<std::string> result;
  for (const auto& series : list) result.push_back(series.series);
  return result;
}

}  // namespace mread::mockstore
