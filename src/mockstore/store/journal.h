#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

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

/// The machine's clocks; the start is that of the object.
class SystemTime final : public TimeSource {
 public:
  SystemTime() : start_(std::chrono::steady_clock::now()) {}
  Moment now() const override;

 private:
  std::chrono::steady_clock::time_point start_;
};

/// One request of a store and what became of it.
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
  std::string refused;  ///< why the reader was not taken for one that may read: "wrong
                        ///< credentials"; empty: it was
  int status = 0;       ///< 0: no status was sent
  std::string content_type;
  uint64_t bytes = 0;  ///< of the body, as far as they were sent
  uint64_t series = 0;
  uint64_t samples = 0;
  Outcome outcome = Outcome::in_progress;
  uint64_t bytes_left_out = 0;  ///< what of the request is not kept here, for it is large
};

std::string to_string(JournalEntry::Outcome outcome);

/// The last requests of a store. An entry is there from its arrival on, so that a request that
/// hangs can be seen.
///
/// Thread-safe. Bounded in entries and in bytes: the oldest entries go; `total` goes on counting.
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
  /// Entries that went so that the others fit into the limit of bytes.
  uint64_t dropped() const;
  /// Of the entries that are there.
  size_t bytes() const;
  void clear();

  /// {"total": N, "requests": [{"ordinal": 0, …}, …]}, the oldest first. Where something is
  /// missing: "dropped": N beside "total", "bytes_left_out": N in an entry.
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
