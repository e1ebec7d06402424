#include "probe/answer_statistics.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "base/quantity.h"
#include "base/timestamp.h"

namespace mread::probe {

namespace {

struct Counter {
  const model::Query& query;
  AnswerStatistics& out;

  void time(int64_t timestamp_ms) const {
    out.first_ms = std::min(out.first_ms.value_or(timestamp_ms), timestamp_ms);
    out.last_ms = std::max(out.last_ms.value_or(timestamp_ms), timestamp_ms);
    if (timestamp_ms < query.start_ms || timestamp_ms > query.end_ms) ++out.outside_range;
  }

  template <class Samples>
  void order(const Samples& samples) const {
    for (size_t i = 1; i < samples.size(); ++i) {
      if (samples[i].timestamp_ms <= samples[i - 1].timestamp_ms) ++out.unsorted_samples;
    }
  }

  void series(const AnswerSeries& one) const {
    for (const model::Sample& sample : one.samples) {
      time(sample.timestamp_ms);
      if (model::is_stale(sample.bits)) {
        ++out.stale_markers;
      } else if (std::isnan(sample.value())) {
        ++out.nans;
      }
    }
    for (const model::HistogramSample& sample : one.histograms) {
      time(sample.timestamp_ms);
      if (sample.histogram.is_stale()) ++out.stale_markers;
      if (sample.histogram.is_float) ++out.float_histograms;
    }
    order(one.samples);
    order(one.histograms);
    out.floats += one.samples.size();
    out.histograms += one.histograms.size();
    if (one.samples.empty() && one.histograms.empty()) ++out.empty_series;
    if (!one.labels_canonical) ++out.unsorted_labels;
    for (const AnswerChunk& chunk : one.chunks) {
      ++out.chunks;
      ++out.chunks_by_encoding[wire::to_string(chunk.encoding)];
      if (chunk.samples > 0 &&
          (chunk.min_time_ms != chunk.first_ms || chunk.max_time_ms != chunk.last_ms))
        ++out.wrong_chunk_times;
    }
  }
};

std::string time_text(const std::optional<int64_t>& timestamp_ms) {
  return timestamp_ms ? format_timestamp(*timestamp_ms) : "none";
}

boost::json::value time_json(const std::optional<int64_t>& timestamp_ms) {
  if (!timestamp_ms) return nullptr;
  return static_cast<double>(*timestamp_ms) / 1000;
}

}  // namespace

AnswerStatistics statistics_of(const Answer& answer, const model::Query& query) {
  AnswerStatistics out;
  out.response_type = answer.response_type;
  out.body_bytes = answer.body_bytes;
  out.uncompressed_bytes = answer.uncompressed_bytes;
  out.frames = answer.frames;
  const Counter counter{query, out};
  const auto by_labels = [](const model::LabelSet* a, const model::LabelSet* b) { return *a < *b; };
  std::set<const model::LabelSet*, decltype(by_labels)> seen(by_labels);
  const AnswerSeries* last = nullptr;
  for (const AnswerSeries& one : answer.series) {
    counter.series(one);
    // A series continues in the next frame of a streamed answer only.
    const bool continues = last != nullptr && last->labels == one.labels &&
                           answer.response_type == model::ResponseType::streamed_xor_chunks;
    if (!seen.insert(&one.labels).second && !continues) ++out.repeated_series;
    if (last != nullptr && one.labels < last->labels) ++out.unsorted_series;
    last = &one;
  }
  out.series = seen.size();
  return out;
}

std::string statistics_text(const AnswerStatistics& s) {
  std::string out;
  const auto line = [&](std::string_view name, const std::string& value) {
    out += fmt::format("{:<20}{}\n", name, value);
  };
  const bool streamed = s.response_type == model::ResponseType::streamed_xor_chunks;
  line("response type", streamed ? "STREAMED_XOR_CHUNKS" : "SAMPLES");
  line("body", streamed
                   ? fmt::format("{} bytes in {}", s.body_bytes, counted(s.frames, "frame"))
                   : fmt::format("{} bytes, {} uncompressed", s.body_bytes, s.uncompressed_bytes));
  line("series", fmt::format("{}, {} without samples", s.series, s.empty_series));
  line("samples",
       fmt::format("{}: {}, {} ({} with float counts)", s.samples(), counted(s.floats, "float"),
                   counted(s.histograms, "histogram"), s.float_histograms));
  line("stale markers", std::to_string(s.stale_markers));
  line("NaNs", std::to_string(s.nans));
  line("first sample", time_text(s.first_ms));
  line("last sample", time_text(s.last_ms));
  line("outside the range", counted(s.outside_range, "sample"));
  if (streamed) {
    std::string chunks = std::to_string(s.chunks);
    for (const auto& [encoding, count] : s.chunks_by_encoding)
      chunks +=
          fmt::format("{}{} {}", &encoding == &s.chunks_by_encoding.begin()->first ? ": " : ", ",
                      count, encoding);
    line("chunks", chunks);
    line("wrong chunk times", counted(s.wrong_chunk_times, "chunk"));
  }
  line("out of order", fmt::format("{} series, {} with unsorted labels, {} samples",
                                   s.unsorted_series, s.unsorted_labels, s.unsorted_samples));
  line("repeated series", std::to_string(s.repeated_series));
  return out;
}

std::string statistics_json(const AnswerStatistics& s) {
  const bool streamed = s.response_type == model::ResponseType::streamed_xor_chunks;
  boost::json::object encodings;
  for (const auto& [encoding, count] : s.chunks_by_encoding) encodings[encoding] = count;
  const boost::json::object out{{"response_type", streamed ? "STREAMED_XOR_CHUNKS" : "SAMPLES"},
                                {"body_bytes", s.body_bytes},
                                {"uncompressed_bytes", s.uncompressed_bytes},
                                {"frames", s.frames},
                                {"series", s.series},
                                {"repeated_series", s.repeated_series},
                                {"unsorted_series", s.unsorted_series},
                                {"unsorted_labels", s.unsorted_labels},
                                {"unsorted_samples", s.unsorted_samples},
                                {"empty_series", s.empty_series},
                                {"samples", s.samples()},
                                {"floats", s.floats},
                                {"histograms", s.histograms},
                                {"float_histograms", s.float_histograms},
                                {"stale_markers", s.stale_markers},
                                {"nans", s.nans},
                                {"outside_range", s.outside_range},
                                {"first", time_json(s.first_ms)},
                                {"last", time_json(s.last_ms)},
                                {"chunks", s.chunks},
                                {"chunks_by_encoding", encodings},
                                {"wrong_chunk_times", s.wrong_chunk_times}};
  return boost::json::serialize(out) + "\n";
}

}  // namespace mread::probe
