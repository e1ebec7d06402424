#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/query.h"

namespace mread::mockstore {

/// A moment by both clocks. The second counts from the store's start and never goes back.
struct Moment {
  int64_t wall_ms = 0;
  std::chrono::nanoseconds since_start{0};
};

/// Where a store takes the time from. Thread-safe.
class TimeSource {
 public:
  virtual ~TimeSource() = default;
  virtual Moment now() const = 0;
};

/// The time by `clock`, which outlives the object; the start is the object's.
class SystemTime final : public TimeSource {
 public:
  explicit SystemTime(const Clock& clock = real_clock()) : clock_(clock), start_(clock.now()) {}
  Moment now() const override { return {clock_.wall_ms(), clock_.now() - start_}; }

 private:
  const Clock& clock_;
  TimePoint start_;
};

/// One request of a store, and its answer.
struct JournalEntry {
  enum class Outcome {
    in_progress,
    complete,     ///< the answer was sent to its end
    aborted,      ///< the store closed the connection: a fault
    client_gone,  ///< the client closed it first
  };
  struct Query {
    std::string selector;  ///< or Prometheus's error text
    int64_t start_ms = 0;
    int64_t end_ms = 0;
    std::optional<model::ReadHints> hints;
  };

  uint64_t ordinal = 0;  ///< from 0
  std::string peer;
  Moment arrived;
  std::optional<Moment> first_byte;
  std::optional<Moment> end;
  std::vector<Query> queries;
  std::vector<int64_t> accepted;
  std::vector<std::string> faults;
  std::string refused;  ///< why the request was refused: "wrong credentials"; empty: it was not
  int status = 0;       ///< 0: no status was sent
  std::string content_type;
  uint64_t bytes = 0;  ///< of the body, sent so far
  uint64_t series = 0;
  uint64_t samples = 0;
  Outcome outcome = Outcome::in_progress;
  uint64_t bytes_left_out = 0;  ///< bytes of a large request that are not kept here
};

std::string to_string(JournalEntry::Outcome outcome);

/// The last requests of a store. A request has its entry from its arrival on, so one that hangs can
/// be seen.
///
/// Thread-safe. Entries and bytes are bounded: the oldest entries are dropped; `total` counts all.
/// Of a large request the first queries are kept, with their selectors cut.
class Journal {
 public:
  struct Limits {
    size_t entry_bytes = size_t{64} << 10;  ///< of one request's queries and accepted types
    size_t bytes = size_t{32} << 20;        ///< of all entries
  };

  explicit Journal(size_t capacity = 10'000) : Journal(capacity, Limits{}) {}
  Journal(size_t capacity, Limits limits) : capacity_(capacity), limits_(limits) {}

  void arrived(JournalEntry entry);
  /// Changes an entry that is still there.
  template <class Change>
  void update(uint64_t ordinal, Change&& change) {
    const std::lock_guard lock(mutex_);
    if (JournalEntry* entry = find(ordinal)) change(*entry);
  }

  std::vector<JournalEntry> entries() const;
  uint64_t total() const;
  /// Entries that were dropped because of the limit of bytes.
  uint64_t dropped() const;
  /// Of the entries that are kept.
  size_t bytes() const;
  void clear();

  /// {"total": N, "requests": [{"ordinal": 0, …}, …]}, the oldest first. If something is missing:
  /// "dropped": N next to "total", "bytes_left_out": N in an entry.
  std::string to_json() const;

 private:
  struct Kept {
    JournalEntry entry;
    size_t bytes = 0;
  };

  JournalEntry* find(uint64_t ordinal);
  void drop_oldest();

  const size_t capacity_;
  const Limits limits_;
  mutable std::mutex mutex_;
  std::deque<Kept> entries_;
  size_t bytes_ = 0;
  uint64_t total_ = 0;
  uint64_t dropped_ = 0;
};

}  // namespace mread::mockstore
