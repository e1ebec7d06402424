// A SAMPLES answer: the plain reader, the one through a window, and libprotobuf against each other;
// what was read is written by both writers, which give the same.
#include <bit>
#include <optional>

#include "fuzz/harness.h"
#include "wire/proto/remote.pb.h"
#include "wire/samples/histogram_proto.h"
#include "wire/samples/sample_entries.h"
#include "wire/samples/samples_block_reader.h"
#include "wire/samples/samples_block_writer.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"

namespace {

using namespace mread;  // NOLINT: a program of its own
using model::Sample;

constexpr size_t limit_bytes = 1U << 20;

// Nothing where an entry is broken.
std::optional<std::vector<Sample>> samples_of(std::string_view entries) {
  std::vector<Sample> out;
  wire::SamplesReader reader(entries);
  for (Sample sample; reader.next(sample);) out.push_back(sample);
  if (!reader.ok()) return std::nullopt;
  return out;
}

void check_plain(std::string_view entries, const std::optional<std::vector<Sample>>& samples) {
  const auto plain = wire::plain_samples(entries);
  std::vector<Sample> memory(3);
  const auto read = wire::read_plain_samples(entries, memory, 3);
  FUZZ_CHECK(plain.has_value() == read.has_value());
  if (!plain) return;
  FUZZ_CHECK(samples.has_value() && samples->size() == plain->count && read->count == plain->count);
  for (size_t i = 0; i < samples->size(); ++i) {
    FUZZ_CHECK(memory.at(3 + i) == (*samples)[i]);
    if (i > 0) FUZZ_CHECK((*samples)[i - 1].timestamp_ms < (*samples)[i].timestamp_ms);
  }
  if (samples->empty()) return;
  FUZZ_CHECK(plain->first_ms == samples->front().timestamp_ms &&
             plain->last_ms == samples->back().timestamp_ms);
  FUZZ_CHECK(read->first_ms == plain->first_ms && read->last_ms == plain->last_ms);
}

void check_histogram(std::string_view message, const prometheus::Histogram& want) {
  const auto parsed = wire::parse_histogram_message(message);
  if (!parsed) return;
  FUZZ_CHECK(parsed->timestamp_ms == want.timestamp());
  const model::Histogram& got = parsed->histogram;
  FUZZ_CHECK(got.schema == want.schema());
  FUZZ_CHECK(std::bit_cast<uint64_t>(got.sum) == std::bit_cast<uint64_t>(want.sum()));
  FUZZ_CHECK(got.positive_spans.size() == static_cast<size_t>(want.positive_spans_size()));
  FUZZ_CHECK(got.negative_spans.size() == static_cast<size_t>(want.negative_spans_size()));
  FUZZ_CHECK(got.is_float ||
             got.positive_deltas.size() == static_cast<size_t>(want.positive_deltas_size()));
  FUZZ_CHECK(!got.is_float ||
             got.positive_counts.size() == static_cast<size_t>(want.positive_counts_size()));
  // What is written is read back as it is.
  std::string written;
  wire::append_histogram_message(written, *parsed);
  const auto again = wire::parse_histogram_message(written);
  FUZZ_CHECK(again.has_value() && again->timestamp_ms == parsed->timestamp_ms);
  FUZZ_CHECK_SHOW(again->histogram == got, got.to_string() + " / " + again->histogram.to_string());
}

void check_series(const wire::TimeSeriesView& series, const prometheus::TimeSeries& want) {
  const auto samples = samples_of(series.samples);
  check_plain(series.samples, samples);
  if (samples) {
    FUZZ_CHECK(samples->size() == static_cast<size_t>(want.samples_size()));
    for (int i = 0; i < want.samples_size(); ++i) {
      const Sample& got = (*samples)[static_cast<size_t>(i)];
      FUZZ_CHECK(got.timestamp_ms == want.samples(i).timestamp());
      FUZZ_CHECK(got.bits == std::bit_cast<uint64_t>(want.samples(i).value()));
    }
  }
  wire::HistogramEntries entries(series.histograms);
  int count = 0;
  for (std::string_view message; entries.next(message); ++count) {
    FUZZ_CHECK(count < want.histograms_size());
    check_histogram(message, want.histograms(count));
  }
  FUZZ_CHECK(count == want.histograms_size());
  FUZZ_CHECK(series.has_histograms() == (count > 0));
  prometheus::TimeSeries labels;
  if (!labels.ParseFromArray(series.labels.data(), static_cast<int>(series.labels.size()))) return;
  FUZZ_CHECK(labels.labels_size() == want.labels_size());
  for (int i = 0; i < want.labels_size(); ++i) {
    FUZZ_CHECK(labels.labels(i).name() == want.labels(i).name());
    FUZZ_CHECK(labels.labels(i).value() == want.labels(i).value());
  }
}

// libprotobuf takes groups as unknown fields, too, and so may read what this does not; never the
// other way round.
void check_library(const std::string& bytes, const wire::ReadResponseView& response) {
  prometheus::ReadResponse message;
  if (!message.ParseFromString(bytes)) {
    // Samples and labels are looked into only when they are used.
    return;
  }
  FUZZ_CHECK(response.results.size() == static_cast<size_t>(message.results_size()));
  for (int i = 0; i < message.results_size(); ++i) {
    const auto& result = response.results[static_cast<size_t>(i)];
    FUZZ_CHECK(result.series.size() == static_cast<size_t>(message.results(i).timeseries_size()));
    for (int k = 0; k < message.results(i).timeseries_size(); ++k) {
      check_series(result.series[static_cast<size_t>(k)], message.results(i).timeseries(k));
    }
  }
}

// By the window, in any pieces. An answer that is not irregular is what the plain reader reads.
void check_window(const std::string& block, uint32_t seed) {
  const fuzz::Pieces pieces = fuzz::cut(block, seed);
  if (!wire::uncompressed_length(pieces, limit_bytes)) return;
  std::vector<std::string> bodies;
  std::vector<std::string> others;
  wire::SamplesBlockReader reader(pieces);
  std::vector<std::shared_ptr<char[]>> pinned;
  auto state = reader.next();
  for (; state == wire::SamplesBlockReader::State::series; state = reader.next()) {
    if (seed % 3 == 0) pinned.push_back(reader.memory());
    bodies.emplace_back(reader.series().body);
    others.push_back(std::string(reader.series().labels) + std::string(reader.series().samples) +
                     std::string(reader.series().histograms));
  }
  FUZZ_CHECK(reader.next() == state);
  const auto bytes = wire::uncompress(block, limit_bytes);
  if (state == wire::SamplesBlockReader::State::irregular) return;
  FUZZ_CHECK(bytes.has_value());
  const auto plain = wire::parse_read_response(*bytes);
  FUZZ_CHECK(plain.has_value() && plain->results.size() == 1 &&
             plain->results[0].series.size() == bodies.size());
  for (size_t i = 0; i < bodies.size(); ++i) {
    const auto& series = plain->results[0].series[i];
    FUZZ_CHECK(bodies[i] == series.body);
    FUZZ_CHECK(others[i] == std::string(series.labels) + std::string(series.samples) +
                                std::string(series.histograms));
  }
}

// Both writers give the same, and it is read back as it was given.
void check_written(const wire::ReadResponseView& response, uint32_t seed) {
  wire::ReadResponseWriter plain;
  wire::SamplesBlockWriter block;
  for (const auto& result : response.results) {
    plain.begin_result();
    block.begin_result();
    for (const auto& series : result.series) {
      auto samples = samples_of(series.samples);
      if (!samples) continue;
      plain.append_series(series.labels, *samples, series.histograms);
      if (seed % 2 == 0) {
        block.append_series(series.labels, *samples, series.histograms);
      } else {
        block.take_series(series.labels, *samples, series.histograms);
      }
    }
  }
  std::string written;
  for (const auto& piece : block.take()) written.append(piece.memory.get(), piece.size);
  const auto bytes = wire::uncompress(written, 2 * limit_bytes);
  FUZZ_CHECK(bytes.has_value() && *bytes == plain.bytes());
  FUZZ_CHECK(wire::parse_read_response(*bytes).has_value());
  check_window(written, seed);
}

}  // namespace

MREAD_FUZZ(samples) {
  const uint32_t seed = input.number();
  const bool as_block = input.flag();
  std::string bytes = input.rest();
  if (as_block) {
    check_window(bytes, seed);
    auto content = wire::uncompress(bytes, limit_bytes);
    if (!content) return;
    bytes = std::move(*content);
  } else {
    check_window(wire::compress(bytes), seed);
  }
  const auto response = wire::parse_read_response(bytes);
  if (!response) return;
  FUZZ_CHECK(!wire::parse_read_response(bytes, 1).has_value() || response->results.size() <= 1);
  check_library(bytes, *response);
  check_written(*response, seed);
}
