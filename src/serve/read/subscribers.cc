#include "serve/read/subscribers.h"

#include <utility>

#include <boost/asio/post.hpp>

namespace mread::serve {

std::optional<Subscribers::Joined> Subscribers::join(const asio::any_io_executor& strand,
                                                     TimePoint now) {
  const std::lock_guard lock(mutex_);
  // If all have left, the read is being given up.
  const bool first = !was_joined_;
  if (!first && clients_.empty()) return std::nullopt;
  const auto reader = broadcast_.join();
  if (!reader) return std::nullopt;
  was_joined_ = true;
  auto client = std::make_shared<Client>(strand, now);
  clients_.emplace(*reader, client);
  return Joined{*reader, std::move(client), first};
}

void Subscribers::leave(Broadcast::Reader reader, TimePoint now) {
  const std::lock_guard lock(mutex_);
  if (clients_.erase(reader) > 0) broadcast_.leave(reader, now);
}

bool Subscribers::empty() const {
  const std::lock_guard lock(mutex_);
  return clients_.empty();
}

std::optional<AnswerItem> Subscribers::next(Broadcast::Reader reader) const {
  const std::lock_guard lock(mutex_);
  if (const AnswerItem* next = broadcast_.next(reader)) return *next;
  return std::nullopt;
}

void Subscribers::sent(Broadcast::Reader reader, TimePoint now) {
  const std::lock_guard lock(mutex_);
  broadcast_.sent(reader, now);
}

bool Subscribers::may_borrow() const {
  const std::lock_guard lock(mutex_);
  return broadcast_.may_borrow();
}

bool Subscribers::has_room() const {
  const std::lock_guard lock(mutex_);
  return broadcast_.has_room();
}

size_t Subscribers::kept() const {
  const std::lock_guard lock(mutex_);
  return broadcast_.kept();
}

std::optional<TimePoint> Subscribers::cut_at() const {
  const std::lock_guard lock(mutex_);
  return broadcast_.cut_at();
}

void Subscribers::put(AnswerItem item, TimePoint now) {
  const std::lock_guard lock(mutex_);
  broadcast_.put(std::move(item), now);
  for (const auto& [id, client] : clients_)
    asio::post(client->strand, [client = client] { client->changed.notify(); });
}

void Subscribers::cut_slow(TimePoint now) {
  const std::lock_guard lock(mutex_);
  for (const auto reader : broadcast_.cut(now)) cut(clients_.at(reader), Broadcast::too_slow());
}

void Subscribers::cut_all(const Error& reason) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, client] : clients_) cut(client, reason);
}

void Subscribers::cut(const std::shared_ptr<Client>& client, const Error& reason) {
  asio::post(client->strand, [client, reason] {
    if (client->cut) client->cut(reason);
    client->changed.notify();
  });
}

}  // namespace mread::serve
