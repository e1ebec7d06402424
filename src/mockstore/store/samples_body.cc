#include "mockstore/store/samples_body.h"

#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"

namespace mread::mockstore {

tl::expected<std::string, ReadFailure> make_samples_body(const Dataset& dataset,
                                                         const ReadQueries& request,
                                                         const AnswerShape& shape,
                                                         uint64_t max_samples,
                                                         AnswerSummary& summary) {
  // The head of a TSDB has its series in the order of their creation; 2.42 sorted them here.
  const bool sorted = dataset.behaves_like() == PrometheusVersion::v2_42;
  wire::ReadResponseWriter writer;
  RowSamples samples(dataset, select_samples);
  for (const auto& [query, error] : request.queries) {
    if (!query) return tl::unexpected(ReadFailure{500, error});
    writer.begin_result();
    samples.begin(*query);
    uint64_t in_query = 0;
    for (const uint32_t row : select_rows(dataset, *query, shape, sorted)) {
      const auto selected = samples.of(row);
      if (!selected) return tl::unexpected(selected.error());
      if (!(*selected)->in_answer) continue;
      in_query += (*selected)->samples;
      if (max_samples > 0 && in_query > max_samples) {
        return tl::unexpected(
            ReadFailure{400, "exceeded sample limit (" + std::to_string(max_samples) + ")"});
      }
      writer.append_series(dataset.served_labels(row), (*selected)->floats,
                           (*selected)->histogram_entries);
      ++summary.series;
    }
    summary.samples += in_query;
  }
  return wire::compress(writer.bytes());
}

}  // namespace mread::mockstore
