#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "model/query.h"
#include "probe/answer.h"

namespace mread::probe {

/// What an answer holds, counted on the wire: nothing is trimmed or joined before.
struct AnswerStatistics {
  model::ResponseType response_type = model::ResponseType::samples;
  uint64_t series = 0;  ///< distinct label sets
  /// Entries beyond the first of each label set that do not follow directly: a series that continues
  /// in the next frame is none of them.
  uint64_t repeated_series = 0;
  uint64_t unsorted_series = 0;   ///< entries whose labels are lower than those of the entry before
  uint64_t unsorted_labels = 0;   ///< entries whose labels are not canonical
  uint64_t unsorted_samples = 0;  ///< samples that are not later than the one before in their entry
  uint64_t empty_series = 0;      ///< entries without a sample
  uint64_t floats = 0;            ///< stale markers and NaNs included
  uint64_t histograms = 0;        ///< integer and float ones, stale markers included
  uint64_t float_histograms = 0;  ///< those of them with float counts
  uint64_t stale_markers = 0;     ///< of floats and histograms
  uint64_t nans = 0;              ///< without stale markers
  uint64_t outside_range = 0;     ///< samples before the query's start or after its end
  std::optional<int64_t> first_ms;
  std::optional<int64_t> last_ms;
  uint64_t body_bytes = 0;          ///< as received
  uint64_t uncompressed_bytes = 0;  ///< of SAMPLES; the same for a streamed answer
  uint64_t frames = 0;
  uint64_t chunks = 0;
  std::map<std::string, uint64_t> chunks_by_encoding;
  uint64_t wrong_chunk_times = 0;  ///< chunks whose times are not those of their samples

  uint64_t samples() const { return floats + histograms; }
};

/// Cost: linear in the samples, and logarithmic in the series for each entry.
AnswerStatistics statistics_of(const Answer& answer, const model::Query& query);

/// A line for each property, for people.
std::string statistics_text(const AnswerStatistics& statistics);

/// One line of JSON; times are seconds, null where the answer has no sample.
std::string statistics_json(const AnswerStatistics& statistics);

}  // namespace mread::probe
