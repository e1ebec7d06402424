#include "serve/observe/limited_log.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace mread::serve {
namespace {

using Kind = LimitedLog::Kind;

// Each line of these says the same.
bool is_monotonous(Kind kind) { return kind == Kind::query_log; }

}  // namespace

LimitedLog::LimitedLog(std::shared_ptr<spdlog::logger> logger, Limits limits, const Clock& clock)
    : logger_(std::move(logger)), limits_(limits), clock_(clock) {}

void LimitedLog::write(Kind kind, const std::string& subject, spdlog::level::level_enum level,
                       std::string_view line) {
  if (!logger_->should_log(level)) return;
  uint64_t left_out = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto now = clock_.now();
    auto at = states_.find({kind, subject});
    if (at == states_.end() && states_.size() >= limits_.subjects) at = states_.find({kind, ""});
    const double full = is_monotonous(kind) ? 1 : limits_.burst;
    if (at == states_.end()) {
      // A kind without a subject has its place in any case: there are only so many kinds.
      const bool has_place = states_.size() < limits_.subjects;
      at =
          states_.emplace(std::pair(kind, has_place ? subject : std::string()), State{full, now, 0})
              .first;
    }
    State& state = at->second;
    const auto passed = std::chrono::duration<double>(now - state.seen) /
                        std::chrono::duration<double>(limits_.interval);
    state.left = std::min(full, state.left + passed);
    state.seen = now;
    if (state.left < 1 - 1e-9) {
      ++state.left_out;
      return;
    }
    state.left -= 1;
    left_out = std::exchange(state.left_out, 0);
  }
  if (left_out == 0) {
    logger_->log(level, "{}", line);
  } else {
    logger_->log(level, "{} ({} more like this {} left out)", line, left_out,
                 left_out == 1 ? "was" : "were");
  }
}

}  // namespace mread::serve
