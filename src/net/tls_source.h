#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "net/tls_context.h"

namespace mread::net {

/// A TLS context that follows its files: they are looked at (device, inode, size, times) when the
/// context is asked for, at most once a second, and read again when they have changed. A broken new
/// file keeps the old context in force.
///
/// Safe to use from several threads.
class TlsSource {
 public:
  using Clock = std::chrono::steady_clock;
  /// Told when files have been read again (`failed` false), and when they could not be used: once
  /// for each change.
  using Tell = std::function<void(bool failed, const std::string& line)>;
  struct Loaded {
    TlsContext context;
    uint64_t revision = 0;  ///< grows with each change
  };

  /// Reads the files now. Errors: as make_tls_context().
  static Result<std::shared_ptr<TlsSource>> create(const TlsClientSettings& settings,
                                                   Tell tell = {},
                                                   Clock::time_point now = Clock::now());
  static Result<std::shared_ptr<TlsSource>> create(const TlsServerSettings& settings,
                                                   Tell tell = {},
                                                   Clock::time_point now = Clock::now());

  Loaded get(Clock::time_point now = Clock::now());
  /// Looks at the files whatever the time. Errors: they have changed and cannot be used; the old
  /// context stays.
  Result<void> refresh(Clock::time_point now = Clock::now());

 private:
  using Make = std::function<Result<TlsContext>()>;
  TlsSource(Make make, std::vector<std::string> files, Tell tell);
  static Result<std::shared_ptr<TlsSource>> begin(std::shared_ptr<TlsSource> source,
                                                  Clock::time_point now);
  Result<void> look(Clock::time_point now);

  const Make make_;
  const std::vector<std::string> files_;
  const Tell tell_;
  std::mutex mutex_;
  Loaded loaded_;
  std::string seen_;  // What the files looked like when they were read, well or not.
  Result<void> last_;
  Clock::time_point looked_;
};

}  // namespace mread::net
