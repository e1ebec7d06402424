#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "model/sample.h"
#include "model/series.h"
#include "wire/streamed/chunked_series.h"

/// Remote-read answers made and read by hand, for the tests of the merge.
namespace mread::merger::tests {

using Samples = std::vector<model::Sample>;

/// A chunk as it stands on the wire; of any encoding.
struct RawChunk {
  int64_t min_time_ms = 0;
  int64_t max_time_ms = 0;
  wire::ChunkEncoding encoding = wire::ChunkEncoding::xor_;
  std::string data;
};

/// `values` at start, start + step, …
Samples samples(int64_t start_ms, int64_t step_ms, const std::vector<double>& values);
RawChunk xor_chunk(const Samples& samples);
RawChunk histogram_chunk(const std::vector<model::HistogramSample>& samples);

/// Label wire bytes exactly as given: any order, duplicates, empty values.
std::string raw_labels(const std::vector<model::Label>& labels);
/// A series notation as wire bytes.
std::string labels(const std::string& notation);

/// One frame with one series.
std::string frame_with(std::string_view labels_wire, const std::vector<RawChunk>& chunks,
                       int64_t query_index = 0);
/// One frame with one series of one XOR chunk.
std::string frame(const std::string& notation, const Samples& samples);
/// A frame around any message.
std::string frame_of(std::string_view message);

/// A whole SAMPLES body: one result, in the given order.
struct SamplesSeries {
  std::string labels_wire;
  Samples samples;
  std::string histogram_entries;
};
std::string samples_body(const std::vector<SamplesSeries>& series);
std::string samples_body(const std::string& notation, const Samples& samples);

/// What a client gets to see. Every series comes with its samples in the order of the wire; a
/// series of several frames comes several times, as it does in Prometheus's client.
std::vector<model::Series> read_streamed(std::string_view body, int64_t query_index = 0);
std::vector<std::vector<model::Series>> read_samples(std::string_view body);

/// "up{job="a"} 1@1000 2@2000 {{…}}@3000", one line a series.
std::string show(const std::vector<model::Series>& series);

}  // namespace mread::merger::tests
