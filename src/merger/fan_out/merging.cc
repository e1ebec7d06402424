#include "merger/fan_out/merging.h"

#include <cassert>

#include "merger/fan_out/read_policy.h"

namespace mread::merger {

size_t Merging::memory() const {
  const auto runs = asking_.runs();
  return current_ < runs.size() ? runs[current_]->merge.memory() : 0;
}

std::optional<Obstacle> Merging::advance(TimePoint now) {
  assert(read_.progress.stage() == Stage::merging);
  const size_t batch_bytes = read_.options.batch_bytes;
  while (!answer_.is_full()) {
    if (current_ == read_.request.queries.size()) {
      const bool all = answer_.writer().finish(answer_.filling(), batch_bytes);
      answer_.recount(memory());
      if (all) read_.progress.enter(Stage::draining);
      return std::nullopt;
    }
    if (current_ == asking_.runs().size()) return std::nullopt;
    QueryRun& run = *asking_.runs()[current_];
    if (!run.begun) {
      if (!run.decided && run.unsettled > 0) return std::nullopt;
      if (auto obstacle = begin(run, now)) return obstacle;
    }
    if (run.passed_on) {
      ++current_;
      continue;
    }
    const auto state = run.merge.run(answer_.writer(), answer_.filling(), batch_bytes);
    answer_.recount(memory());
    read_.book.note_all(run);
    switch (state) {
      case SeriesMerge::State::blocked:
      case SeriesMerge::State::full:
        return std::nullopt;
      case SeriesMerge::State::done:
        assert(run.open == 0 && run.unsettled == 0);
        ++current_;
        break;
      case SeriesMerge::State::failed:
        if (auto obstacle = on_failed(run, now)) return obstacle;
        read_.book.note_all(run);
        break;
    }
  }
  return std::nullopt;
}

// Begins the query's part of the answer.
std::optional<Obstacle> Merging::begin(QueryRun& run, TimePoint now) {
  assert(run.index == current_ && !run.begun);
  if (!run.decided) asking_.close(run, now);
  answer_.writer().begin_result(current_, run.query);
  run.begun = true;
  run.begin(answer_.writer());
  read_.book.note_all(run);
  // Answers whose check is deferred are looked into while they are merged.
  return run.checks_deferred ? std::nullopt : summary_.obstacle(run);
}

std::optional<Obstacle> Merging::on_failed(QueryRun& run, TimePoint now) {
  const Error error = run.merge.error();
  if (run.merge.failed_source() == no_source) return Obstacle::beyond_limit(error);
  if (run.checks_deferred) {
    // Nothing has been sent yet, so the merge starts again, with checked answers.
    answer_.restart();
    answer_.writer().begin_result(current_, run.query);
    run.begin_again();
    return summary_.obstacle(run);
  }
  const Policy& policy = read_.policy;
  const bool begun = read_.progress.begun();
  assert(run.merge.failed_source() < run.requests.size());
  BackendRequest& failed = *run.requests[run.merge.failed_source()];
  if (failed.open()) read_.act(Drop{failed.id()});
  failed.blame(error, now);
  if (asking_.replace(run, failed.backend(), now)) return std::nullopt;
  if (!may_answer(policy, run.parts(policy.backends.size()), begun)) {
    return begun ? Obstacle{503, error.in(policy.backends[failed.backend()].name)}
                 : Obstacle::unavailable(summary_.partial());
  }
  run.merge.skip_failure();
  return std::nullopt;
}

}  // namespace mread::merger
