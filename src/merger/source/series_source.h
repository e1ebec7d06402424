#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "merger/source/options.h"
#include "merger/source/reorder_window.h"
#include "merger/source/samples_answer.h"
#include "merger/source/series_fragment.h"
#include "merger/source/twin_finder.h"
#include "model/query.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::merger {

/// One backend's answer to one query, as a sorted run of whole series.
///
/// Input    The body in pieces, streamed or SAMPLES; in any order of series.
/// Output   The series in order, each once, with all its fragments. A series is given out only when
///          it is known to be whole, that is when the source has ended, or when it is due (see
///          ReorderWindow): a series that comes late by less than the window is put in its place.
///          Without their replica labels series are in another order, for better or worse: it is
///          this order that counts. A series without chunks or samples is given out, but not one
///          more fragment of the series before it.
/// Memory   `window` + `read_ahead`, and the largest series; for SAMPLES the whole body. Frames that
///          another source of the read has sent already, byte for byte, are held once, and count
///          for that one. All of it counts for SourceOptions::account, and is asked for there
///          before it is taken.
/// Errors   Of feed() and end(), all final: what wire/ finds, Errc::unsorted (see ReorderWindow),
///          Errc::limit, Errc::unsupported for a chunk encoding that is not known, Errc::malformed
///          for duplicate label names, chunks that end before they begin or cannot hold the samples
///          that they claim, what wire::verify_chunk finds (SourceOptions::verify_chunks), answers
///          to a query that was not asked, and very many frames that say nothing. What is wrong
///          first counts: it does not depend on how the body is cut into pieces, but for the
///          account's limit, which depends on what others hold.
/// Not thread-safe. Tested by broken_answers_test.cc and fan_out_test.cc.
class SeriesSource {
 public:
  SeriesSource(uint32_t index, SourceOptions options);

  /// The windows of all sources of the read, for TwinFinder; before the first feed().
  void know(const std::vector<const ReorderWindow*>& windows) { twins_.start(&windows, &window_); }
  const ReorderWindow& window() const { return window_; }

  /// The body's kind; before the first feed().
  void begin(model::ResponseType type) { type_ = type; }
  Result<void> feed(std::shared_ptr<const std::string> piece);
  Result<void> end();
  /// The source has failed after it had given series: what it holds stays, but for the series that
  /// may have been cut off (see also SourceOptions::replaceable), and error() is set.
  void end_early(Error error);
  /// The source counts for nothing: what it holds is dropped.
  void discard();
  /// The same, but as a failure that the merge is to notice.
  void discard(Error error);

  bool wants_data() const {
    return !ended_ && (!ready() || buffered() < options_.window + options_.read_ahead);
  }
  /// Whether the series in front is whole, or there is nothing more to come.
  bool ready() const { return ended_ || window_.due(); }
  /// Whether ready() has been true: the answer's start is known to be good.
  bool started() const { return started_ || ended_; }
  /// Whether it has been asked only after the answer had begun.
  bool resumes() const { return options_.resume.has_value(); }
  bool ended() const { return ended_; }
  bool drained() const { return ended_ && (is_samples() ? samples_.empty() : window_.empty()); }
  /// Set by end_early(), and by read_answer() and after it.
  const std::optional<Error>& error() const { return error_; }
  /// Takes the failure as dealt with.
  void forgive() { error_.reset(); }

  std::string_view head() const { return is_samples() ? samples_.front() : window_.front(); }
  /// What head() has in common with the series popped before it (Fragment::common).
  uint32_t head_common() const {
    return is_samples() ? samples_.front_common() : window_.front_common();
  }
  void pop_series(std::vector<Fragment>& out) {
    if (is_samples()) {
      samples_.pop_series(out);
      note_irregular();
      samples_charge_.set(samples_.memory());
    } else {
      window_.pop_series(out);
      window_charge_.set(window_.memory());
    }
  }

  /// The SAMPLES answer that waits to be read or checked (SourceOptions::defer), if there is one.
  /// Until then the source has no series.
  SamplesAnswer* waiting_answer() { return ended_ && samples_.waits() ? &samples_ : nullptr; }
  /// Of a waiting answer: see SamplesAnswer::read(). An irregularity becomes error() once all
  /// before it was taken.
  void read_answer();
  /// Whether it waits, or was only read.
  bool is_unchecked() const { return ended_ && samples_.is_unchecked(); }
  /// Checks it, from its start. After an error it is to be discarded.
  Result<void> check_answer();

  uint32_t index() const { return index_; }
  /// Bytes of the body that are held, as they came. What they take is the account's to say.
  size_t buffered() const {
    return window_.bytes() + samples_.held() + (splitter_ ? splitter_->buffered() : 0);
  }
  const Account& account() const { return *options_.account; }
  /// What it may hold though it waits for nobody but its neighbours, or a slow client.
  uint64_t allowance() const {
    return is_samples() ? 0 : 2 * (options_.window + options_.read_ahead);
  }
  bool unsorted() const { return unsorted_ || window_.unsorted(); }
  /// Whether it failed because of a limit of the read (`limits:`), for which it is not to blame.
  bool over_limit() const { return samples_.over_limit(); }
  /// Whether it failed because the read would hold too much, and this source the most.
  bool over_budget() const { return over_budget_; }
  /// How often it has said something: frames that carry data, pieces of other bodies, bytes of a
  /// frame that is on its way. Frames that say nothing do not count.
  uint64_t progress() const { return progress_; }
  uint64_t series() const { return is_samples() ? samples_.series() : series_; }

 private:
  static constexpr uint32_t most_idle = 10'000;

  bool is_samples() const { return type_ == model::ResponseType::samples; }
  void note_irregular() {
    if (samples_.irregular()) [[unlikely]]
      error_ = Error(Errc::malformed, "not what is usual in answers");
  }
  Result<void> feed_frames(std::shared_ptr<const std::string> piece);
  Result<void> take_frames();
  Result<bool> take_twin();
  Result<void> take_frame(const wire::Frame& frame);
  Result<void> take_series(const wire::Frame& frame, const wire::ChunkedSeriesView& series,
                           bool alone);
  Result<void> push(Fragment&& fragment, const wire::LabelsStep& step);
  Result<void> note_growth();
  Result<void> skip();
  // Prometheus sends no frame that says nothing. Some are let pass, since the format allows them;
  // very many are an attempt on the time.
  bool note_frame(bool says_something) {
    if (!says_something) return ++idle_frames_ <= most_idle;
    ++progress_;
    idle_frames_ -= idle_frames_ > 0 ? 1 : 0;
    return true;
  }
  static Error too_many_idle();
  Result<void> take_room(uint64_t more);
  Pin pin_frame();
  void recount();

  uint32_t index_;
  SourceOptions options_;
  model::ResponseType type_ = model::ResponseType::streamed_xor_chunks;
  std::optional<wire::FrameSplitter> splitter_;
  wire::ChunkedResponse response_;
  wire::LabelsStepper stepper_;  // Follows last_labels_.
  SamplesAnswer samples_;
  ReorderWindow window_;
  Charge window_charge_;
  Charge samples_charge_;
  Charge frame_charge_;  // Of splitter_ and response_.
  TwinFinder twins_;
  Pin block_;                          // What frames are cut from at present,
  const void* block_bytes_ = nullptr;  // and its bytes.
  std::string_view last_labels_;  // Of the series received last, for the case that it is cut off;
  Pin last_pin_;                  // keeps them.
  bool last_pushed_ = false;      // It was not skipped.
  bool unsorted_ = false;
  bool started_ = false;
  bool ended_ = false;
  bool over_budget_ = false;
  std::optional<Error> error_;
  uint64_t series_ = 0;
  uint64_t skipped_ = 0;  // Series.
  uint64_t progress_ = 0;
  uint32_t idle_frames_ = 0;     // That said nothing, beyond one for each that did.
  bool said_something_ = false;  // The frame that is taken.
};

}  // namespace mread::merger
