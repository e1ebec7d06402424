#include "merger/fan_out/read_summary.h"

#include <algorithm>
#include <cassert>

#include "merger/fan_out/read_policy.h"

namespace mread::merger {

bool ReadSummary::may_answer_run(const QueryRun& run) const {
  read_.book.visit(run.requests.size());
  const std::vector<Part> parts = run.parts(read_.policy.backends.size());
  return may_answer(read_.policy, with_spares(read_.policy, parts), read_.progress.begun());
}

bool ReadSummary::may_answer_all() const {
  const auto runs = asking_.runs();
  return std::all_of(runs.begin(), runs.end(),
                     [this](const auto& run) { return may_answer_run(*run); });
}

std::optional<Obstacle> ReadSummary::obstacle(const QueryRun& run) const {
  for (const BackendRequest* each : run.requests) {
    if (each->failed() && each->source().over_limit())
      return Obstacle::beyond_limit(*each->error());
  }
  if (memory_.too_much()) return Obstacle::beyond_limit(*memory_.too_much());
  if (may_answer_run(run)) return std::nullopt;
  return Obstacle::unavailable(partial());
}

bool ReadSummary::all_left_out() const {
  const AnswerCounts counts = answer_.writer().counts();
  return counts.series == 0 && total(counts.left_out) > 0;
}

Outcome ReadSummary::outcome(TimePoint now) const {
  Outcome out;
  out.backends.resize(read_.policy.backends.size());
  for (size_t i = 0; i < out.backends.size(); ++i) out.backends[i].backend = i;
  for (const auto& run : asking_.runs()) run->add_to(out, now);
  read_.book.visit(read_.book.all().size());
  const AnswerWriter& writer = answer_.writer();
  const AnswerCounts counts = writer.counts();
  out.series_out = counts.series;
  out.samples_out = counts.samples;
  out.frames_passed_on = counts.frames_passed_on;
  out.conflicts = counts.conflicts;
  if (read_.is_over()) out.conflicting = writer.conflicts();
  out.transcoded = counts.transcoded;
  out.client = read_.options.client;
  out.left_out = counts.left_out;
  out.failovers = asking_.failovers();
  out.partial = describe_partial(read_.policy, out);
  return out;
}

std::string ReadSummary::partial() const { return outcome(read_.polled_at).partial; }

std::string ReadSummary::partial_header() const {
  return describe_partial(read_.policy, outcome(read_.polled_at), failures_in_header_bytes);
}

}  // namespace mread::merger
