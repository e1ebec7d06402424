#include "merger/answer/answer_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/printable.h"
#include "wire/labels/labels_view.h"

namespace mread::merger {

std::optional<uint64_t> AnswerWriter::pass_on(SamplesAnswer::Pieces) { return std::nullopt; }

AnswerCounts AnswerWriter::counts() const {
  AnswerCounts counts = counts_;
  counts.conflicts = combiner_.conflicts();
  return counts;
}

SourceResult<void> AnswerWriter::combine(std::span<const Fragment> fragments, SeriesParts& out) {
  constexpr size_t most = 10;
  const uint64_t before = combiner_.conflicts();
  auto combined = combiner_.combine(fragments, out);
  const uint64_t added = combiner_.conflicts() - before;
  if (added == 0 || conflicts_.size() == most) return combined;
  constexpr size_t shown_bytes = 1'024;
  const auto labels = wire::decode_labels(fragments.front().labels);
  // Whatever the size of its labels, a series is kept on boards and pages: enough of it to be
  // recognised.
  if (labels)
    conflicts_.push_back(
        {printable(labels->to_string(), shown_bytes), added, combiner_.last_conflict()});
  return combined;
}

SourceResult<void> AnswerWriter::check_samples(uint64_t more) const {
  const uint64_t limit = policy_.limits.samples;
  if (limit != 0 && counts_.samples + more > limit) {
    return tl::unexpected<SourceError>(
        {no_source,
         Error(Errc::limit,
               fmt::format("the answer has more than {} samples (limits.samples)", limit))});
  }
  return {};
}

SourceResult<void> AnswerWriter::too_many_bytes() const {
  return tl::unexpected<SourceError>(
      {no_source,
       Error(Errc::limit, fmt::format("the read holds more than {} bytes (limits.bytes_in_flight)",
                                      account_->budget().limit()))});
}

// With one series more, of so many samples.
SourceResult<void> AnswerWriter::too_large(uint64_t samples) const {
  const uint64_t limit = policy_.limits.series;
  if (limit != 0 && counts_.series >= limit) {
    return tl::unexpected<SourceError>(
        {no_source,
         Error(Errc::limit,
               fmt::format("the answer has more than {} series (limits.series)", limit))});
  }
  return check_samples(samples);
}

bool all_identical(std::span<const Fragment> fragments) {
  const Fragment& first = fragments.front();
  return std::all_of(fragments.begin() + 1, fragments.end(), [&first](const Fragment& other) {
    if (first.is_samples != other.is_samples || first.whole.empty()) return false;
    // Twins are the same bytes (TwinFinder).
    return first.whole.size() == other.whole.size() &&
           (first.whole.data() == other.whole.data() || first.whole == other.whole);
  });
}

TimeRange answered_range(const model::Query& query) {
  TimeRange range{query.start_ms, query.end_ms};
  if (query.hints && (query.hints->start_ms != 0 || query.hints->end_ms != 0)) {
    range.first_ms = std::max(range.first_ms, query.hints->start_ms);
    range.last_ms = std::min(range.last_ms, query.hints->end_ms);
  }
  return range;
}

}  // namespace mread::merger
