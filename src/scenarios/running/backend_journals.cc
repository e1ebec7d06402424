#include "scenarios/running/backend_journals.h"

#include <boost/json.hpp>

#include "base/timestamp.h"

namespace mread::scenarios {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& value) { return std::string(value.as_string()); }

std::string joined(const json::value& list, std::string_view member = {}) {
  std::string out;
  for (const json::value& item : list.as_array())
    out += (out.empty() ? "" : ", ") + text_of(member.empty() ? item : item.at(member));
  return out;
}

JournalRequest request_of(const json::value& entry) {
  JournalRequest out;
  out.ordinal = entry.at("ordinal").to_number<uint64_t>();
  const auto arrived = parse_timestamp(entry.at("arrived").at("time").as_string(), 0);
  if (!arrived) throw std::invalid_argument(arrived.error().context);
  out.arrived_ms = *arrived;
  if (const json::value& end = entry.at("end"); !end.is_null()) {
    out.duration_ms = (end.at("since_start_s").to_number<double>() -
                       entry.at("arrived").at("since_start_s").to_number<double>()) *
                      1000;
  }
  out.request.query = joined(entry.at("queries"), "selector");
  out.request.outcome = text_of(entry.at("outcome"));
  out.request.status = entry.at("status").to_number<int>();
  out.request.series = entry.at("series").to_number<size_t>();
  out.request.bytes = entry.at("bytes").to_number<size_t>();
  out.request.note = text_of(entry.at("refused"));
  const std::string faults = joined(entry.at("faults"));
  if (!faults.empty()) out.request.note += (out.request.note.empty() ? "" : "; ") + faults;
  return out;
}

}  // namespace

Result<std::vector<JournalRequest>> parse_journal(std::string_view text) try {
  std::vector<JournalRequest> requests;
  const json::value journal = json::parse(text);
  for (const json::value& entry : journal.at("requests").as_array())
    requests.push_back(request_of(entry));
  return requests;
} catch (const std::exception& error) {
  return fail(Errc::malformed, std::string("no journal of a mock: ") + error.what());
}

void BackendJournals::add(const std::string& mock, const std::vector<JournalRequest>& requests) {
  for (const JournalRequest& request : requests)
    mocks_[mock].insert_or_assign({request.arrived_ms, request.ordinal}, request);
}

std::pair<std::vector<BackendRequest>, size_t> BackendJournals::requests_of(
    const std::string& mock, int64_t begin_ms) const {
  std::pair<std::vector<BackendRequest>, size_t> out;
  const auto found = mocks_.find(mock);
  if (found == mocks_.end()) return out;
  for (const auto& [arrival, journaled] : found->second) {
    if (out.first.size() == most_requests) break;
    BackendRequest request = journaled.request;
    request.at_s = static_cast<double>(journaled.arrived_ms - begin_ms) / 1000;
    request.duration_ms = journaled.duration_ms;
    out.first.push_back(std::move(request));
  }
  out.second = found->second.size() - out.first.size();
  return out;
}

}  // namespace mread::scenarios
