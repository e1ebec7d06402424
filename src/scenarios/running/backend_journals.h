#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "scenarios/model/results.h"

namespace mread::scenarios {

/// A request in a mock's journal (GET /-/journal).
struct JournalRequest {
  uint64_t ordinal = 0;
  int64_t arrived_ms = 0;             ///< since the epoch
  std::optional<double> duration_ms;  ///< none of one that is not answered yet
  BackendRequest request;             ///< without its times
};

/// Reads a mock's journal. Errors (Errc::malformed): text that is no journal.
Result<std::vector<JournalRequest>> parse_journal(std::string_view text);

/// The requests that the mocks of one test got, collected from their journals several times, since a
/// mock that is killed loses its journal. Not thread-safe.
class BackendJournals {
 public:
  static constexpr size_t most_requests = 500;  ///< of a mock

  /// What the mock's journal holds now. A request that was there before is replaced.
  void add(const std::string& mock, const std::vector<JournalRequest>& requests);

  /// The first `most_requests` of a mock in the order of their arrival, and how many came after
  /// them. `begin_ms` is when the course began, since the epoch.
  std::pair<std::vector<BackendRequest>, size_t> requests_of(const std::string& mock,
                                                             int64_t begin_ms) const;

 private:
  // By arrival; a mock that was started again counts from 0 again.
  std::map<std::string, std::map<std::pair<int64_t, uint64_t>, JournalRequest>> mocks_;
};

}  // namespace mread::scenarios
