#include "merger/fan_out/answer_stream.h"

#include <cassert>
#include <utility>

#include "base/printable.h"
#include "merger/answer/make_answer_writer.h"

namespace mread::merger {

AnswerStream::AnswerStream(ReadState& read, boost::intrusive_ptr<Budget> budget)
    : read_(read), account_(new Account(std::move(budget))), charge_(account_) {
  make_writer();
}

void AnswerStream::make_writer() {
  const auto& accepted = read_.request.accepted_response_types;
  writer_ = make_answer_writer(accepted.empty() ? model::ResponseType::samples : accepted.front(),
                               read_.policy, account_, read_.options.client);
  assert(!read_.may_merge_twice() || !writer_->streams());
}

void AnswerStream::restart() {
  assert(!read_.progress.begun() && filling_.empty());
  make_writer();
}

void AnswerStream::send_head(std::string partial, std::string partial_header) {
  assert(refusal_.empty() && !is_sending_);
  read_.progress.begin();
  partial_at_head_ = std::move(partial);
  read_.act(
      Head{200, writer_->content_type(), writer_->content_encoding(), std::move(partial_header)});
}

void AnswerStream::send_body() {
  assert(read_.progress.begun() && !is_sending_ && sending_.empty() && !filling_.empty());
  std::swap(filling_, sending_);
  is_sending_ = true;
  read_.act(Body{sending_.pieces()});
}

void AnswerStream::send_refusal(int status, const std::string& line) {
  assert(refusal_.empty() && !is_sending_);
  read_.progress.begin();
  refusal_ = printable(line) + "\n";
  is_sending_ = true;
  read_.act(Head{status, "text/plain; charset=utf-8", "", ""});
  read_.act(Body{{std::string_view(refusal_)}});
}

void AnswerStream::on_sent() {
  assert(is_sending_);
  is_sending_ = false;
  sending_.clear();
}

void AnswerStream::recount(size_t merge_bytes) {
  charge_.set(filling_.memory() + sending_.memory() + merge_bytes);
}

void AnswerStream::release() noexcept {
  filling_.clear();
  writer_->release();
}

}  // namespace mread::merger
