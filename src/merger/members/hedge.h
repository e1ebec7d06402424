#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/time_point.h"
#include "merger/policy/policy.h"

namespace mread::merger {

/// What became of the extra requests of one group.
struct HedgeCounts {
  uint64_t won = 0;      ///< its answer was used
  uint64_t lost = 0;     ///< another's was, or it failed
  uint64_t refused = 0;  ///< not sent, because the budget was used up

  HedgeCounts& operator+=(const HedgeCounts& other);
  friend bool operator==(const HedgeCounts&, const HedgeCounts&) = default;
};

/// Decides which members of a group with `hedge_after` a query asks, and when, without I/O. Members
/// are numbered in the order in which they are asked.
///
/// At first `need` members are asked. The next one is asked
///   at once, where one that was asked has failed and fewer than `need` are left (never refused);
///   when a member has not become ready within its delay (a hedge): one for each member that is
///   late, be it a hedge itself, if the budget allows it. One that is refused stays refused.
/// Nobody is asked any more once `need` are ready.
///
/// Not thread-safe.
class HedgePlan {
 public:
  enum class State {
    standing_by,
    asked,
    ready,    ///< its answer is good to use
    failed,   ///< before that
    dropped,  ///< while it was asked
  };

  /// `delays` by member: how long each is waited for before a hedge is asked.
  HedgePlan(size_t need, std::vector<std::chrono::nanoseconds> delays);

  /// The member to be asked now, which counts as asked from then on. Call it after every change,
  /// until it is empty. `may_hedge` is asked once for each hedge.
  std::optional<size_t> next(TimePoint now, const std::function<bool()>& may_hedge);
  /// What has become of a member that was asked.
  void note(size_t member, State state) { members_[member].state = state; }
  /// When next() has to be called though nothing has changed.
  std::optional<TimePoint> due() const;

  /// Whether it was late, so that a hedge for it was sent or refused.
  bool late(size_t member) const { return members_[member].late; }
  /// Whether it was asked as a hedge.
  bool is_hedge(size_t member) const { return members_[member].hedge; }
  bool won(size_t member) const {
    return is_hedge(member) && members_[member].state == State::ready;
  }
  HedgeCounts counts() const;

 private:
  struct Member {
    std::chrono::nanoseconds delay;
    State state = State::standing_by;
    TimePoint due;
    bool late = false;
    bool hedge = false;
  };
  size_t count(State state) const;

  size_t need_;
  std::vector<Member> members_;
  uint64_t refused_ = 0;
};

/// How long a member is waited for before a hedge is asked: what the group's
/// `hedge_after` says, and where that is a quantile, `latency`; a tenth of the backend's timeout
/// where that is not known yet.
std::chrono::nanoseconds hedge_delay(const HedgeAfter& after, const Backend& backend,
                                     std::optional<std::chrono::nanoseconds> latency);

/// Caps the hedges of one group at a tenth of its reads. What is not used adds up to ten hedges, so
/// that a quiet hour does not pay for a storm; the first one is free.
///
/// Not thread-safe.
class HedgeBudget {
 public:
  void count_read();
  /// Whether one more may be sent; it then counts as sent.
  bool take();

 private:
  static constexpr uint32_t price = 10;  // Of a hedge, in reads.
  static constexpr uint32_t most = 10 * price;
  uint32_t saved_ = price;
};

}  // namespace mread::merger
