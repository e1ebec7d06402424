#include "mockstore/store/journal.h"

#include <algorithm>
#include <iterator>

#include <boost/json.hpp>

#include "base/printable.h"
#include "base/shown_text.h"
#include "base/timestamp.h"

namespace mread::mockstore {
namespace {

namespace json = boost::json;

json::object to_json(const Moment& moment) {
  return {{"time", format_timestamp(moment.wall_ms)},
          {"since_start_s", std::chrono::duration<double>(moment.since_start).count()}};
}

json::value to_json(const std::optional<Moment>& moment) {
  if (!moment) return nullptr;
  return to_json(*moment);
}

json::object to_json(const JournalEntry::Query& query) {
  json::object object{
      {"selector", query.selector}, {"start_ms", query.start_ms}, {"end_ms", query.end_ms}};
  if (query.hints) {
    object["hints"] = {{"step_ms", query.hints->step_ms},
                       {"func", query.hints->func},
                       {"start_ms", query.hints->start_ms},
                       {"end_ms", query.hints->end_ms},
                       {"range_ms", query.hints->range_ms},
                       {"by", query.hints->by},
                       {"grouping", json::value_from(query.hints->grouping)}};
  }
  return object;
}

json::value accepted_type(int64_t type) {
  if (type == 0) return "SAMPLES";
  if (type == 1) return "STREAMED_XOR_CHUNKS";
  return type;
}

json::object to_json(const JournalEntry& entry) {
  json::array queries;
  for (const auto& query : entry.queries) queries.push_back(to_json(query));
  json::array accepted;
  for (const int64_t type : entry.accepted) accepted.push_back(accepted_type(type));
  json::object object{{"ordinal", entry.ordinal},
                      {"peer", entry.peer},
                      {"arrived", to_json(entry.arrived)},
                      {"first_byte", to_json(entry.first_byte)},
                      {"end", to_json(entry.end)},
                      {"queries", std::move(queries)},
                      {"accepted", std::move(accepted)},
                      {"faults", json::value_from(entry.faults)},
                      {"refused", entry.refused},
                      {"status", entry.status},
                      {"content_type", entry.content_type},
                      {"bytes", entry.bytes},
                      {"series", entry.series},
                      {"samples", entry.samples},
                      {"outcome", to_string(entry.outcome)}};
  if (entry.bytes_left_out > 0) object["bytes_left_out"] = entry.bytes_left_out;
  return object;
}

size_t size_of(const JournalEntry::Query& query) {
  size_t bytes = sizeof(query) + query.selector.size();
  if (!query.hints) return bytes;
  bytes += query.hints->func.size();
  for (const std::string& label : query.hints->grouping) bytes += sizeof(label) + label.size();
  return bytes;
}

// A request of any size takes no more than `limit` here.
void cut(JournalEntry& entry, size_t limit) {
  constexpr size_t shown_bytes = 4U << 10;
  constexpr size_t most_types = 100;
  size_t held = 0;
  size_t kept = 0;
  for (; kept < entry.queries.size(); ++kept) {
    JournalEntry::Query& query = entry.queries[kept];
    const size_t whole = size_of(query);
    if (held + std::min(whole, 4 * shown_bytes) > limit) break;
    if (query.selector.size() > shown_bytes) query.selector = shorten(query.selector, shown_bytes);
    if (query.hints && whole > 4 * shown_bytes) query.hints.reset();
    held += size_of(query);
    entry.bytes_left_out += whole - std::min(whole, size_of(query));
  }
  for (size_t i = kept; i < entry.queries.size(); ++i)
    entry.bytes_left_out += size_of(entry.queries[i]);
  entry.queries.resize(kept);
  entry.queries.shrink_to_fit();
  if (entry.accepted.size() <= most_types) return;
  entry.bytes_left_out += (entry.accepted.size() - most_types) * sizeof(entry.accepted.front());
  entry.accepted.resize(most_types);
  entry.accepted.shrink_to_fit();
}

size_t size_of(const JournalEntry& entry) {
  size_t bytes = sizeof(entry) + entry.peer.size() + entry.refused.size() +
                 entry.accepted.size() * sizeof(int64_t);
  for (const auto& query : entry.queries) bytes += size_of(query);
  for (const std::string& fault : entry.faults) bytes += sizeof(fault) + fault.size();
  return bytes;
}

}  // namespace

std::string to_string(JournalEntry::Outcome outcome) {
  switch (outcome) {
    case JournalEntry::Outcome::in_progress:
      return "in_progress";
    case JournalEntry::Outcome::complete:
      return "complete";
    case JournalEntry::Outcome::aborted:
      return "aborted";
    case JournalEntry::Outcome::client_gone:
      return "client_gone";
  }
  return "unknown";
}

void Journal::arrived(JournalEntry entry) {
  cut(entry, limits_.entry_bytes);
  Kept kept{std::move(entry), 0};
  kept.bytes = size_of(kept.entry);
  const std::lock_guard lock(mutex_);
  ++total_;
  bytes_ += kept.bytes;
  // Requests are numbered before they come here, on several threads: the order is restored.
  auto place = entries_.end();
  while (place != entries_.begin() && std::prev(place)->entry.ordinal > kept.entry.ordinal) --place;
  entries_.insert(place, std::move(kept));
  while (entries_.size() > capacity_) drop_oldest();
  for (; bytes_ > limits_.bytes && entries_.size() > 1; ++dropped_) drop_oldest();
}

void Journal::drop_oldest() {
  bytes_ -= entries_.front().bytes;
  entries_.pop_front();
}

JournalEntry* Journal::find(uint64_t ordinal) {
  for (auto it = entries_.rbegin(); it != entries_.rend(); ++it)
    if (it->entry.ordinal == ordinal) return &it->entry;
  return nullptr;
}

std::vector<JournalEntry> Journal::entries() const {
  const std::lock_guard lock(mutex_);
  std::vector<JournalEntry> entries;
  entries.reserve(entries_.size());
  for (const Kept& kept : entries_) entries.push_back(kept.entry);
  return entries;
}

uint64_t Journal::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

size_t Journal::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

uint64_t Journal::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

void Journal::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  bytes_ = 0;
  total_ = 0;
  dropped_ = 0;
}

std::string Journal::to_json() const {
  json::array requests;
  for (const JournalEntry& entry : entries()) requests.push_back(mockstore::to_json(entry));
  json::object object{{"total", total()}};
  if (const uint64_t gone = dropped(); gone > 0) object["dropped"] = gone;
  object["requests"] = std::move(requests);
  return printable_json(json::serialize(object));
}

}  // namespace mread::mockstore
