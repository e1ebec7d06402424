#include "mockstore/server/proxy_journal.h"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/printable.h"
#include "base/shown_text.h"

namespace mread::mockstore {

namespace json = boost::json;

uint64_t ProxyJournal::record(const std::string& peer, const std::string& method,
                              const std::string& target) {
  const std::lock_guard lock(mutex_);
  Entry entry;
  entry.method = shorten(method, 64);
  entry.target = shorten(target, 2'000);
  entry.peer = peer;
  entry.ordinal = requests_++;
  entries_.push_back(std::move(entry));
  if (entries_.size() > capacity_) entries_.pop_front();
  return entries_.back().ordinal;
}

template <class Change>
void ProxyJournal::change(uint64_t ordinal, const Change& change) {
  const std::lock_guard lock(mutex_);
  for (auto it = entries_.rbegin(); it != entries_.rend() && it->ordinal >= ordinal; ++it) {
    if (it->ordinal == ordinal) change(*it);
  }
}

void ProxyJournal::set_status(uint64_t ordinal, int status) {
  change(ordinal, [&](Entry& entry) { entry.status = status; });
}

void ProxyJournal::add_bytes(uint64_t ordinal, Direction direction, size_t size) {
  change(ordinal, [&](Entry& entry) {
    (direction == Direction::up ? entry.bytes_up : entry.bytes_down) += size;
  });
}

void ProxyJournal::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  requests_ = 0;
}

std::string ProxyJournal::to_json() const {
  const std::lock_guard lock(mutex_);
  json::array list;
  for (const Entry& entry : entries_) {
    list.push_back({{"ordinal", entry.ordinal},
                    {"method", entry.method},
                    {"target", entry.target},
                    {"peer", entry.peer},
                    {"status", entry.status},
                    {"bytes_up", entry.bytes_up},
                    {"bytes_down", entry.bytes_down}});
  }
  return printable_json(
      json::serialize(json::object{{"requests", requests_}, {"entries", std::move(list)}}));
}

}  // namespace mread::mockstore
