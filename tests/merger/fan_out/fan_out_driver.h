#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "merger/fan_out/fan_out.h"

namespace mread::merger::tests {

using std::chrono::milliseconds;

inline constexpr std::string_view streamed_type =
    "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
inline constexpr std::string_view samples_type = "application/x-protobuf";

/// How one backend answers one request, in virtual time.
struct Script {
  milliseconds response_after{0};
  bool hang_before_response = false;
  std::optional<Error> refuse;  ///< a failure in place of the response
  int status = 200;
  std::string content_type = std::string(streamed_type);
  std::string content_encoding;
  std::string text;
  std::string body;
  size_t piece_bytes = 64U << 10;
  milliseconds between{0};         ///< before each piece, and before the end
  std::optional<size_t> hang_at;   ///< after so many bytes nothing comes any more
  std::optional<size_t> break_at;  ///< after so many bytes the connection breaks

  static Script streamed(std::string body);
  static Script samples_form(std::string body);
  static Script refused();
  static Script hanging();
  static Script http(int status, std::string text);
};

/// What the client got.
struct Answer {
  int status = 0;
  std::string content_type;
  std::string content_encoding;
  std::string partial;
  std::string body;
  bool finished = false;
  std::string trailer;
  std::optional<Error> aborted;
  std::chrono::nanoseconds took{};  ///< virtual
  std::chrono::nanoseconds head_after{};
  Outcome outcome;
  size_t asks = 0;
  size_t reads = 0;
  size_t most_open = 0;                      ///< requests at one time
  uint64_t visits = 0;                       ///< FanOut::visits()
  std::vector<model::ReadRequest> requests;  ///< in the order of Ask
};

/// Drives a FanOut against scripts, in virtual time: as the server does against sockets. Every rule
/// of the interface is checked: one answer a Read, no Read for a closed request, one Body at a time,
/// Head first and once.
class FanOutDriver {
 public:
  using Scripts = std::function<Script(size_t backend, const model::ReadRequest& request)>;

  FanOutDriver(const config::Config& config, Scripts scripts)
      : config_(config), scripts_(std::move(scripts)) {}
  FanOutDriver(const config::Config& config, std::vector<Script> by_backend);

  /// Random delays of up to 50 ms and random piece sizes from here on.
  void shuffle(uint32_t seed) { random_.emplace(seed); }
  void client_takes(milliseconds delay) { client_delay_ = delay; }
  /// There is no room for the read after `delay`.
  void give_up(milliseconds delay, std::string line) { give_up_.emplace(delay, std::move(line)); }
  /// Called with the machine whenever it wants nothing more for the moment.
  void watch(std::function<void(const FanOut&)> watcher) { watcher_ = std::move(watcher); }
  FanOutOptions options;

  Answer run(model::ReadRequest read_request);

 private:
  struct PendingRequest {
    Script script;
    size_t offset = 0;
    bool reading = false;
    bool closed = false;
  };
  void serve(RequestId id, PendingRequest& request, FanOut& machine);
  milliseconds jitter();
  size_t piece_size(const Script& script);
  void at(milliseconds delay, std::function<void()> event);

  const config::Config& config_;
  Scripts scripts_;
  std::optional<std::mt19937> random_;
  milliseconds client_delay_{0};
  std::optional<std::pair<milliseconds, std::string>> give_up_;
  std::function<void(const FanOut&)> watcher_;
  TimePoint now_{};
  std::multimap<TimePoint, std::function<void()>> events_;
};

/// `queries` selectors, each over [start, end].
model::ReadRequest request(const std::vector<std::string>& selectors, int64_t start_ms,
                           int64_t end_ms, bool streamed);

/// A configuration of backends a, b, c … with remote_timeout 8s, and more of mread.yml behind it.
config::Config config_of(size_t backends, const std::string& more = "");

}  // namespace mread::merger::tests
