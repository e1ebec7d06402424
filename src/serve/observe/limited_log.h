#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <spdlog/logger.h>

#include "base/clock.h"

namespace mread::serve {

/// The log for lines that a client or a backend can cause as often as it likes. Of each kind and
/// subject, `burst` lines are written at once (of query_log one) and then at most one in
/// `interval`; it ends in "(12 more like this were left out)". Safe to use from several threads.
class LimitedLog {
 public:
  enum class Kind {
    handshake,      ///< a client's TLS handshake that failed
    read_aborted,   ///< an answer that was broken after its begin
    read_given_up,  ///< a read that made way for others
    query_log,      ///< a line of the query log that was lost
    reload,         ///< what a request for a reload came to
    backend,        ///< a backend fails, or answers again
    circuit,        ///< a circuit changes its state
    catalog,        ///< what a backend holds cannot be learned
    tls_files,      ///< TLS files that have changed
  };
  struct Limits {
    std::chrono::nanoseconds interval = std::chrono::minutes(1);
    unsigned burst = 10;
    size_t subjects = 1'000;  ///< that are told apart; what comes later is one subject
  };

  /// `clock` outlives it.
  LimitedLog(std::shared_ptr<spdlog::logger> logger, Limits limits, const Clock& clock);

  /// `subject` is what the line is about where a kind has several (a backend's name), else "".
  void write(Kind kind, const std::string& subject, spdlog::level::level_enum level,
             std::string_view line);

 private:
  struct State {
    double left = 0;  // Lines that may still be written at once.
    TimePoint seen;
    uint64_t left_out = 0;
  };

  const std::shared_ptr<spdlog::logger> logger_;
  const Limits limits_;
  const Clock& clock_;
  std::mutex mutex_;  // Of what follows.
  std::map<std::pair<Kind, std::string>, State> states_;
};

}  // namespace mread::serve
