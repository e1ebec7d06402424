#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "merger/config.h"
#include "model/query.h"

namespace mread::merger {

/// A point in the driver's time; real or virtual, it only has to be monotonic.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// One request to one backend, unique within a FanOut.
using RequestId = uint32_t;

// ---- actions: what the driver has to do -----------------------------------------------------------------------------

/// Send `request` to backend number `backend` (index in Config::backends).
struct Ask {
  RequestId id;
  size_t backend;
  model::ReadRequest request;
};
/// Read one more piece of the body: answered by exactly one on_data, on_end or on_failure.
struct Read {
  RequestId id;
};
/// Close the connection; no more events for this id are wanted (late ones are ignored).
struct Drop {
  RequestId id;
};
/// Begin the answer. Always the first action towards the client. `partial` goes into X-Mread-Partial when not empty.
struct Head {
  int status;
  std::string content_type;
  std::string content_encoding;  ///< "snappy" or empty
  std::string partial;
};
/// Send these bytes, then call on_sent. At most one Body is out at a time: this is the back-pressure. The views stay
/// valid until on_sent.
struct Body {
  std::vector<std::string_view> pieces;
};
/// The answer is complete. `partial` is set when something was left out after Head (goes into the trailer).
struct Finish {
  std::string partial;
};
/// Break the connection: what was sent so far must not pass for an answer. `reason` is for the log.
struct Abort {
  Error reason;
};
/// Call on_wake at this time, unless another WakeAt replaces it.
struct WakeAt {
  TimePoint at;
};

using Action = std::variant<Ask, Read, Drop, Head, Body, Finish, Abort, WakeAt>;

/// What became of each backend, for the query log, metrics and the warnings endpoint.
struct BackendOutcome {
  size_t backend = 0;
  enum class State { not_asked, waiting, complete, failed } state = State::not_asked;
  std::optional<Error> error;
  uint64_t bytes = 0;
  uint64_t series = 0;
  std::chrono::nanoseconds first_byte{};
  std::chrono::nanoseconds total{};
  bool unsorted = false;
};

struct Outcome {
  std::vector<BackendOutcome> backends;
  uint64_t series_out = 0;
  uint64_t frames_passed_on = 0;
  uint64_t conflicts = 0;  ///< equal timestamps, different bits
  std::string partial;     ///< "b: deadline 8s, c: connection refused", or empty
};

/// One remote read over many backends, without I/O: events in, actions out. The driver calls poll() until it is empty
/// after every event. Deterministic: the same answers in any arrival order give the same bytes.
///
/// A backend's deadline counts only the time in which the machine waits for that backend (a Read or an Ask is out), so
/// one backend's slowness is never charged to another.
///
/// Not thread-safe: one FanOut, one strand.
class FanOut {
 public:
  /// `config` outlives the machine.
  FanOut(const Config& config, model::ReadRequest request, TimePoint now);
  ~FanOut();

  std::optional<Action> poll(TimePoint now);

  /// The response's head has arrived; a status other than 2xx, or a content type that is neither of the two, is a
  /// failure. For an error status the driver may pass the start of the body as `text`.
  void on_response(RequestId id, int status, std::string_view content_type, std::string_view content_encoding,
                   std::string_view text, TimePoint now);
  void on_data(RequestId id, std::shared_ptr<const std::string> piece, TimePoint now);
  void on_end(RequestId id, TimePoint now);
  void on_failure(RequestId id, Error error, TimePoint now);
  void on_wake(TimePoint now);
  void on_sent(TimePoint now);

  bool done() const;
  const Outcome& outcome() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mread::merger
