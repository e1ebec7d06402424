#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "merger/config.h"
#include "merger/conflict.h"
#include "merger/hedge.h"
#include "merger/prune.h"
#include "merger/time_point.h"
#include "model/query.h"

namespace mread::merger {

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
/// Begin the answer. Always the first action towards the client. `partial` goes into X-Mread-Partial when not empty;
/// it is cut to failures_in_header_bytes (read_policy.h), Outcome::partial is not.
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
  enum class State {
    /// It cannot hold anything that is asked for; `skipped` says why. Without a reason: its group was content before
    /// its
    /// turn came (`hedge_after`).
    not_asked,
    waiting,
    complete,
    failed,
    unavailable,  ///< FanOutOptions::unavailable: counts as failed, though it was not asked; `error` says why
    dropped,      ///< not needed any more: its group was content without it (`wait: need`)
  } state = State::not_asked;
  std::optional<SkipReason> skipped;  ///< why it was not asked, or for the tail only
  std::optional<Error> error;
  bool nothing_lost = false;  ///< it failed, but by its catalog it holds nothing that is asked for
  int http_status = 0;        ///< of the response; 0: there was none
  uint64_t bytes = 0;
  uint64_t series = 0;
  std::chrono::nanoseconds first_byte{};
  std::chrono::nanoseconds total{};
  /// Its series came out of order, by themselves or without their replica labels: pass it in
  /// FanOutOptions::known_unsorted from now on.
  bool unsorted = false;
  /// Of a group with `hedge_after`: from the request until its answer was good to use, or until it was dropped because
  /// another was asked beside it and was faster.
  std::optional<std::chrono::nanoseconds> latency;
  enum class Hedge { none, won, lost } hedge = Hedge::none;  ///< it was asked beside one that was late
};

struct Outcome {
  std::vector<BackendOutcome> backends;
  uint64_t series_out = 0;
  uint64_t samples_out = 0;  ///< of chunks that were passed on: what their headers claim
  uint64_t frames_passed_on = 0;
  uint64_t conflicts = 0;                   ///< equal timestamps, different bits
  std::vector<SeriesConflict> conflicting;  ///< the first ten series with conflicts; once the read is done
  std::array<uint64_t, 3> transcoded{};     ///< chunks rewritten in an older encoding, by wire::newer_encodings
  uint64_t failovers = 0;                   ///< backends that took over from another in mid-stream
  std::vector<HedgeCounts> hedges;          ///< by group; empty where none has `hedge_after`
  std::string partial;                      ///< "b: deadline 8s, c: connection refused", or empty; up to 64 KiB
};

struct FanOutOptions {
  /// By backend (may be shorter): answers that are known to come unsorted. They are held whole, up to
  /// merge.repair_limit, and sorted.
  std::vector<bool> known_unsorted;
  /// By backend (may be shorter): backends that are not asked and count as failed, each with the reason ("open
  /// circuit"); empty for all others.
  std::vector<std::string> unavailable;
  /// By backend (may be shorter): of a group whose `hedge_after` is a quantile, that of its recent latency where it is
  /// known.
  std::vector<std::optional<std::chrono::nanoseconds>> latencies;
  /// By backend (may be shorter): it failed when it was last asked. A group with `hedge_after` asks such members last.
  std::vector<bool> failing;
  /// By backend (may be shorter): this read is to show whether it is back. A group with `hedge_after` asks it first.
  std::vector<bool> on_trial;
  /// Whether the budget of a group allows one more hedge, which then counts as sent. Empty: always.
  std::function<bool(size_t group)> may_hedge;
  /// By backend (may be shorter): what is known of them, for Config::prune.
  std::vector<Knowledge> knowledge;
  /// SAMPLES answers that are to make one are read only when they are merged, and may be passed on as they came. The
  /// answer has the same series and samples without it.
  bool defer_samples = true;
  uint64_t window_bytes = 4ULL << 20;      ///< within which a backend's series may be out of order
  uint64_t read_ahead_bytes = 1ULL << 20;  ///< read of each backend beyond that
  size_t batch_bytes = 256U << 10;         ///< about the size of one Body
};

/// One remote read over many backends, without I/O: events in, actions out. The driver calls poll() until it is empty
/// after every event. Deterministic: the same answers in any arrival order give the same bytes.
///
/// What a backend's failure does
///   Before it has given `window_bytes` or ended, its answer is left out as a whole. Later, the series that it gave
///   before stay, and the failure takes effect once they are used up.
///   The answer begins when every backend that is waited for has come so far or has failed, for every query of the
///   request. Then Config::partial decides: an answer, with `partial` in its head, or 503 with one line that names each
///   failed backend and why. With `partial: any` the answer is 503 only where no backend at all has answered.
///   A late failure that leaves a group of `wait: need` without `need` members is made good by a member that had been
///   dropped, unless the policy is `all`: it is asked once more, for all, and takes over from the last series that was
///   merged; what it says of series before that is skipped as it comes. Its own failure calls for the next one. What
///   was failed is told in `partial` nevertheless. Beyond that a failure after the head can be borne only where the
///   backend's group has `need` others; else the answer is aborted, under `partial: any` too. A SAMPLES answer is held
///   to its end, so there `any` bears all of them.
/// `wait: need`: all members are asked at once; those that are ready first are used, `need` of them, and the others are
/// dropped. Which they are depends on arrival; the bytes depend only on which they are.
/// `hedge_after`: `need` members are asked at first: of those that can be asked the ones on trial before the others,
/// and those that failed when they were last asked behind them; else in the order of the configuration. See HedgePlan
/// for when another is. What a member's failure does is as above; one that failed early is replaced at once, unless the
/// policy is `all`. `dedup: gapfill`: members of a group are replicas of each other; see GapFill for what becomes of
/// their samples. merge.replica_labels: the query is sent on as it is, so a matcher on such a label asks for that
/// replica's data; the answer's series are without them, and sorted. Limits: the answer is 400 with one line that names
/// the limit and its setting, or aborted after the head. limits.bytes_in_flight: the backend that holds the most at
/// that moment fails, if the policy can bear that; on ties the first. What a streamed answer holds within twice its
/// window and read-ahead is nobody's fault, since it waits for its neighbours or for the client. An answer is STREAMED
/// or SAMPLES as the first of `accepted_response_types` says (none: SAMPLES). Several queries are asked in order,
/// limits.queries_at_once of them at a time, and answered in order. The answer may begin before the last of them is
/// asked; its failure is then one after the head.
///
/// Cost: linear in the number of queries. An event touches the legs of its own query only.
///
/// A backend's deadline counts only the time in which the machine waits for that backend (a Read or an Ask is out), so
/// one backend's slowness is never charged to another. Frames that say nothing do not end a wait, and very many of them
/// are a failure.
///
/// Not thread-safe: one FanOut, one strand.
class FanOut {
 public:
  /// `config` outlives the machine.
  FanOut(const Config& config, model::ReadRequest request, TimePoint now, FanOutOptions options = {});
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
  /// Whether the head of an answer has been given.
  bool has_begun() const;
  /// There is no room for this read: its answer is 503 with this line, or aborted after the head.
  void give_up(const std::string& line);

  bool done() const;
  /// Bytes of memory that the read holds: what was received and not yet sent on with all that is made of it, which is
  /// what limits.bytes_in_flight bounds.
  uint64_t held() const;
  /// For a read that ends for lack of memory: gives back what it holds, but for a Body that is out. Nothing may be
  /// called afterwards but held().
  void release() noexcept;
  /// As far as it is known at the last event; of a read that is done, what became of it.
  const Outcome& outcome() const;
  /// The same of a read that is given up now.
  const Outcome& outcome(TimePoint now) const;
  /// How often a leg (one query's request to one backend) was looked at: what the machine's work grows with.
  uint64_t visits() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mread::merger
