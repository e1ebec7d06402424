#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mockstore/server/admin.h"

namespace mread::mockstore {

/// Stands for an Alertmanager and for a target of a scrape that are not there: takes what is sent
/// and tells nothing.
///
///   POST …/api/v2/alerts, whatever stands before it    200
///   GET of any path that is no other part's            200, an exposition without samples
///   GET /-/sink                                        how many of each: {"alerts":3,"scrapes":12}
///
/// Alerts are counted by request. Used from many threads.
class Sink {
 public:
  /// Nothing for a request that is not meant for it.
  std::optional<AdminReply> answer(std::string_view method, std::string_view target);
  /// For /-/sink.
  AdminReply counts() const;

 private:
  std::atomic<uint64_t> alerts_{0};
  std::atomic<uint64_t> scrapes_{0};
};

}  // namespace mread::mockstore
