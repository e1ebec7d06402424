#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>

#include <boost/asio/any_io_executor.hpp>

namespace mread::serve {

namespace asio = boost::asio;

/// The pages that are on their way to clients: at most so many. For one more, the oldest is cut: a
/// client that reads has its page in no time, so the oldest one's does not. Safe to use from
/// several threads; it outlives its tickets.
class PageShelf {
  struct Entry;

 public:
  /// One page on its way. Destroying it ends that.
  class Ticket {
   public:
    Ticket(PageShelf& shelf, std::shared_ptr<Entry> entry)
        : shelf_(shelf), entry_(std::move(entry)) {}
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

   private:
    PageShelf& shelf_;
    const std::shared_ptr<Entry> entry_;
  };

  explicit PageShelf(size_t most) : most_(most) {}
  /// `cut` is called on `strand`, once at the most, and never after the ticket has gone. The ticket
  /// is destroyed on that strand.
  std::unique_ptr<Ticket> put(const asio::any_io_executor& strand, std::function<void()> cut);

 private:
  const size_t most_;
  std::mutex mutex_;
  std::list<std::shared_ptr<Entry>> entries_;  // The oldest first. Guarded by mutex_.
};

}  // namespace mread::serve
