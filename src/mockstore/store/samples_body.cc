#include "mockstore/store/samples_body.h"

#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"

namespace mread::mockstore {

tl::expected<std::string, ReadFailure> make_samples_body(const SeriesRows& series,
                                                         const ReadQueries& request,
                                                         const AnswerShape& shape,
                                                         uint64_t max_samples,
                                                         AnswerSummary& summary) {
  // The head of a TSDB has its series in the order of their creation; 2.42 sorted them here.
  const bool sorted = series.behaves_like() == PrometheusVersion::v2_42;
  wire::ReadResponseWriter writer;
  RowSamples samples(series, select_samples);
  for (size_t index = 0; index < request.queries.size(); ++index) {
    const auto& [query, error] = request.queries[index];
    if (!query) return tl::unexpected(ReadFailure{500, error});
    writer.begin_result();
    samples.begin(*query);
    uint64_t in_query = 0;
    for (const uint32_t row : select_rows(series, index, *query, shape, sorted)) {
      const auto selected = samples.of(row);
      if (!selected) return tl::unexpected(selected.error());
      if (!(*selected)->in_answer) continue;
      in_query += (*selected)->samples;
      if (max_samples > 0 && in_query > max_samples) {
        return tl::unexpected(
            ReadFailure{400, "exceeded sample limit (" + std::to_string(max_samples) + ")"});
      }
      writer.append_series(series.served_labels(row), (*selected)->floats,
                           (*selected)->histogram_entries);
      ++summary.series;
    }
    summary.samples += in_query;
  }
  return wire::compress(writer.bytes());
}

}  // namespace mread::mockstore
