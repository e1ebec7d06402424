#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time_point.h"
#include "merger/fan_out/action.h"
#include "merger/fan_out/options.h"
#include "merger/fan_out/outcome.h"
#include "merger/policy/policy.h"
#include "model/query.h"

namespace mread::merger {

/// One remote read over many backends, without I/O: events in, actions out. The driver calls poll()
/// until it is empty after every event. Deterministic: the same answers in any arrival order give
/// the same bytes.
///
/// What a backend's failure does
///   Before it has given `window_bytes` or ended, its answer is left out as a whole. Later, the
///   series that it gave before stay, and the failure takes effect once they are used up. The
///   answer begins when every backend that is waited for has come so far or has failed, for every
///   query of the request. Then Policy::partial decides: an answer, with `partial` in its head, or
///   503 with one line that names each failed backend and why. With `partial: any` the answer is
///   503 only where no backend at all has answered. A late failure that leaves a group of `wait:
///   need` without `need` members is made good by a member that had been dropped, unless the policy
///   is `all`: it is asked once more, for all, and takes over from the last series that was merged;
///   what it says of series before that is skipped as it comes. Its own failure calls for the next
///   one. What was failed is told in `partial` nevertheless. Beyond that a failure after the head
///   can be borne only where the backend's group has `need` others; else the answer is aborted,
///   under `partial: any` too. A SAMPLES answer is held to its end, so there `any` bears all of
///   them.
/// `wait: need`: all members are asked at once; those that are ready first are used, `need` of
/// them, and the others are dropped. Which they are depends on arrival; the bytes depend only on
/// which they are. `hedge_after`: `need` members are asked at first: of those that can be asked the
/// ones on trial before the others, and those that failed when they were last asked behind them;
/// else in the order of the configuration. See HedgePlan for when another is. What a member's
/// failure does is as above; one that failed early is replaced at once, unless the policy is `all`.
/// `dedup: gapfill`: members of a group are replicas of each other; see GapFill for what becomes of
/// their samples. merge.replica_labels: the query is sent on as it is, so a matcher on such a label
/// asks for that replica's data; the answer's series are without them, and sorted. Limits: the
/// answer is 400 with one line that names the limit and its setting, or aborted after the head.
/// limits.bytes_in_flight: the backend that holds the most at that moment fails, if the policy can
/// bear that; on ties the first. What a streamed answer holds within twice its window and
/// read-ahead is nobody's fault, since it waits for its neighbours or for the client. An answer is
/// STREAMED or SAMPLES as the first of `accepted_response_types` says (none: SAMPLES). Several
/// queries are asked in order, limits.queries_at_once of them at a time, and answered in order. The
/// answer may begin before the last of them is asked; its failure is then one after the head.
///
/// Series that FanOutOptions::client would refuse are left out, and told in `partial`; where
/// nothing else is left, the answer is 406. A query for labels only is sent on as one for SAMPLES
/// first, of which backends leave the samples out, and is answered without samples.
///
/// Cost: linear in the number of queries. An event touches the requests of its own query
/// only.
///
/// A backend's deadline counts only the time in which the machine waits for that backend (a Read or
/// an Ask is out), so one backend's slowness is never charged to another. Frames that say nothing
/// do not end a wait, and very many of them are a failure.
///
/// Not thread-safe: one FanOut, one strand.
class FanOut {
 public:
  /// `policy` outlives the machine.
  FanOut(const Policy& policy, model::ReadRequest request, TimePoint now,
         FanOutOptions options = {});
  ~FanOut();

  std::optional<Action> poll(TimePoint now);

  /// The response's head has arrived; a status other than 2xx, or a content type that is neither of
  /// the two, is a failure. For an error status the driver may pass the start of the body as
  /// `text`.
  void on_response(RequestId id, int status, std::string_view content_type,
                   std::string_view content_encoding, std::string_view text, TimePoint now);
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
  /// Bytes of memory that the read holds: what was received and not yet sent on with all that is
  /// made of it, which is what limits.bytes_in_flight bounds.
  uint64_t held() const;
  /// For a read that ends for lack of memory: gives back what it holds, but for a Body that is out.
  /// Nothing may be called afterwards but held().
  void release() noexcept;
  /// As far as it is known at the last event; of a read that is done, what became of it.
  Outcome outcome() const;
  /// The same of a read that is given up now.
  Outcome outcome(TimePoint now) const;
  /// How often a request (of one query to one backend) was looked at: the machine's work grows with
  /// that.
  uint64_t visits() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mread::merger
