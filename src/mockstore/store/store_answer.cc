#include "mockstore/store/store_answer.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "mockstore/steps/http_error.h"
#include "mockstore/store/samples_body.h"

namespace mread::mockstore {
namespace {

constexpr int64_t type_samples = 0;
constexpr int64_t type_streamed = 1;
constexpr size_t max_request_message_bytes = 256U << 20;
constexpr size_t longest_body_with_length =
    2048;  // Go's server knows the length of what fits its buffer.

constexpr std::string_view streamed_type =
    "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

}  // namespace

StoreAnswer::StoreAnswer(std::shared_ptr<const SeriesRows> series, const AnswerOptions& options,
                         AnswerShape shape, std::string_view body)
    : series_(std::move(series)), options_(options), shape_(shape) {
  auto request =
      parse_read_queries(body.substr(0, options_.max_request_bytes), max_request_message_bytes);
  if (!request) {
    refuse(400, request.error().context);
    return;
  }
  request_ = std::move(*request);
  mode_ = Mode::samples;
  if (!options_.streamed || request_.accepted.empty()) return;
  const auto known = [](int64_t type) { return type == type_samples || type == type_streamed; };
  const auto first = std::find_if(request_.accepted.begin(), request_.accepted.end(), known);
  if (first == request_.accepted.end()) {
    refuse(400, unsupported_types_text(request_.accepted));
  } else if (*first == type_streamed) {
    mode_ = Mode::streamed;
    frames_.emplace(*series_, request_, shape_, options_.max_bytes_in_frame, summary_);
  }
}

void StoreAnswer::refuse(int status, std::string text) {
  mode_ = Mode::failed;
  failure_ = {status, std::move(text)};
}

Step StoreAnswer::next() {
  assert(!done());
  switch (stage_) {
    case Stage::head:
      stage_ = Stage::first_piece;
      return make_head();
    case Stage::first_piece: {
      Step piece = std::move(*first_piece_);
      first_piece_.reset();
      stage_ = is_last(piece) ? Stage::done : Stage::rest;
      return piece;
    }
    case Stage::rest: {
      Step piece = next_piece();
      if (is_last(piece)) stage_ = Stage::done;
      return piece;
    }
    case Stage::done:
      break;
  }
  return EndStep{};
}

Step StoreAnswer::next_piece() {
  if (mode_ != Mode::streamed) return EndStep{};
  const auto frame = frames_->next();
  if (!frame) {
    mode_ = Mode::failed;  // As Prometheus does: the text follows the frames.
    return text_piece(frame.error().text);
  }
  if (frame->empty()) return EndStep{};
  return BodyStep{*frame, true, nullptr};
}

Step StoreAnswer::text_piece(const std::string& line) {
  body_ = line + "\n";
  return BodyStep{body_, false, nullptr};
}

Step StoreAnswer::make_head() {
  HeadStep head;
  net::Headers& headers = head.head.headers;
  if (mode_ == Mode::samples) {
    headers.set("Content-Encoding", "snappy");
    headers.set("Content-Type", "application/x-protobuf");
    auto body = make_samples_body(*series_, request_, shape_, options_.max_samples, summary_);
    if (body) {
      body_ = std::move(*body);
      if (body_.size() <= longest_body_with_length)
        headers.set("Content-Length", std::to_string(body_.size()));
      first_piece_ = BodyStep{body_, false, nullptr};
    } else {
      refuse(body.error().status, body.error().text);
    }
  } else if (mode_ == Mode::streamed) {
    headers.set("Content-Type", std::string(streamed_type));
    const auto frame = frames_->next();
    if (!frame) {
      refuse(frame.error().status, frame.error().text);
    } else if (frame->empty()) {
      headers.set("Content-Length", "0");
      first_piece_ = EndStep{};
    } else {
      first_piece_ = BodyStep{*frame, true, nullptr};
    }
  }
  if (mode_ == Mode::failed) {
    first_piece_ = text_piece(failure_.text);
    set_error_headers(head.head, failure_.status, body_.size());
  }
  assert(first_piece_);
  summary_.status = head.head.status;
  summary_.content_type = headers.get("Content-Type");
  return head;
}

}  // namespace mread::mockstore
