#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mockstore/server/admin.h"

namespace mread::mockstore {

/// Replaces an Alertmanager and a scrape target: accepts every alert, and has no samples.
///
/// POST …/api/v2/alerts, with any prefix              200
/// GET of any path that nothing else answers          200, an exposition without samples
///   GET /-/sink                                        how many of each: {"alerts":3,"scrapes":12}
///
/// Alerts are counted by request. Used from many threads.
class Sink {
 public:
  /// Empty for a request that the sink does not answer.
  std::optional<AdminReply> answer(std::string_view method, std::string_view target);
  /// For /-/sink.
  AdminReply counts() const;

 private:
  std::atomic<uint64_t> alerts_{0};
  std::atomic<uint64_t> scrapes_{0};
};

}  // namespace mread::mockstore
