#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace mread::mockstore {

/// The last requests of a forward proxy, with what became of them. Bounded: the oldest go first.
///
/// Thread-safe.
class ProxyJournal {
 public:
  enum class Direction {
    up,    ///< from the client
    down,  ///< to the client
  };

  /// `capacity` is at least 1.
  explicit ProxyJournal(size_t capacity) : capacity_(capacity) {}

  /// Notes a request and gives its ordinal, counted from 0. Long texts are cut.
  uint64_t record(const std::string& peer, const std::string& method, const std::string& target);
  /// The status that the proxy itself has answered with. Does nothing for an entry that is gone;
  /// likewise add_bytes().
  void set_status(uint64_t ordinal, int status);
  void add_bytes(uint64_t ordinal, Direction direction, size_t size);
  void clear();

  /// {"requests": N, "entries": [{"ordinal": 0, …}, …]}, the oldest first.
  std::string to_json() const;

 private:
  struct Entry {
    uint64_t ordinal = 0;
    std::string method;
    std::string target;
    std::string peer;
    int status = 0;  // 0 for a request that was passed on.
    uint64_t bytes_up = 0;
    uint64_t bytes_down = 0;
  };

  template <class Change>
  void change(uint64_t ordinal, const Change& change);

  const size_t capacity_;
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
  uint64_t requests_ = 0;
};

}  // namespace mread::mockstore
