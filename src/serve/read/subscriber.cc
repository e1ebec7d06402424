#include "serve/read/subscriber.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace mread::serve {

std::unique_ptr<Subscriber> Subscriber::join(std::shared_ptr<SharedRead> shared_read,
                                             const asio::any_io_executor& strand) {
  auto joined = shared_read->subscribers_.join(strand, shared_read->now());
  if (!joined) return nullptr;
  return std::make_unique<Subscriber>(std::move(shared_read), std::move(*joined));
}

Subscriber::Subscriber(std::shared_ptr<SharedRead> shared_read, Subscribers::Joined joined)
    : shared_read_(std::move(shared_read)),
      reader_(joined.reader),
      client_(std::move(joined.client)),
      shared_(!joined.first) {}

// Only where something was thrown is it not left before.
Subscriber::~Subscriber() {
  if (left_) return;
  try {
    shared_read_->subscribers_.leave(reader_, shared_read_->now());
    asio::post(shared_read_->strand_, [shared_read = shared_read_] {
      if (shared_read->subscribers_.empty()) shared_read->abandon();
    });
  } catch (const std::exception&) {  // It goes on to its end.
  }
}

asio::awaitable<std::optional<AnswerItem>> Subscriber::next() {
  const auto client = client_;
  bool waiting = true;
  while (waiting && !client->gone) {
    if (auto item = shared_read_->subscribers_.next(reader_)) co_return item;
    waiting = co_await client->changed.wait();
  }
  co_return std::nullopt;
}

void Subscriber::sent() {
  shared_read_->subscribers_.sent(reader_, shared_read_->now());
  shared_read_->on_sent();
}

void Subscriber::give_up() {
  client_->gone = true;
  client_->changed.notify();
}

void Subscriber::on_cut(std::function<void(const Error& why)> called) {
  client_->cut = std::move(called);
}

bool Subscriber::others_wait() const { return shared_read_->others_wait(); }

asio::awaitable<void> Subscriber::leave() {
  left_ = true;
  client_->cut = nullptr;
  co_await asio::co_spawn(shared_read_->strand_, shared_read_->leave(reader_), asio::use_awaitable);
}

std::chrono::nanoseconds Subscriber::queued() const {
  return shared_read_->queued(client_->joined_at);
}

merger::Outcome Subscriber::outcome() const { return shared_read_->outcome(); }

}  // namespace mread::serve
