#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "mockstore/faults/fault.h"
#include "mockstore/steps/step.h"
#include "mockstore/store/read_query.h"
#include "mockstore/store/row_samples.h"
#include "mockstore/store/store_answer.h"
#include "net/http.h"

namespace mread::mockstore {

/// The answer to one read of a store with an upstream, step by step. It knows no socket: its driver
/// sends request_body() to the upstream and reports what comes, whenever next() needs input.
///
/// What faults need decides how much is waited for:
///   no fault                     nothing: the upstream's bytes go out as they come
///   faults of bytes and timing   of a streamed answer, whole frames; of any other, the whole body
///   faults of data or order      the whole body, decoded; the answer is then made as a mock's own
/// Frames that cannot be cut go out as they came. An answer whose status is not 200 is always passed
/// on.
///
/// Errors: a failure of the upstream before the head is handed on is an answer with status 502 and
/// one line; a later one ends the answer without an end, as a proxy does.
///
/// Not thread-safe.
class UpstreamAnswer {
 public:
  /// `upstream` is the name of the upstream in error texts; `body` the client's request.
  UpstreamAnswer(std::string upstream, const AnswerOptions& options, AnswerShape shape,
                 bool has_faults, std::string_view body);
  // Its frames refer to its request.
  UpstreamAnswer(const UpstreamAnswer&) = delete;
  UpstreamAnswer& operator=(const UpstreamAnswer&) = delete;

  /// What the upstream is asked; with faults of data it is asked for more than the client asks. To be
  /// taken once.
  std::string take_request_body() { return std::move(request_body_); }

  /// What the upstream has sent, in this order; nothing after on_end() or on_failure().
  void on_head(net::ResponseHead head);
  void on_bytes(std::string bytes);
  void on_end();
  void on_failure(const Error& error);

  /// The next step; nothing if it needs input, or is done. Bytes of a BodyStep live until the next
  /// call.
  std::optional<Step> next();
  bool needs_input() const { return !input_ended_ && steps_.empty(); }

  /// Series and samples are known of a decoded answer only.
  const AnswerSummary& summary() const { return made_ ? made_->summary() : summary_; }
  /// The client's request, empty where it could not be decoded.
  const ReadQueries& request() const { return request_; }

 private:
  enum class Mode { pass, frames, whole, decode };

  void finish(Step last);
  void refuse(const std::string& text);
  void cut_frames();
  void make_answer();

  const std::string upstream_;
  const AnswerOptions options_;
  const AnswerShape shape_;
  const bool has_faults_;
  ReadQueries request_;
  bool is_changed_ = false;  // By faults of data or order, and the request can be decoded.
  std::string client_body_;  // Where is_changed_.
  std::string request_body_;

  Mode mode_ = Mode::pass;
  std::deque<Step> steps_;
  bool input_ended_ = false;
  bool head_is_out_ = false;
  net::ResponseHead head_;  // Held back in the modes whole and decode.
  bool is_streamed_ = false;
  std::string pending_;  // Bytes that are no whole frame, or the whole body.
  std::unique_ptr<StoreAnswer> made_;
  AnswerSummary summary_;
};

}  // namespace mread::mockstore
