#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include "base/error.h"

namespace mread::merger {

class Account;

/// What one read holds in memory, and the limit of that (limits.bytes_in_flight). It is the sum of
/// the read's accounts: one a backend's answer, one for the answer to the client.
///
/// Counts without locks: a read and all that belongs to it are one thread's at a time.
class Budget : public boost::intrusive_ref_counter<Budget, boost::thread_unsafe_counter> {
 public:
  /// Called where there is no room for `more` bytes that `asker` wants to take. Whether there is
  /// room now: it may have made others give theirs back. It must not take anything from the asker.
  using MakeRoom = std::function<bool(const Account& asker, uint64_t more)>;

  /// 0: no limit.
  explicit Budget(uint64_t limit = 0) : limit_(limit == 0 ? UINT64_MAX : limit) {}

  uint64_t held() const { return held_; }
  uint64_t limit() const { return limit_; }  ///< UINT64_MAX: none
  uint64_t room() const { return held_ < limit_ ? limit_ - held_ : 0; }
  bool has_room(uint64_t more) const { return more <= room() && held_ <= limit_; }
  bool exceeded() const { return held_ > limit_; }
  void on_full(MakeRoom make_room) { make_room_ = std::move(make_room); }

 private:
  friend class Account;
  uint64_t limit_;
  uint64_t held_ = 0;
  MakeRoom make_room_;
};

/// One party's part of a read's Budget. Who takes memory for that party holds a Charge of the
/// account.
class Account : public boost::intrusive_ref_counter<Account, boost::thread_unsafe_counter> {
 public:
  explicit Account(boost::intrusive_ptr<Budget> budget) : budget_(std::move(budget)) {}
  /// Of a budget of its own, without a limit.
  Account() : Account(boost::intrusive_ptr<Budget>(new Budget())) {}

  uint64_t held() const { return held_; }
  const Budget& budget() const { return *budget_; }
  /// Whether `more` bytes may be taken. To be asked before memory is taken for which little input
  /// is enough.
  bool may_take(uint64_t more) const {
    if (budget_->has_room(more)) [[likely]]
      return true;
    return budget_->make_room_ && budget_->make_room_(*this, more);
  }

 private:
  friend class Charge;
  // What is taken off wraps around, and the sum is right.
  void add(uint64_t bytes) {
    held_ += bytes;
    budget_->held_ += bytes;
  }
  boost::intrusive_ptr<Budget> budget_;
  uint64_t held_ = 0;
};
using AccountPtr = boost::intrusive_ptr<Account>;

/// Bytes that are held for an account, from set() until set() or the destructor. Of no account:
/// counts nothing.
class Charge {
 public:
  Charge() = default;
  explicit Charge(AccountPtr account, uint64_t bytes = 0) : account_(std::move(account)) {
    set(bytes);
  }
  Charge(Charge&& other) noexcept
      : account_(std::move(other.account_)), bytes_(std::exchange(other.bytes_, 0)) {}
  Charge& operator=(Charge&& other) noexcept {
    set(0);
    account_ = std::move(other.account_);
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }
  ~Charge() { set(0); }

  void set(uint64_t bytes) {
    if (bytes == bytes_ || !account_) return;
    account_->add(bytes - bytes_);
    bytes_ = bytes;
  }
  uint64_t bytes() const { return bytes_; }

 private:
  AccountPtr account_;
  uint64_t bytes_ = 0;
};

/// Why a backend's answer is left out where the read would hold more than `limit` bytes.
Error holds_too_much(uint64_t limit);

/// What a small object in memory of its own takes in addition to its bytes: the allocator's header,
/// a reference count.
inline constexpr size_t object_overhead = 32;

}  // namespace mread::merger
