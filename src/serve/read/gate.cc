#include "serve/read/gate.h"

#include <algorithm>
#include <cassert>
#include <deque>
#include <map>
#include <mutex>
#include <tuple>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/event.h"

namespace mread::serve {
namespace {

// `Waiter` is that of the gate.
template <class Waiter>
struct Client {
  uint64_t inside = 0;
  // When it had its last turn, which ends as it leaves. A new one begins as if that were now, so
  // that others who wait are not overtaken by ever new clients.
  uint64_t turn = 0;
  std::deque<std::shared_ptr<Waiter>> queue;
};

}  // namespace

// `stage` is guarded by the gate's mutex; the event and `late` belong to the strand.
struct Gate::Waiter {
  Waiter(const asio::any_io_executor& any_executor, std::string its_client)
      : strand(any_executor), client(std::move(its_client)), changed(any_executor) {}
  enum class Stage { queued, inside, made_way, left } stage = Stage::queued;
  asio::any_io_executor strand;
  const std::string client;
  net::Event changed;
  bool late = false;
};

struct Gate::State {
  using Clients = std::map<std::string, Client<Waiter>>;

  uint64_t slots = 0;
  uint64_t queue_slots = 0;
  mutable std::mutex mutex;
  // What follows with the mutex held.
  uint64_t inside = 0;
  uint64_t waiting = 0;
  uint64_t turns = 0;
  Clients clients;  // Those that are inside or wait.

  bool has_room() const { return slots == 0 || inside < slots; }

  Client<Waiter>& client(const std::string& name) {
    const auto [found, is_new] = clients.try_emplace(name);
    if (is_new) found->second.turn = ++turns;
    return found->second;
  }

  static void tell(const std::shared_ptr<Waiter>& waiter, Waiter::Stage stage) {
    waiter->stage = stage;
    asio::post(waiter->strand, [waiter] { waiter->changed.notify(); });
  }

  void admit() {
    while (waiting > 0 && has_room()) {
      const auto rank = [](const auto& entry) {
        return std::tuple(entry.second.queue.empty(), entry.second.inside, entry.second.turn);
      };
      auto& [name, next] =
          *std::min_element(clients.begin(), clients.end(),
                            [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
      assert(!next.queue.empty());
      tell(next.queue.front(), Waiter::Stage::inside);
      next.queue.pop_front();
      next.turn = ++turns;
      ++next.inside;
      ++inside;
      --waiting;
    }
  }

  // Whether one more of this client's may wait; perhaps in place of another's.
  bool make_room_in_queue(const std::string& name) {
    if (has_room() || queue_slots == 0 || waiting < queue_slots) return true;
    const auto own = clients.find(name);
    const size_t wanted = (own == clients.end() ? 0 : own->second.queue.size()) + 1;
    auto& most = std::max_element(clients.begin(), clients.end(), [](const auto& a, const auto& b) {
                   return a.second.queue.size() < b.second.queue.size();
                 })->second;
    if (most.queue.size() <= wanted) return false;
    tell(most.queue.back(), Waiter::Stage::made_way);
    most.queue.pop_back();
    --waiting;
    return true;
  }

  void leave(const std::shared_ptr<Waiter>& waiter) {
    const std::lock_guard lock(mutex);
    const auto found = clients.find(waiter->client);
    if (waiter->stage == Waiter::Stage::inside) {
      --inside;
      --found->second.inside;
      found->second.turn = ++turns;
    } else if (waiter->stage == Waiter::Stage::queued) {
      std::erase(found->second.queue, waiter);
      --waiting;
    }
    waiter->stage = Waiter::Stage::left;
    admit();
    if (found != clients.end() && found->second.inside == 0 && found->second.queue.empty())
      clients.erase(found);
  }

  Waiter::Stage stage(const Waiter& waiter) const {
    const std::lock_guard lock(mutex);
    return waiter.stage;
  }
};

Gate::Slot::Slot(std::shared_ptr<State> state, std::shared_ptr<Waiter> waiter)
    : state_(std::move(state)), waiter_(std::move(waiter)) {}

Gate::Slot::~Slot() { state_->leave(waiter_); }

asio::awaitable<Gate::Entry> Gate::Slot::wait(std::chrono::milliseconds longest) {
  const auto state = state_;
  const auto waiter = waiter_;
  asio::steady_timer timer(waiter->strand);
  if (longest.count() > 0 && state->stage(*waiter) == Waiter::Stage::queued) {
    timer.expires_after(longest);
    timer.async_wait([waiter](boost::system::error_code code) {
      if (code) return;
      waiter->late = true;
      waiter->changed.notify();
    });
  }
  bool waiting = true;
  while (waiting && !waiter->late && state->stage(*waiter) == Waiter::Stage::queued) {
    waiting = co_await waiter->changed.wait();
  }
  const auto stage = state->stage(*waiter);
  if (waiting && stage == Waiter::Stage::inside) co_return Entry::inside;
  if (waiting && stage == Waiter::Stage::made_way) co_return Entry::made_way;
  state->leave(waiter);
  co_return waiting&& stage == Waiter::Stage::queued ? Entry::late : Entry::given_up;
}

void Gate::Slot::give_up() {
  state_->leave(waiter_);
  waiter_->changed.notify();
}

Gate::Gate(uint64_t slots) : state_(std::make_shared<State>()) { state_->slots = slots; }

void Gate::set_slots(uint64_t slots, uint64_t queue) {
  const std::lock_guard lock(state_->mutex);
  state_->slots = slots;
  state_->queue_slots = queue;
  state_->admit();
}

std::unique_ptr<Gate::Slot> Gate::queue(const asio::any_io_executor& strand,
                                        const std::string& client) {
  auto waiter = std::make_shared<Waiter>(strand, client);
  const std::lock_guard lock(state_->mutex);
  if (!state_->make_room_in_queue(client)) return nullptr;
  state_->client(client).queue.push_back(waiter);
  ++state_->waiting;
  state_->admit();
  return std::make_unique<Slot>(state_, std::move(waiter));
}

uint64_t Gate::inside() const {
  const std::lock_guard lock(state_->mutex);
  return state_->inside;
}

uint64_t Gate::waiting() const {
  const std::lock_guard lock(state_->mutex);
  return state_->waiting;
}

}  // namespace mread::serve
