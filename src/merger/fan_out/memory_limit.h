#pragma once

#include <optional>
#include <vector>

#include "base/error.h"
#include "merger/fan_out/read_state.h"
#include "merger/memory/budget.h"

namespace mread::merger {

/// limits.bytes_in_flight of one read: leaves out the backend that holds the most where the policy
/// can bear that.
///
/// A source asks for room while it is fed or a series is written, so nothing else happens then:
/// runs that have lost a backend are kept for take_bereft(), and an excess for too_much().
/// Not thread-safe. Tested by held_memory_test.cc.
class MemoryLimit {
 public:
  /// `read` outlives it.
  explicit MemoryLimit(ReadState& read);
  ~MemoryLimit() { stop(); }
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

  const boost::intrusive_ptr<Budget>& budget() const { return budget_; }
  /// Leaves out backends until the read holds no more than it may. False where there is none left
  /// that may be left out; too_much() says so.
  bool keep() { return !budget_->exceeded() || make_room(nullptr, 0); }
  /// Set once the read as a whole is too large.
  const std::optional<Error>& too_much() const { return too_much_; }
  /// Queries of which a backend was left out since the last call. Others may have to be asked for
  /// them, or they are ready now.
  std::vector<QueryRun*> take_bereft() { return std::exchange(bereft_, {}); }
  /// Makes no room any more.
  void stop() noexcept { budget_->on_full(nullptr); }

 private:
  bool make_room(const Account* asker, uint64_t more);
  BackendRequest* heaviest(const Account* asker, uint64_t more) const;
  bool may_leave_out(const BackendRequest& request) const;
  void leave_out(BackendRequest& request);

  ReadState& read_;
  const boost::intrusive_ptr<Budget> budget_;
  std::optional<Error> too_much_;
  std::vector<QueryRun*> bereft_;
};

}  // namespace mread::merger
