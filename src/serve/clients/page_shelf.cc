#include "serve/clients/page_shelf.h"

#include <utility>

#include <boost/asio/post.hpp>

namespace mread::serve {

// `cut` belongs to the strand.
struct PageShelf::Entry {
  asio::any_io_executor strand;
  std::function<void()> cut;
};

PageShelf::Ticket::~Ticket() {
  entry_->cut = nullptr;
  const std::lock_guard lock(shelf_.mutex_);
  shelf_.entries_.remove(entry_);
}

std::unique_ptr<PageShelf::Ticket> PageShelf::put(const asio::any_io_executor& strand,
                                                  std::function<void()> cut) {
  auto entry = std::make_shared<Entry>(Entry{strand, std::move(cut)});
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= most_) {
    auto oldest = std::move(entries_.front());
    entries_.pop_front();
    asio::post(oldest->strand, [oldest] {
      if (const auto act = std::exchange(oldest->cut, nullptr)) act();
    });
  }
  entries_.push_back(entry);
  return std::make_unique<Ticket>(*this, std::move(entry));
}

}  // namespace mread::serve
