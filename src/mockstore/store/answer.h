#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mockstore/faults/fault.h"
#include "mockstore/steps/step.h"
#include "mockstore/store/read_query.h"
#include "mockstore/tsdb/dataset.h"

namespace mread::mockstore {

/// Prometheus's flags for remote read, with its defaults.
struct AnswerOptions {
  uint64_t max_samples =
      50'000'000;  ///< --storage.remote.read-sample-limit, per query of a SAMPLES answer; 0: none
  uint64_t max_bytes_in_frame = 1ULL << 20;  ///< --storage.remote.read-max-bytes-in-frame
  uint64_t max_request_bytes = 32ULL << 20;  ///< compressed; what is beyond is not read
  bool streamed =
      true;  ///< false: knows only SAMPLES and does not look at what is accepted, as before 2.13
};

/// What an answer has come to so far.
struct AnswerSummary {
  int status = 0;
  std::string content_type;
  uint64_t series = 0;
  uint64_t samples = 0;
};

/// The answer to one remote-read request, step by step, as a Prometheus with this data gives it:
/// negotiation, limits, errors and their wording, order, frames, chunks. STREAMED is made frame by
/// frame, as it is asked for; SAMPLES in one piece.
///
/// Not thread-safe.
/// Source: storage/remote/read_handler.go and codec.go of Prometheus; held against the real one by
/// mock_fidelity_test.
class Answer {
 public:
  Answer(std::shared_ptr<const Dataset> dataset, const AnswerOptions& options, AnswerShape shape,
         std::string_view body);

  /// The next step; Head comes first, End last. The bytes of a Body live until the next call.
  Step next();
  bool done() const { return done_; }

  const AnswerSummary& summary() const { return summary_; }
  /// The request, empty where it could not be decoded.
  const ReadQueries& request() const { return request_; }

 private:
  enum class Mode { failed, samples, streamed };
  struct Failure {
    int status = 500;
    std::string text;
  };

  void refuse(int status, std::string text);
  std::vector<uint32_t> select(const model::Query& query) const;
  std::optional<Failure> make_samples();
  /// The next frame into frame_, nothing at the end.
  std::optional<Failure> make_frame();
  std::optional<Failure> open_query();
  std::optional<Failure> open_series();
  Step start();
  Step text(const std::string& line);

  std::shared_ptr<const Dataset> dataset_;
  AnswerOptions options_;
  AnswerShape shape_;
  ReadQueries request_;
  AnswerSummary summary_;
  Mode mode_ = Mode::failed;
  Failure failure_;
  bool started_ = false;
  bool done_ = false;
  std::optional<Step> pending_;

  // STREAMED: where it stands.
  size_t query_ = 0;
  bool query_open_ = false;
  std::vector<uint32_t> rows_;
  size_t row_ = 0;
  bool series_open_ = false;
  const SelectedSamples* selected_ = nullptr;
  size_t chunk_ = 0;
  size_t chunk_offset_ = 0;
  int64_t frame_data_limit_ = 0;
  std::unordered_map<uint32_t, SelectedSamples>
      shared_;  // By entry of input_series, for the open query.
  SelectedSamples scratch_;
  std::string message_;
  std::string frame_;
  std::string body_;
};

}  // namespace mread::mockstore
