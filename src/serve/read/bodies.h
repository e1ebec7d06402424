#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "net/server.h"
#include "serve/read/gate.h"
#include "serve/read/memory_budget.h"

namespace mread::serve {

namespace asio = boost::asio;

/// The bodies of requests, from their first byte until they are decoded: how many are read at once,
/// and how much memory they take together. Where they take too much, the largest makes way
/// (MemoryBudget), so a small one always has room. A small body, or one that has arrived with its
/// head, takes no slot. Safe to use from several threads; it outlives what it has handed out.
class Bodies {
 public:
  /// 0: no limit.
  struct Limits {
    uint64_t slots = 64;
    uint64_t bytes = 64ULL << 20;
    uint64_t queue = 512;
    std::chrono::milliseconds queue_wait{30'000};
    uint64_t largest = 32ULL << 20;
  };

  Bodies();
  void set_limits(const Limits& limits);
  /// Told of a status in place of a body that is read.
  using Refused = std::function<void(int status)>;
  /// Waits for a slot, where it needs one. Its refusals have Retry-After and one line: 429 where
  /// there is no slot, 503 where it has to make way. `refused` may be called until the hold has
  /// gone.
  asio::awaitable<net::BodyPermit> admit(std::string client, bool is_there, Refused refused);
  /// Being read.
  uint64_t reading() const { return gate_.inside(); }
  uint64_t waiting() const { return gate_.waiting(); }
  /// Bytes of all bodies.
  uint64_t held() const { return memory_budget_.held(); }

 private:
  class Hold;
  Limits limits() const;

  Gate gate_;
  MemoryBudget memory_budget_;
  mutable std::mutex mutex_;
  Limits limits_;  // Guarded by mutex_.
};

/// 429 or 503 in one line, with Retry-After.
net::Refusal try_again_later(int status, const std::string& line);

}  // namespace mread::serve
