#include "serve/read/bodies.h"

#include <memory>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "base/duration.h"

namespace mread::serve {

net::Refusal try_again_later(int status, const std::string& line) {
  net::Refusal refusal;
  refusal.head.status = status;
  refusal.head.headers.add("Content-Type", "text/plain; charset=utf-8");
  refusal.head.headers.add("X-Content-Type-Options", "nosniff");
  refusal.head.headers.add("Retry-After", "1");
  refusal.body = line + "\n";
  return refusal;
}

class Bodies::Hold final : public net::BodyHold, public std::enable_shared_from_this<Hold> {
 public:
  Hold(std::unique_ptr<Gate::Slot> slot, uint64_t limit, Refused refused)
      : slot_(std::move(slot)), limit_(limit), refused_(std::move(refused)) {}

  void open(MemoryBudget& memory_budget, const asio::any_io_executor& strand) {
    share_ = memory_budget.open(strand, [weak = weak_from_this()](uint64_t bytes) {
      if (const auto self = weak.lock()) self->give_up(bytes);
    });
  }
  void set(uint64_t bytes) override { share_->set(bytes); }
  void complete() override {
    slot_.reset();
    refused_ = nullptr;
  }
  void on_give_up(std::function<void(net::Refusal)> called) override {
    called_ = std::move(called);
  }

 private:
  void give_up(uint64_t bytes) {
    if (const auto called = std::exchange(called_, nullptr)) {
      if (refused_) refused_(503);
      called(try_again_later(503, fmt::format("all request bodies together hold more than {} bytes "
                                              "(limits.request_bytes), and this one the "
                                              "most of them: {}",
                                              limit_, bytes)));
    }
    share_->set(0);
  }

  std::unique_ptr<Gate::Slot> slot_;
  const uint64_t limit_;
  Refused refused_;  // Until the body is complete.
  std::unique_ptr<MemoryBudget::Share> share_;
  std::function<void(net::Refusal)> called_;
};

Bodies::Bodies() : gate_(0) {}

void Bodies::set_limits(const Limits& limits) {
  gate_.set_slots(limits.slots, limits.queue);
  memory_budget_.set_limit(limits.bytes);
  const std::lock_guard lock(mutex_);
  limits_ = limits;
}

Bodies::Limits Bodies::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

asio::awaitable<net::BodyPermit> Bodies::admit(std::string client, bool is_there, Refused refused) {
  const auto strand = co_await asio::this_coro::executor;
  const Limits limits = this->limits();
  net::BodyPermit permit;
  permit.limit_bytes = limits.largest;
  std::unique_ptr<Gate::Slot> slot;
  if (!is_there) {
    slot = gate_.queue(strand, client);
    const std::string full = fmt::format(
        "{} request bodies are being read and {} requests wait already (limits.request_bodies, "
        "limits.queue)",
        limits.slots, limits.queue);
    if (!slot) {
      refused(429);
      permit.refusal = try_again_later(429, full);
      co_return permit;
    }
    const auto entry = co_await slot->wait(limits.queue_wait);
    if (entry != Gate::Entry::inside) {
      if (entry != Gate::Entry::given_up) refused(429);
      permit.refusal =
          try_again_later(429, entry == Gate::Entry::late
                                   ? fmt::format("the request has waited {} for one of {} places "
                                                 "for its body (limits.queue_wait, "
                                                 "limits.request_bodies)",
                                                 format_duration(limits.queue_wait), limits.slots)
                                   : full);
      co_return permit;
    }
  }
  const auto hold = std::make_shared<Hold>(std::move(slot), limits.bytes, std::move(refused));
  hold->open(memory_budget_, strand);
  permit.hold = hold;
  co_return permit;
}

}  // namespace mread::serve
