#include "bench/checksum.h"

#include <algorithm>
#include <stdexcept>

#include "wire/chunk/xor_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::bench {
namespace {

Result<std::vector<model::Series>> decode_samples(std::string_view body) {
  auto uncompressed = wire::uncompress(body, UINT32_MAX);
  if (!uncompressed) return fail(uncompressed.error());
  const auto response = wire::parse_read_response(*uncompressed);
  if (!response) return fail(response.error());
  if (response->results.size() != 1) return fail(Errc::malformed, "an answer of not one result");
  std::vector<model::Series> out;
  for (const wire::TimeSeriesView& view : response->results[0].series) {
    if (view.has_histograms()) return fail(Errc::unsupported, "histograms");
    auto labels = wire::decode_labels(view.labels);
    if (!labels) return fail(labels.error());
    model::Series series{std::move(*labels), {}, {}};
    wire::SamplesReader reader(view.samples);
    for (model::Sample sample; reader.next(sample);) series.samples.push_back(sample);
    if (!reader.ok()) return fail(*reader.error());
    out.push_back(std::move(series));
  }
  return out;
}

Result<void> append_chunks(const wire::ChunkedSeriesView& view, std::vector<model::Sample>& out) {
  for (const wire::ChunkView& chunk : view.chunks) {
    if (chunk.encoding != wire::ChunkEncoding::xor_)
      return fail(Errc::unsupported, "a chunk that is not XOR");
    wire::XorReader reader(chunk.data);
    for (model::Sample sample; reader.next(sample);) out.push_back(sample);
    if (!reader.ok()) return fail(*reader.error());
  }
  return {};
}

Result<std::vector<model::Series>> decode_chunks(std::string_view body) {
  wire::FrameSplitter splitter(SIZE_MAX);
  splitter.feed(std::string(body));
  wire::ChunkedResponse response;
  std::vector<model::Series> out;
  while (true) {
    auto frame = splitter.next();
    if (!frame) return fail(frame.error());
    if (!*frame) break;
    if (auto parsed = wire::parse_chunked_response((*frame)->data, response); !parsed)
      return fail(parsed.error());
    for (const wire::ChunkedSeriesView& view : response.series) {
      auto labels = wire::decode_labels(view.labels);
      if (!labels) return fail(labels.error());
      if (out.empty() || out.back().labels != *labels) out.push_back({std::move(*labels), {}, {}});
      if (auto appended = append_chunks(view, out.back().samples); !appended)
        return fail(appended.error());
    }
  }
  if (auto whole = splitter.finish(); !whole) return fail(whole.error());
  return out;
}

}  // namespace

void Checksum::text(std::string_view text) {
  mix(text.size());
  for (const char c : text) mix(static_cast<unsigned char>(c));
}

void Checksum::add(const model::Series& series) {
  ++series_;
  mix(series.labels.size());
  for (const model::Label& label : series.labels) {
    text(label.name);
    text(label.value);
  }
  for (const model::Sample sample : series.samples) {
    ++samples_;
    mix(static_cast<uint64_t>(sample.timestamp_ms));
    mix(sample.bits);
  }
}

Result<std::vector<model::Series>> decode_body(std::string_view body, model::ResponseType type) {
  return type == model::ResponseType::samples ? decode_samples(body) : decode_chunks(body);
}

Checksum merge_by_sorting(const std::vector<std::string>& bodies, model::ResponseType type) {
  std::vector<model::Series> all;
  for (const std::string& body : bodies) {
    auto series = decode_body(body, type);
    if (!series) throw std::runtime_error(series.error().to_string());
    std::move(series->begin(), series->end(), std::back_inserter(all));
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.labels < b.labels; });
  Checksum sum;
  for (size_t begin = 0; begin < all.size();) {
    model::Series& series = all[begin];
    size_t end = begin + 1;
    for (; end < all.size() && all[end].labels == series.labels; ++end) {
      series.samples.insert(series.samples.end(), all[end].samples.begin(), all[end].samples.end());
    }
    const auto same_time = [](model::Sample a, model::Sample b) {
      return a.timestamp_ms == b.timestamp_ms;
    };
    const auto earlier = [](model::Sample a, model::Sample b) {
      return a.timestamp_ms < b.timestamp_ms;
    };
    std::stable_sort(series.samples.begin(), series.samples.end(), earlier);
    series.samples.erase(std::unique(series.samples.begin(), series.samples.end(), same_time),
                         series.samples.end());
    sum.add(series);
    begin = end;
  }
  return sum;
}

Checksum checksum_of(std::string_view body, model::ResponseType type) {
  auto all = decode_body(body, type);
  if (!all) throw std::runtime_error(all.error().to_string());
  Checksum sum;
  for (const model::Series& series : *all) sum.add(series);
  return sum;
}

}  // namespace mread::bench
