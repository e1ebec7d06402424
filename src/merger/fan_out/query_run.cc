#include "merger/fan_out/query_run.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace mread::merger {
namespace {

bool is_without_series(const SamplesAnswer& answer) {
  using Reader = wire::SamplesBlockReader;
  constexpr size_t most_window = 1U << 20;  // A larger series is one.
  return Reader(answer.pieces(), most_window).next() == Reader::State::end;
}

}  // namespace

void QueryRun::begin(AnswerWriter& writer) {
  assert(decided && unsettled == 0 && !checks_deferred && !passed_on);
  std::vector<SeriesSource*> waiting;
  bool others = false;
  for (BackendRequest* request : requests) {
    SeriesSource& source = request->source();
    if (source.waiting_answer() != nullptr) {
      waiting.push_back(&source);
    } else if (!source.drained()) {
      others = true;
    }
  }
  if (waiting.empty()) return;
  if (others) {
    check_answers();
    return;
  }
  checks_deferred = true;
  std::erase_if(waiting, [](SeriesSource* source) {
    if (!is_without_series(*source->waiting_answer())) return false;
    source->read_answer();
    return true;
  });
  const bool only_these =
      std::all_of(requests.begin(), requests.end(), [](BackendRequest* request) {
        return request->source().waiting_answer() != nullptr ||
               (request->source().drained() && !request->source().error());
      });
  if (waiting.empty()) return;
  SamplesAnswer& first = *waiting[0]->waiting_answer();
  const bool same =
      only_these && std::all_of(waiting.begin() + 1, waiting.end(), [&first](SeriesSource* source) {
        return first.has_same_bytes(*source->waiting_answer());
      });
  if (!same) {
    for (SeriesSource* source : waiting) source->read_answer();
    return;
  }
  const auto series = writer.pass_on(first.pieces());
  passed_on = series.has_value();
  for (SeriesSource* source : waiting) {
    if (passed_on) {
      source->waiting_answer()->leave(*series);
    } else if (source == waiting[0]) {
      source->read_answer();
    } else {
      source->waiting_answer()->leave_to(first);
    }
  }
}

void QueryRun::begin_again() {
  assert(checks_deferred && !passed_on);
  checks_deferred = false;
  check_answers();
  std::vector<SeriesSource*> sources;
  for (BackendRequest* request : requests) sources.push_back(&request->source());
  merge.start(std::move(sources));
}

void QueryRun::check_answers() {
  for (BackendRequest* request : requests) request->check_answer();
}

std::vector<Part> QueryRun::parts(size_t backends) const {
  std::vector<Part> parts(backends, Part::not_asked);
  for (const BackendRequest* each : requests) {
    assert(each->backend() < backends);
    const bool lost = each->failed() && !scopes[each->backend()].nothing_lost;
    parts[each->backend()] = lost              ? (each->borne() ? Part::borne : Part::failed)
                             : each->dropped() ? Part::dropped
                             : each->failed()  ? Part::not_asked
                                               : Part::answered;
  }
  return parts;
}

void QueryRun::add_to(Outcome& outcome, TimePoint now) const {
  for (BackendOutcome& each : outcome.backends) {
    if (!each.skipped) each.skipped = scopes[each.backend].reason;
  }
  for (const BackendRequest* request : requests) {
    BackendOutcome& each = outcome.backends[request->backend()];
    if (request->failed())
      each.nothing_lost =
          scopes[request->backend()].nothing_lost && (!each.error || each.nothing_lost);
    request->add_to(each, now);
  }
  for (const HedgedGroup& group : hedged) group.add_to(outcome);
}

}  // namespace mread::merger
