#include "merger/fan_out/memory_limit.h"

#include <cassert>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "merger/fan_out/read_policy.h"

namespace mread::merger {

MemoryLimit::MemoryLimit(ReadState& read)
    : read_(read), budget_(new Budget(read.policy.limits.bytes_in_flight)) {
  budget_->on_full([this](const Account& asker, uint64_t more) { return make_room(&asker, more); });
}

// Leaves out backends, the heaviest first, until there is room for `more` bytes. False where the
// asker itself has to go, or the read as a whole (too_much_).
bool MemoryLimit::make_room(const Account* asker, uint64_t more) {
  while (!budget_->has_room(more) && !too_much_) {
    BackendRequest* const heaviest_request = heaviest(asker, more);
    if (heaviest_request != nullptr && may_leave_out(*heaviest_request)) {
      // The asker is in the middle of a call. It fails by itself when it is told that there is no
      // room.
      if (&heaviest_request->source().account() == asker) return false;
      leave_out(*heaviest_request);
      continue;
    }
    std::string line =
        fmt::format("the read holds more than {} bytes (limits.bytes_in_flight)", budget_->limit());
    if (heaviest_request != nullptr)
      line += ", most of them of " + read_.policy.backends[heaviest_request->backend()].name;
    too_much_ = Error(Errc::limit, std::move(line));
  }
  return !too_much_;
}

// Null where each holds no more than it may.
BackendRequest* MemoryLimit::heaviest(const Account* asker, uint64_t more) const {
  BackendRequest* heaviest = nullptr;
  uint64_t most = 0;
  for (const auto& each : read_.book.all()) {
    const SeriesSource& source = each->source();
    if (each->left_out()) continue;
    const uint64_t holds = source.account().held() + (&source.account() == asker ? more : 0);
    if (holds <= source.allowance() || holds - source.allowance() <= most) continue;
    most = holds - source.allowance();
    heaviest = each.get();
  }
  return heaviest;
}

// Whether there can be an answer without the request. Where another request has failed that was
// needed, there is no answer anyway, and every request may go.
bool MemoryLimit::may_leave_out(const BackendRequest& request) const {
  const Policy& policy = read_.policy;
  const bool begun = read_.progress.begun();
  const QueryRun& run = read_.book.run_of(request);
  std::vector<Part> parts = run.parts(policy.backends.size());
  if (!may_answer(policy, with_spares(policy, parts), begun)) return !begun;
  if (run.scopes[request.backend()].nothing_lost) return true;
  parts[request.backend()] = Part::failed;
  return may_answer(policy, with_spares(policy, std::move(parts)), begun);
}

void MemoryLimit::leave_out(BackendRequest& request) {
  assert(!request.left_out());
  if (request.open()) read_.act(Drop{request.id()});
  const bool may_be_merged = read_.progress.stage() != Stage::gathering ||
                             request.source().started() || request.source().resumes();
  request.leave_out(holds_too_much(budget_->limit()), may_be_merged, read_.polled_at);
  read_.book.note(request);
  assert(request.left_out() && request.failed());
  QueryRun& run = read_.book.run_of(request);
  run.merge.forget_next();
  bereft_.push_back(&run);
}

}  // namespace mread::merger
