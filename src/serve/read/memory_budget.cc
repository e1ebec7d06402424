#include "serve/read/memory_budget.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <set>
#include <utility>

#include <boost/asio/post.hpp>
#include <malloc.h>

#include "base/memory_reserve.h"

namespace mread::serve {

// Guarded by the state's mutex.
struct MemoryBudget::Entry {
  Entry(asio::any_io_executor any_executor, GiveUp called)
      : strand(std::move(any_executor)), give_up(std::move(called)) {}
  const asio::any_io_executor strand;
  GiveUp give_up;  // Empty once it was told.
  uint64_t bytes = 0;
  uint64_t most = 0;
};

namespace {

// A read that has held so much leaves the allocator with memory that the system may be short of.
constexpr uint64_t heavy = 64U << 20;
constexpr std::chrono::seconds between_trims{1};

}  // namespace

struct MemoryBudget::State {
  explicit State(const Clock& its_clock) : clock(its_clock) {}

  const Clock& clock;
  mutable std::mutex mutex;
  uint64_t limit = 0;
  uint64_t held = 0;
  uint64_t going = 0;  // Of that, what those hold that were told to give up.
  std::set<std::shared_ptr<Entry>> entries;
  bool trim_wanted = false;
  TimePoint trimmed_at{};

  void set(const std::shared_ptr<Entry>& entry, uint64_t bytes) {
    const std::lock_guard lock(mutex);
    held = held - entry->bytes + bytes;
    if (!entry->give_up) going = going - entry->bytes + bytes;
    const bool more = bytes > entry->bytes;
    entry->bytes = bytes;
    entry->most = std::max(entry->most, bytes);
    while (more && limit != 0 && held - going > limit) tell_heaviest();
  }

  // With the mutex held; somebody who was not told holds something.
  void tell_heaviest() {
    const auto weight = [](const auto& entry) { return entry->give_up ? entry->bytes : 0; };
    const auto heaviest =
        std::max_element(entries.begin(), entries.end(),
                         [&weight](const auto& a, const auto& b) { return weight(a) < weight(b); });
    Entry& chosen = **heaviest;
    going += chosen.bytes;
    asio::post(chosen.strand, [give_up = std::exchange(chosen.give_up, nullptr),
                               bytes = chosen.bytes] { give_up(bytes); });
  }

  void close(const std::shared_ptr<Entry>& entry) {
    // A read that is over leaves memory behind; some of it is set aside again.
    memory_reserve().refill();
    {
      const std::lock_guard lock(mutex);
      held -= entry->bytes;
      if (!entry->give_up) going -= entry->bytes;
      entries.erase(entry);
      trim_wanted = trim_wanted || entry->most >= heavy;
      const auto now = clock.now();
      if (!trim_wanted || held > 0 || now - trimmed_at < between_trims) return;
      trim_wanted = false;
      trimmed_at = now;
    }
    malloc_trim(0);
  }
};

MemoryBudget::Share::Share(std::shared_ptr<State> state, std::shared_ptr<Entry> entry)
    : state_(std::move(state)), entry_(std::move(entry)) {}

MemoryBudget::Share::~Share() { state_->close(entry_); }

void MemoryBudget::Share::set(uint64_t bytes) { state_->set(entry_, bytes); }

MemoryBudget::MemoryBudget(const Clock& clock) : state_(std::make_shared<State>(clock)) {}

void MemoryBudget::set_limit(uint64_t bytes) {
  const std::lock_guard lock(state_->mutex);
  state_->limit = bytes;
}

std::unique_ptr<MemoryBudget::Share> MemoryBudget::open(asio::any_io_executor strand,
                                                        GiveUp give_up) {
  auto entry = std::make_shared<Entry>(std::move(strand), std::move(give_up));
  const std::lock_guard lock(state_->mutex);
  state_->entries.insert(entry);
  return std::make_unique<Share>(state_, std::move(entry));
}

uint64_t MemoryBudget::held() const {
  const std::lock_guard lock(state_->mutex);
  return state_->held;
}

}  // namespace mread::serve
