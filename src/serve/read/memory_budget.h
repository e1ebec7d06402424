#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "base/clock.h"

namespace mread::serve {

namespace asio = boost::asio;

/// How much the reads under way hold in memory, and a limit of what all of them may hold together.
/// Where that is exceeded, the read that holds the most is told to give up, then the next, until
/// what the others hold is within the limit. So a heavy read makes way and the light ones go on.
/// What they hold is exceeded for as long as giving up takes: what a read holds counts until its
/// share goes, but it is not told twice, and nobody else is told for it.
///
/// After a heavy read, once nothing is held any more, the allocator gives its memory back to the
/// system, at most once a second.
///
/// Safe to use from several threads; it outlives its shares.
class MemoryBudget {
  struct State;
  struct Entry;

 public:
  /// One read's part. Destroying it gives it back. Used on the read's strand.
  class Share {
   public:
    Share(std::shared_ptr<State> state, std::shared_ptr<Entry> entry);
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    /// What the read holds now.
    void set(uint64_t bytes);

   private:
    std::shared_ptr<State> state_;
    std::shared_ptr<Entry> entry_;
  };
  /// Called on the read's strand, once at the most, with what the read held when it was chosen;
  /// perhaps after the share has gone.
  using GiveUp = std::function<void(uint64_t bytes)>;

  /// `clock` outlives it.
  explicit MemoryBudget(const Clock& clock = real_clock());
  /// 0: no limit, which it begins with. A lower one counts from the next change on.
  void set_limit(uint64_t bytes);
  std::unique_ptr<Share> open(asio::any_io_executor strand, GiveUp give_up);
  uint64_t held() const;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace mread::serve
