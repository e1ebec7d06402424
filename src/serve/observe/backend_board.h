#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "merger/members/breaker.h"
#include "serve/catalog/catalogs.h"
#include "serve/observe/read_report.h"

namespace mread::serve {

/// What is known of one backend since the start.
struct BackendStanding {
  enum class State { unknown, up, failing } state = State::unknown;
  uint64_t requests = 0;
  uint64_t failures = 0;
  std::chrono::nanoseconds first_byte{};  ///< of the last answer that had one
  std::chrono::nanoseconds total{};       ///< of the last complete answer
  std::optional<std::chrono::system_clock::time_point> last_asked;
  std::string last_error;  ///< empty: none yet
  std::optional<std::chrono::system_clock::time_point> last_error_at;
  std::optional<merger::Breaker::State> circuit;  ///< none: there is no `health:`
  std::optional<CatalogStanding> catalog;         ///< none: there is no `prune:`
  /// Has answered out of order: the next reads hold its answers until they are sorted.
  bool unsorted = false;
};

/// A backend that began to fail, or answers again.
struct Change {
  size_t backend = 0;
  bool failing = false;
  std::string reason;
};

/// Remembers how each backend did, for the status page, the log, and what the next read should
/// know. Safe to use from several threads.
class BackendBoard {
 public:
  explicit BackendBoard(size_t backends);
  /// Begins with what another board knows; `origins`: by backend, its index there.
  void take_over(const std::vector<BackendStanding>& standings,
                 const std::vector<std::optional<size_t>>& origins);
  /// Returns what has changed with this read.
  std::vector<Change> record(const merger::Outcome& outcome,
                             std::chrono::system_clock::time_point now);
  std::vector<BackendStanding> standings() const;
  /// For merger::FanOutOptions: what is known of the backends by now.
  void prepare(merger::FanOutOptions& options) const;

 private:
  mutable std::mutex mutex_;
  std::vector<BackendStanding> standings_;
};

}  // namespace mread::serve
