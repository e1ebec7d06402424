#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mockstore/faults/fault.h"
#include "mockstore/steps/step.h"
#include "mockstore/store/frame_maker.h"
#include "mockstore/store/read_query.h"
#include "mockstore/store/row_samples.h"
#include "mockstore/tsdb/series_rows.h"

namespace mread::mockstore {

/// Prometheus's flags for remote read, with its defaults.
struct AnswerOptions {
  /// --storage.remote.read-sample-limit, per query of a SAMPLES answer; 0: none.
  uint64_t max_samples = 50'000'000;
  uint64_t max_bytes_in_frame = 1ULL << 20;  ///< --storage.remote.read-max-bytes-in-frame
  uint64_t max_request_bytes = 32ULL << 20;  ///< compressed; what is beyond is not read
  /// False: knows only SAMPLES and does not look at what is accepted, as before 2.13.
  bool streamed = true;
};

/// The answer to one remote-read request, step by step, as a Prometheus with this data gives it:
/// negotiation, limits, errors and their wording, order, frames, chunks. STREAMED is made frame by
/// frame, as it is asked for; SAMPLES in one piece.
///
/// Not thread-safe.
/// Source: storage/remote/read_handler.go and codec.go of Prometheus; mock_fidelity_test compares
/// it with the real one.
class StoreAnswer {
 public:
  StoreAnswer(std::shared_ptr<const SeriesRows> series, const AnswerOptions& options,
              AnswerShape shape, std::string_view body);
  // Its frames refer to its request.
  StoreAnswer(const StoreAnswer&) = delete;
  StoreAnswer& operator=(const StoreAnswer&) = delete;

  /// The next step: a HeadStep first, an EndStep last. The bytes of a BodyStep live until the next
  /// call. Not to be called once done().
  Step next();
  bool done() const { return stage_ == Stage::done; }

  const AnswerSummary& summary() const { return summary_; }
  /// The request, empty where it could not be decoded.
  const ReadQueries& request() const { return request_; }

 private:
  enum class Mode { failed, samples, streamed };
  /// What next() gives next. The first piece of the body is made together with the head: an error
  /// in it is still a status, no later one is.
  enum class Stage { head, first_piece, rest, done };

  void refuse(int status, std::string text);
  Step make_head();
  Step next_piece();
  Step text_piece(const std::string& line);

  const std::shared_ptr<const SeriesRows> series_;
  const AnswerOptions options_;
  const AnswerShape shape_;
  ReadQueries request_;
  AnswerSummary summary_;
  Mode mode_ = Mode::failed;
  Stage stage_ = Stage::head;
  ReadFailure failure_;
  std::optional<FrameMaker> frames_;  // Of STREAMED.
  std::optional<Step> first_piece_;
  std::string body_;
};

}  // namespace mread::mockstore
