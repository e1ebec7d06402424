#include "mockstore/journal.h"

#include <boost/json.hpp>

#include "base/printable.h"
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
  json::object object{{"selector", query.selector}, {"start_ms", query.start_ms}, {"end_ms", query.end_ms}};
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
  return {{"ordinal", entry.ordinal},
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
}

}  // namespace

Moment SystemTime::now() const { return {wall_clock_ms(), std::chrono::steady_clock::now() - start_}; }

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
  const std::lock_guard lock(mutex_);
  ++total_;
  // Requests are numbered before they come here, on several threads: the order is restored.
  auto place = entries_.end();
  while (place != entries_.begin() && std::prev(place)->ordinal > entry.ordinal) --place;
  entries_.insert(place, std::move(entry));
  while (entries_.size() > capacity_) entries_.pop_front();
}

JournalEntry* Journal::find(uint64_t ordinal) {
  for (auto it = entries_.rbegin(); it != entries_.rend(); ++it)
    if (it->ordinal == ordinal) return &*it;
  return nullptr;
}

std::vector<JournalEntry> Journal::entries() const {
  const std::lock_guard lock(mutex_);
  return {entries_.begin(), entries_.end()};
}

uint64_t Journal::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

void Journal::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
  total_ = 0;
}

std::string Journal::to_json() const {
  json::array requests;
  for (const JournalEntry& entry : entries()) requests.push_back(mockstore::to_json(entry));
  return printable_json(json::serialize(json::object{{"total", total()}, {"requests", std::move(requests)}}));
}

}  // namespace mread::mockstore
