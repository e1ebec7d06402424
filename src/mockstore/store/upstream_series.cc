#include "mockstore/store/upstream_series.h"

#include <algorithm>

#include <fmt/format.h>

#include "mockstore/tsdb/change_series.h"
#include "model/series.h"
#include "wire/chunk/chunk_samples.h"
#include "wire/labels/labels_view.h"
#include "wire/samples/histogram_proto.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::mockstore {
namespace {

constexpr size_t largest_frame_bytes = size_t{64} << 20;
constexpr size_t most_uncompressed_bytes = size_t{1} << 30;
constexpr int64_t behind_all_data_ms = 4'102'444'800'000;  // The year 2100.

// Chunks may overlap. Of two samples of the same time the first counts.
template <class Samples>
void put_in_order(Samples& samples) {
  const auto before = [](const auto& a, const auto& b) { return a.timestamp_ms < b.timestamp_ms; };
  if (!std::is_sorted(samples.begin(), samples.end(), before))
    std::stable_sort(samples.begin(), samples.end(), before);
  const auto same = [](const auto& a, const auto& b) { return a.timestamp_ms == b.timestamp_ms; };
  samples.erase(std::unique(samples.begin(), samples.end(), same), samples.end());
}

// Times are moved, and chunks cut by them.
template <class Samples>
Result<void> check_times(const Samples& samples) {
  constexpr int64_t farthest_ms = 1'000'000'000'000'000;  // Of either sign: the year 33658.
  for (const auto& sample : samples) {
    if (sample.timestamp_ms > farthest_ms || sample.timestamp_ms < -farthest_ms)
      return fail(Errc::malformed, fmt::format("a sample at {} ms", sample.timestamp_ms));
  }
  return {};
}

Result<void> add_chunk(const wire::ChunkView& chunk, model::Series& series) {
  const auto on_float = [&](model::Sample sample, int64_t) { series.samples.push_back(sample); };
  if (wire::has_floats(chunk.encoding) || !wire::is_known(chunk.encoding)) {
    return wire::each_sample(chunk.encoding, chunk.data, on_float,
                             [](const model::HistogramSample&, int64_t) {});
  }
  auto samples = wire::decode_histogram_chunk(chunk.encoding, chunk.data);
  if (!samples) return fail(std::move(samples.error()));
  std::move(samples->begin(), samples->end(), std::back_inserter(series.histograms));
  return {};
}

Result<model::Series> decode_view(const wire::TimeSeriesView& view) {
  model::Series series;
  wire::SamplesReader samples(view.samples);
  for (model::Sample sample; samples.next(sample);) series.samples.push_back(sample);
  if (samples.error()) return fail(*samples.error());
  wire::HistogramEntries entries(view.histograms);
  for (std::string_view message; entries.next(message);) {
    auto histogram = wire::parse_histogram_message(message);
    if (!histogram) return fail(std::move(histogram.error()));
    series.histograms.push_back(std::move(*histogram));
  }
  return series;
}

}  // namespace

struct UpstreamSeries::Decoded {
  size_t query = 0;
  std::string labels;
  model::Series series;  // Without labels.
};

Result<std::vector<UpstreamSeries::Decoded>> UpstreamSeries::decode_frames(std::string bytes,
                                                                           size_t queries) {
  std::vector<Decoded> out;
  wire::FrameSplitter frames(largest_frame_bytes);
  frames.feed(std::move(bytes));
  wire::ChunkedResponse response;
  for (;;) {
    const auto frame = frames.next();
    if (!frame) return fail(frame.error());
    if (!*frame) break;
    const std::string place = fmt::format("frame {}", frames.frames() - 1);
    if (auto parsed = wire::parse_chunked_response((*frame)->data, response); !parsed)
      return fail(parsed.error().in(place));
    const auto query = static_cast<size_t>(response.query_index);
    if (response.query_index < 0 || query >= queries)
      return fail(Errc::malformed, place + ": it answers a query that was not asked");
    for (const wire::ChunkedSeriesView& view : response.series) {
      // A series may go on in the next frame.
      if (out.empty() || out.back().query != query || out.back().labels != view.labels)
        out.push_back({query, std::string(view.labels), {}});
      for (const wire::ChunkView& chunk : view.chunks) {
        if (auto added = add_chunk(chunk, out.back().series); !added)
          return fail(added.error().in(place));
      }
    }
  }
  if (auto whole = frames.finish(); !whole) return fail(whole.error());
  return out;
}

Result<std::vector<UpstreamSeries::Decoded>> UpstreamSeries::decode_samples(
    const std::string& bytes, size_t queries) {
  const auto plain = wire::uncompress(bytes, most_uncompressed_bytes);
  if (!plain) return fail(plain.error());
  const auto response = wire::parse_read_response(*plain);
  if (!response) return fail(response.error());
  if (response->results.size() != queries) {
    return fail(Errc::malformed,
                fmt::format("{} results for {} queries", response->results.size(), queries));
  }
  std::vector<Decoded> out;
  for (size_t query = 0; query < queries; ++query) {
    for (const wire::TimeSeriesView& view : response->results[query].series) {
      auto series = decode_view(view);
      if (!series) return fail(std::move(series.error()));
      out.push_back({query, std::string(view.labels), std::move(*series)});
    }
  }
  return out;
}

Result<std::shared_ptr<const UpstreamSeries>> UpstreamSeries::decode(Body body,
                                                                     const DataChange& change) {
  std::shared_ptr<UpstreamSeries> rows(new UpstreamSeries(body.is_streamed));
  auto decoded = body.is_streamed ? decode_frames(std::move(body.bytes), body.queries)
                                  : decode_samples(body.bytes, body.queries);
  if (!decoded) return fail(std::move(decoded.error()));
  if (change.is_empty) decoded->clear();
  for (Decoded& one : *decoded) {
    for (const auto& checked :
         {check_times(one.series.samples), check_times(one.series.histograms)})
      if (!checked) return fail(checked.error());
    put_in_order(one.series.samples);
    put_in_order(one.series.histograms);
    change_series(change, one.series);
    auto encoded = EncodedSeries::encode(one.series, PrometheusVersion::v3_5);
    if (!encoded) return fail(std::move(encoded.error()));
    rows->rows_.push_back({one.query, std::move(one.labels), std::move(*encoded)});
  }
  return rows;
}

std::vector<uint32_t> UpstreamSeries::rows_of(size_t index, const model::Query&,
                                              Order order) const {
  std::vector<uint32_t> out;
  for (size_t row = 0; row < rows_.size(); ++row) {
    if (rows_[row].query == index) out.push_back(static_cast<uint32_t>(row));
  }
  if (order == Order::by_labels && !is_streamed_) {
    std::stable_sort(out.begin(), out.end(), [this](uint32_t a, uint32_t b) {
      return wire::compare_labels(rows_[a].labels, rows_[b].labels) < 0;
    });
  }
  return out;
}

model::Query widened(const model::Query& query, const DataChange& change) {
  model::Query out = query;
  if (query.hints) {
    out.start_ms = std::min(out.start_ms, query.hints->start_ms);
    out.end_ms = std::max(out.end_ms, query.hints->end_ms);
  }
  out.hints.reset();
  // Saturating: a client may ask from the beginning to the end of all time.
  const auto moved = [&change](int64_t time_ms) {
    int64_t result = 0;
    if (!__builtin_sub_overflow(time_ms, change.skew.count(), &result)) return result;
    return time_ms < 0 ? INT64_MIN : INT64_MAX;
  };
  out.start_ms = moved(out.start_ms);
  out.end_ms = moved(out.end_ms);
  if (change.lag.count() > 0) out.end_ms = std::max(out.end_ms, behind_all_data_ms);
  return out;
}

}  // namespace mread::mockstore
