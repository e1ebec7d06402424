#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "base/clock.h"

namespace mread::serve {

namespace asio = boost::asio;

/// Brings reads together with the requests that want to know what was left out of them. A query
/// node sends both, for one query with the same bytes, at about the same time and in either order;
/// they are told by a key. Each read serves one such request, and each request is served by one
/// read: the newest that is under way, else the newest that was decided within `keep`, else the
/// first to come within `wait`.
///
/// Safe to use from several threads; outlives what it has handed out.
class Warnings {
  struct Entry;
  struct Waiter;

 public:
  struct Limits {
    std::chrono::milliseconds keep{2'000};
    std::chrono::milliseconds wait{2'000};
    uint64_t waiting = 1024;  ///< requests at once; 0: any number
  };

  /// A read under way. Where it goes undecided, it has been given up, and the request is told so.
  class Read {
   public:
    Read(Warnings& warnings, std::shared_ptr<Entry> entry);
    ~Read();
    Read(const Read&) = delete;
    Read& operator=(const Read&) = delete;
    /// `warning` is empty where nothing was left out. Only the first call counts.
    void decide(std::string warning);

   private:
    Warnings& warnings_;
    std::shared_ptr<Entry> entry_;
  };

  /// `clock` outlives it.
  explicit Warnings(Limits limits, const Clock& clock = real_clock())
      : limits_(limits), clock_(clock), most_waiting_(limits.waiting), swept_(clock.now()) {}
  void set_most_waiting(uint64_t most) { most_waiting_ = most; }
  /// Whether one more request may wait.
  bool has_room() const;
  std::unique_ptr<Read> announce(const std::string& key);
  /// Completes when the read is decided, with its warning; with nothing where no read came or the
  /// wait was cancelled. Runs on a strand.
  asio::awaitable<std::optional<std::string>> warning(std::string key);
  /// Requests that wait.
  size_t waiting() const;

 private:
  struct Desk {
    std::deque<std::shared_ptr<Entry>> reads;  // Those that nobody has asked about.
    std::deque<std::shared_ptr<Waiter>> waiters;
  };

  // Both with the mutex held.
  std::shared_ptr<Entry> take(const std::string& key);
  void forget_old();

  const Limits limits_;
  const Clock& clock_;
  std::atomic<uint64_t> most_waiting_;
  mutable std::mutex mutex_;
  std::map<std::string, Desk> desks_;
  size_t waiting_ = 0;
  TimePoint swept_;
};

}  // namespace mread::serve
