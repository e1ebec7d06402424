#include "serve/read/broadcast.h"

#include <algorithm>

namespace mread::serve {
namespace {

size_t size_of(const AnswerItem& item) {
  const auto* bytes = std::get_if<AnswerBytes>(&item);
  if (bytes == nullptr) return 0;
  size_t size = 0;
  for (const auto piece : bytes->pieces) size += piece.size();
  return size;
}

bool is_borrowed(const AnswerItem& item) {
  const auto* bytes = std::get_if<AnswerBytes>(&item);
  return bytes != nullptr && !bytes->own;
}

const AnswerItem cut_item = merger::Abort{Broadcast::too_slow()};

}  // namespace

AnswerBytes copy_of(const std::vector<std::string_view>& pieces) {
  size_t size = 0;
  for (const auto piece : pieces) size += piece.size();
  auto own = std::make_shared<std::string>();
  own->reserve(size);
  for (const auto piece : pieces) own->append(piece);
  AnswerBytes bytes;
  bytes.pieces = {*own};
  bytes.own = std::move(own);
  return bytes;
}

Error Broadcast::too_slow() {
  return Error(
      Errc::deadline,
      "the client took the answer too slowly, and others that share the read waited for it");
}

std::optional<Broadcast::Reader> Broadcast::join() {
  if (!joinable_) return std::nullopt;
  readers_.emplace(next_reader_, Entry());
  return next_reader_++;
}

void Broadcast::leave(Reader reader, TimePoint now) {
  charge(now);
  readers_.erase(reader);
  settle(now);
}

void Broadcast::put(AnswerItem item, TimePoint now) {
  charge(now);
  const size_t size = size_of(item);
  held_ += size;
  if (!is_borrowed(item)) kept_ += size;
  total_ += size;
  const bool last =
      std::holds_alternative<merger::Finish>(item) || std::holds_alternative<merger::Abort>(item);
  if (last || total_ >= limits_.join_bytes) joinable_ = false;
  items_.push_back(std::move(item));
  settle(now);
}

bool Broadcast::has_room() const {
  return held_ < limits_.lag_bytes && std::none_of(items_.begin(), items_.end(), is_borrowed);
}

const AnswerItem* Broadcast::next(Reader reader) const {
  const Entry& entry = readers_.at(reader);
  if (entry.is_cut) return &cut_item;
  return entry.at - first_ < items_.size() ? &items_[entry.at - first_] : nullptr;
}

void Broadcast::sent(Reader reader, TimePoint now) {
  charge(now);
  ++readers_.at(reader).at;
  settle(now);
}

// Time is charged to those who lagged while it passed, so it goes before every change.
void Broadcast::charge(TimePoint now) {
  if (!blocked_since_) return;
  for (auto& [reader, entry] : readers_) {
    if (lags(entry)) entry.charged += now - *blocked_since_;
  }
  blocked_since_ = now;
}

void Broadcast::settle(TimePoint now) {
  size_t oldest = first_ + items_.size();
  bool waits = false;
  for (const auto& [reader, entry] : readers_) {
    if (entry.is_cut) continue;
    oldest = std::min(oldest, entry.at);
    waits = waits || entry.at == first_ + items_.size();
  }
  while (!joinable_ && first_ < oldest) {
    held_ -= size_of(items_.front());
    if (!is_borrowed(items_.front())) kept_ -= size_of(items_.front());
    items_.pop_front();
    ++first_;
  }
  const bool blocked = waits && held_ >= limits_.lag_bytes;
  if (!blocked) {
    blocked_since_.reset();
  } else if (!blocked_since_) {
    blocked_since_ = now;
  }
}

std::optional<TimePoint> Broadcast::cut_at() const {
  if (!blocked_since_) return std::nullopt;
  std::optional<TimePoint> earliest;
  for (const auto& [reader, entry] : readers_) {
    if (!lags(entry)) continue;
    const auto at = *blocked_since_ + (limits_.patience - entry.charged);
    if (!earliest || at < *earliest) earliest = at;
  }
  return earliest;
}

std::vector<Broadcast::Reader> Broadcast::cut(TimePoint now) {
  charge(now);
  std::vector<Reader> gone;
  for (auto& [reader, entry] : readers_) {
    if (!blocked_since_ || !lags(entry) || entry.charged < limits_.patience) continue;
    entry.is_cut = true;
    gone.push_back(reader);
  }
  settle(now);
  return gone;
}

}  // namespace mread::serve
