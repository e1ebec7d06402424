#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "merger/fan_out/fan_out.h"

namespace mread::serve {

/// The beginning of an answer, and what was left out of it; of an error, what has failed, and
/// whether the same may be asked again soon.
struct AnswerHead {
  merger::Head head;
  std::string left_out;
  bool try_again = false;
};

/// Bytes of an answer: their owner is `own`, or, where that is null, whoever has put them there.
struct AnswerBytes {
  std::vector<std::string_view> pieces;
  std::shared_ptr<const std::string> own;
};

/// Bytes with one owner of their own.
AnswerBytes copy_of(const std::vector<std::string_view>& pieces);

/// One thing that is sent to a client.
using AnswerItem = std::variant<AnswerHead, AnswerBytes, merger::Finish, merger::Abort>;

/// One answer on its way to several readers, each at its own pace, without I/O.
///
/// Joining   Possible as long as all that was sent is kept, that is up to `join_bytes`, and before
///           the end. Whoever joins gets the answer from its beginning.
/// Keeping   An item is kept until every reader has sent it. has_room() says whether the next may
///           come: readers may be `lag_bytes` apart. If one reader is left and nobody can join, its
///           items need not be copied.
/// Lagging   If there is no room, and a reader has sent all there is and waits, those that are
///           furthest behind are charged with the time. One that has been charged `patience` in all
///           is cut: for it there is only an Abort, so what it got never passes for an answer. A
///           reader alone is never charged.
///
/// Not thread-safe.
class Broadcast {
 public:
  using Reader = size_t;
  struct Limits {
    size_t join_bytes = 1U << 20;
    size_t lag_bytes = 16U << 20;
    std::chrono::milliseconds patience{10'000};
  };

  explicit Broadcast(Limits limits) : limits_(limits) {}
  /// Why one is cut.
  static Error too_slow();

  /// A new reader; none where it is too late.
  std::optional<Reader> join();
  bool may_join() const { return joinable_; }
  void leave(Reader reader, TimePoint now);
  size_t readers() const { return readers_.size(); }

  /// Whether the next item may be put without a copy of its bytes, and has to stay valid until
  /// there is room.
  bool may_borrow() const { return !joinable_ && readers_.size() == 1; }
  void put(AnswerItem item, TimePoint now);
  bool has_room() const;
  /// Bytes of copies that are kept for readers; what was put without a copy is its owner's.
  size_t kept() const { return kept_; }

  /// What this reader is to send now; null where it has sent all there is. Valid until the next
  /// change.
  const AnswerItem* next(Reader reader) const;
  /// It has been sent.
  void sent(Reader reader, TimePoint now);

  /// When the next reader is to be cut, if nothing happens.
  std::optional<TimePoint> cut_at() const;
  /// Cuts those whose time is up.
  std::vector<Reader> cut(TimePoint now);

 private:
  struct Entry {
    size_t at = 0;  // Number of the item that is its next.
    std::chrono::nanoseconds charged{};
    bool is_cut = false;
  };
  void charge(TimePoint now);
  void settle(TimePoint now);
  bool lags(const Entry& entry) const { return !entry.is_cut && entry.at == first_; }

  const Limits limits_;
  std::deque<AnswerItem> items_;
  size_t first_ = 0;  // Number of the first of items_.
  size_t held_ = 0;   // Bytes of items_.
  size_t kept_ = 0;   // Of these, what is not borrowed.
  size_t total_ = 0;
  bool joinable_ = true;
  size_t next_reader_ = 0;
  std::map<Reader, Entry> readers_;
  std::optional<TimePoint> blocked_since_;
};

}  // namespace mread::serve
