#include "serve/warnings.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "net/event.h"

namespace mread::serve {

// Guarded by the mutex of Warnings, as is `entry` of a waiter; its event and `late` belong to its
// strand.
struct Warnings::Entry {
  std::optional<std::string> warning;
  TimePoint decided_at;
  std::shared_ptr<Waiter> waiter;
};

struct Warnings::Waiter {
  explicit Waiter(const asio::any_io_executor& any_executor)
      : strand(any_executor), changed(any_executor) {}
  asio::any_io_executor strand;
  net::Event changed;
  bool late = false;
  std::shared_ptr<Entry> entry;
};

Warnings::Read::Read(Warnings& warnings, std::shared_ptr<Entry> entry)
    : warnings_(warnings), entry_(std::move(entry)) {}

Warnings::Read::~Read() { decide("the read was given up"); }

void Warnings::Read::decide(std::string warning) {
  const std::lock_guard lock(warnings_.mutex_);
  if (entry_->warning) return;
  entry_->warning = std::move(warning);
  entry_->decided_at = warnings_.clock_.now();
  // The waiter holds the entry: not the other way round any more.
  if (auto waiter = std::exchange(entry_->waiter, nullptr)) {
    asio::post(waiter->strand, [waiter] { waiter->changed.notify(); });
  }
}

std::unique_ptr<Warnings::Read> Warnings::announce(const std::string& key) {
  auto entry = std::make_shared<Entry>();
  const std::lock_guard lock(mutex_);
  forget_old();
  Desk& desk = desks_[key];
  if (desk.waiters.empty()) {
    desk.reads.push_back(entry);
  } else {
    entry->waiter = std::move(desk.waiters.front());
    desk.waiters.pop_front();
    entry->waiter->entry = entry;
  }
  return std::make_unique<Read>(*this, std::move(entry));
}

std::shared_ptr<Warnings::Entry> Warnings::take(const std::string& key) {
  forget_old();
  auto& reads = desks_[key].reads;
  const auto oldest = clock_.now() - limits_.keep;
  auto chosen =
      std::find_if(reads.rbegin(), reads.rend(), [](const auto& read) { return !read->warning; });
  if (chosen == reads.rend() && !reads.empty() && reads.back()->decided_at > oldest)
    chosen = reads.rbegin();
  if (chosen == reads.rend()) return nullptr;
  auto entry = *chosen;
  reads.erase(std::next(chosen).base());
  return entry;
}

// At most every `keep`, so that it costs little for each read.
void Warnings::forget_old() {
  const auto now = clock_.now();
  if (now - swept_ < limits_.keep) return;
  swept_ = now;
  for (auto desk = desks_.begin(); desk != desks_.end();) {
    std::erase_if(desk->second.reads, [&](const auto& read) {
      return read->warning && now - read->decided_at >= limits_.keep;
    });
    const bool idle = desk->second.reads.empty() && desk->second.waiters.empty();
    desk = idle ? desks_.erase(desk) : std::next(desk);
  }
}

asio::awaitable<std::optional<std::string>> Warnings::warning(std::string key) {
  const auto strand = co_await asio::this_coro::executor;
  const auto waiter = std::make_shared<Waiter>(strand);
  {
    const std::lock_guard lock(mutex_);
    waiter->entry = take(key);
    if (!waiter->entry) {
      desks_[key].waiters.push_back(waiter);
    } else if (!waiter->entry->warning) {
      waiter->entry->waiter = waiter;
    }
    ++waiting_;
  }
  asio::steady_timer timer(strand, limits_.wait);
  timer.async_wait([waiter](boost::system::error_code code) {
    if (code) return;
    waiter->late = true;
    waiter->changed.notify();
  });
  for (bool going_on = true;;) {
    {
      const std::lock_guard lock(mutex_);
      const bool known = waiter->entry && waiter->entry->warning;
      if (known || !going_on || (waiter->late && !waiter->entry)) {
        --waiting_;
        if (known) co_return waiter->entry->warning;
        if (waiter->entry) waiter->entry->waiter = nullptr;
        if (const auto desk = desks_.find(key); desk != desks_.end())
          std::erase(desk->second.waiters, waiter);
        co_return std::nullopt;
      }
    }
    going_on = co_await waiter->changed.wait();
  }
}

bool Warnings::has_room() const {
  const uint64_t most = most_waiting_;
  return most == 0 || waiting() < most;
}

size_t Warnings::waiting() const {
  const std::lock_guard lock(mutex_);
  return waiting_;
}

}  // namespace mread::serve
