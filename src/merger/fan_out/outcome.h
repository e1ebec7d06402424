#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "merger/answer/client_class.h"
#include "merger/combine/conflict.h"
#include "merger/members/hedge.h"
#include "merger/select/prune.h"

namespace mread::merger {

/// What became of each backend, for the query log, metrics and the warnings endpoint.
struct BackendOutcome {
  size_t backend = 0;
  enum class State {
    /// It cannot hold anything that is asked for; `skipped` says why. Without a reason: its group
    /// had enough before its turn came (`hedge_after`).
    not_asked,
    waiting,
    complete,
    failed,
    unavailable,  ///< FanOutOptions::unavailable: counts as failed, though it was not asked;
                  ///< `error` says why
    dropped,      ///< not needed any more: its group has enough without it (`wait: need`)
  } state = State::not_asked;
  std::optional<SkipReason> skipped;  ///< why it was not asked, or for the tail only
  std::optional<Error> error;
  bool nothing_lost = false;  ///< it failed, but by its catalog it holds nothing that is asked for
  int http_status = 0;        ///< of the response; 0: there was none
  uint64_t bytes = 0;
  uint64_t series = 0;
  std::chrono::nanoseconds first_byte{};
  std::chrono::nanoseconds total{};
  /// Its series came out of order, by themselves or without their replica labels: pass it in
  /// FanOutOptions::known_unsorted from now on.
  bool unsorted = false;
  /// Of a group with `hedge_after`: from the request until its answer was good to use, or until it
  /// was dropped because a hedge was faster.
  std::optional<std::chrono::nanoseconds> latency;
  enum class Hedge { none, won, lost };
  Hedge hedge = Hedge::none;  ///< it was asked because another was late
};

struct Outcome {
  std::vector<BackendOutcome> backends;
  uint64_t series_out = 0;
  uint64_t samples_out = 0;  ///< of chunks that were passed on: what their headers claim
  uint64_t frames_passed_on = 0;
  uint64_t conflicts = 0;  ///< equal timestamps, different bits
  /// The first ten series with conflicts; once the read is done.
  std::vector<SeriesConflict> conflicting;
  /// Chunks rewritten in an older encoding, by wire::newer_encodings.
  std::array<uint64_t, 3> transcoded{};
  ClientClass client = ClientClass::v3_5;  ///< FanOutOptions::client
  LeftOut left_out{};                      ///< series that it would have refused
  uint64_t failovers = 0;                  ///< backends that took over from another in mid-stream
  std::vector<HedgeCounts> hedges;         ///< by group; empty where none has `hedge_after`
  std::string partial;  ///< "b: deadline 8s, 2 series that Prometheus …", or empty; up to 64 KiB
};

}  // namespace mread::merger
