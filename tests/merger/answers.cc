#include "merger/answers.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "wire/bytes/varint.h"
#include "wire/chunk/histogram_chunk.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/histogram_proto.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::merger::tests {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().to_string());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void append_chunk(const wire::ChunkView& chunk, model::Series& series) {
  if (chunk.encoding == wire::ChunkEncoding::xor_) {
    wire::XorReader reader(chunk.data);
    for (model::Sample sample; reader.next(sample);) series.samples.push_back(sample);
    if (!reader.ok()) throw std::runtime_error(reader.error()->to_string());
    return;
  }
  const bool is_float = chunk.encoding == wire::ChunkEncoding::float_histogram;
  for (auto& sample : must(wire::decode_histogram_chunk(is_float, chunk.data))) {
    series.histograms.push_back(std::move(sample));
  }
}

}  // namespace

Samples samples(int64_t start_ms, int64_t step_ms, const std::vector<double>& values) {
  Samples out;
  for (const double value : values) {
    out.push_back(model::Sample::of(start_ms + step_ms * static_cast<int64_t>(out.size()), value));
  }
  return out;
}

RawChunk xor_chunk(const Samples& samples) {
  wire::XorWriter writer;
  for (const auto& sample : samples) writer.append(sample);
  return {samples.front().timestamp_ms, samples.back().timestamp_ms, wire::ChunkEncoding::xor_,
          std::string(writer.bytes())};
}

RawChunk histogram_chunk(const std::vector<model::HistogramSample>& samples) {
  wire::HistogramChunkWriter writer;
  for (const auto& sample : samples) must(writer.append(sample));
  auto chunks = writer.finish();
  if (chunks.size() != 1) throw std::runtime_error("more than one chunk");
  return {
      chunks[0].min_time_ms, chunks[0].max_time_ms,
      chunks[0].is_float ? wire::ChunkEncoding::float_histogram : wire::ChunkEncoding::histogram,
      chunks[0].bytes};
}

std::string raw_labels(const std::vector<model::Label>& labels) {
  std::string out;
  for (const auto& label : labels) wire::append_label(out, label.name, label.value);
  return out;
}

std::string labels(const std::string& notation) {
  return wire::encode_labels(must(model::parse_series(notation)));
}

std::string frame_of(std::string_view message) {
  std::string out;
  wire::append_frame(out, message);
  return out;
}

std::string frame_with(std::string_view labels_wire, const std::vector<RawChunk>& chunks,
                       int64_t query_index) {
  std::string entries;
  for (const auto& chunk : chunks) {
    wire::append_chunk(entries, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, chunk.data);
  }
  std::string message;
  wire::encode_chunked_series(labels_wire, entries, query_index, message);
  return frame_of(message);
}

std::string frame(const std::string& notation, const Samples& samples) {
  return frame_with(labels(notation), {xor_chunk(samples)});
}

std::string samples_body(const std::vector<SamplesSeries>& series) {
  wire::ReadResponseWriter writer;
  writer.begin_result();
  for (const auto& each : series)
    writer.append_series(each.labels_wire, each.samples, each.histogram_entries);
  return wire::compress(writer.bytes());
}

std::string samples_body(const std::string& notation, const Samples& samples) {
  return samples_body({{labels(notation), samples, ""}});
}

std::vector<model::Series> read_streamed(std::string_view body, int64_t query_index) {
  wire::FrameSplitter splitter(1U << 30);
  splitter.feed(std::string(body));
  std::vector<model::Series> out;
  wire::ChunkedResponse response;
  for (;;) {
    const auto next = must(splitter.next());
    if (!next) break;
    must(wire::parse_chunked_response(next->data, response));
    if (response.query_index != query_index) continue;
    for (const auto& view : response.series) {
      if (!wire::is_canonical_labels(view.labels))
        throw std::runtime_error("labels are not canonical");
      model::Series series;
      series.labels = must(wire::decode_labels(view.labels));
      for (const auto& chunk : view.chunks) append_chunk(chunk, series);
      out.push_back(std::move(series));
    }
  }
  must(splitter.finish());
  return out;
}

std::vector<std::vector<model::Series>> read_samples(std::string_view body) {
  const std::string bytes = must(wire::uncompress(body, 1U << 30));
  const auto view = must(wire::parse_read_response(bytes));
  std::vector<std::vector<model::Series>> out;
  for (const auto& result : view.results) {
    auto& list = out.emplace_back();
    for (const auto& listed : result.series) {
      if (!wire::is_canonical_labels(listed.labels))
        throw std::runtime_error("labels are not canonical");
      model::Series series;
      series.labels = must(wire::decode_labels(listed.labels));
      wire::SamplesReader reader(listed.samples);
      for (model::Sample sample; reader.next(sample);) series.samples.push_back(sample);
      wire::HistogramEntries entries(listed.histograms);
      for (std::string_view message; entries.next(message);) {
        series.histograms.push_back(must(wire::parse_histogram_message(message)));
      }
      list.push_back(std::move(series));
    }
  }
  return out;
}

std::string show(const std::vector<model::Series>& series) {
  std::string out;
  for (const auto& each : series) {
    out += each.labels.to_string();
    for (const auto& sample : each.samples) {
      out += model::is_stale(sample.bits)
                 ? fmt::format(" stale@{}", sample.timestamp_ms)
                 : fmt::format(" {}@{}", sample.value(), sample.timestamp_ms);
    }
    for (const auto& sample : each.histograms) {
      out += fmt::format(" {}@{}", sample.histogram.to_string(), sample.timestamp_ms);
    }
    out += "\n";
  }
  return out;
}

}  // namespace mread::merger::tests
