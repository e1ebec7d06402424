#pragma once

#include <memory>
#include <string>

#include "merger/answer/answer_writer.h"
#include "merger/answer/batch.h"
#include "merger/fan_out/read_state.h"
#include "merger/memory/budget.h"

namespace mread::merger {

/// What goes to the client: the head, then one Body after another, each sent before the next. One
/// batch is filled while the other is sent.
///
/// Not thread-safe. Tested by fan_out_test.cc and read_course_test.cc.
class AnswerStream {
 public:
  /// `read` outlives it. The answer takes its memory from `budget`.
  AnswerStream(ReadState& read, boost::intrusive_ptr<Budget> budget);

  AnswerWriter& writer() { return *writer_; }
  const AnswerWriter& writer() const { return *writer_; }
  Batch& filling() { return filling_; }
  bool is_full() const { return filling_.size() >= read_.options.batch_bytes; }
  /// Whether a Body should go out, and the answer begin with it.
  bool has_bytes() const { return !filling_.empty(); }
  bool is_sending() const { return is_sending_; }

  /// Writes the answer again from its start; nothing of it may have been sent.
  void restart();
  /// Begins the answer. `partial`: all that is missing, `partial_header` as much as a header holds.
  void send_head(std::string partial, std::string partial_header);
  /// What the head said to be missing.
  const std::string& partial_at_head() const { return partial_at_head_; }
  /// Sends what is filled. There is something, and no Body is out.
  void send_body();
  /// Answers with one line of text in place of series.
  void send_refusal(int status, const std::string& line);
  void on_sent();

  /// Counts what the batches, and `merge_bytes` of the merge, hold.
  void recount(size_t merge_bytes);
  /// Gives back everything but the Body that is out.
  void release() noexcept;

 private:
  void make_writer();

  ReadState& read_;
  const AccountPtr account_;
  Charge charge_;
  std::unique_ptr<AnswerWriter> writer_;
  Batch filling_;
  Batch sending_;
  bool is_sending_ = false;  // A Body is out.
  std::string partial_at_head_;
  std::string refusal_;  // The body of an answer that is a refusal.
};

}  // namespace mread::merger
