#include "mockstore/store/upstream_answer.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "mockstore/steps/http_error.h"
#include "mockstore/store/upstream_series.h"
#include "model/query.h"
#include "wire/bytes/varint.h"
#include "wire/request/read_request.h"

namespace mread::mockstore {
namespace {

constexpr size_t request_limit_bytes = size_t{256} << 20;
constexpr size_t most_held_bytes = size_t{1} << 30;
constexpr size_t longest_frame_bytes = size_t{64} << 20;
constexpr size_t crc_bytes = 4;
constexpr std::string_view frames_type = "application/x-streamed-protobuf";

// The size of the frame that `bytes` begin with; none if more bytes are needed to know it, 0 if it
// is no frame.
std::optional<size_t> frame_size(std::string_view bytes) {
  constexpr size_t longest_varint = 10;
  const char* p = bytes.data();
  uint64_t length = 0;
  if (!wire::get_varint(p, bytes.data() + bytes.size(), length))
    return bytes.size() < longest_varint ? std::nullopt : std::optional<size_t>(0);
  if (length > longest_frame_bytes) return 0;
  return static_cast<size_t>(p - bytes.data()) + crc_bytes + static_cast<size_t>(length);
}

bool can_run(const ReadQueries& request) {
  return std::all_of(request.queries.begin(), request.queries.end(),
                     [](const ReadQueries::One& one) { return one.query.has_value(); });
}

std::string widened_request(const ReadQueries& request, const DataChange& change) {
  model::ReadRequest out;
  for (const ReadQueries::One& one : request.queries)
    out.queries.push_back(widened(*one.query, change));
  for (const int64_t type : request.accepted)
    out.accepted_response_types.push_back(static_cast<model::ResponseType>(type));
  return wire::encode_read_request(out);
}

}  // namespace

UpstreamAnswer::UpstreamAnswer(std::string upstream, const AnswerOptions& options,
                               AnswerShape shape, bool has_faults, std::string_view body)
    : upstream_(std::move(upstream)), options_(options), shape_(shape), has_faults_(has_faults) {
  auto request = parse_read_queries(body, request_limit_bytes);
  if (request) request_ = std::move(*request);
  const bool wants_change =
      shape_.data != DataChange{} || shape_.order != AnswerShape::Order::prometheus;
  is_changed_ = wants_change && request && can_run(request_);
  if (is_changed_) client_body_ = body;
  request_body_ = is_changed_ ? widened_request(request_, shape_.data) : std::string(body);
}

void UpstreamAnswer::on_head(net::ResponseHead head) {
  assert(!input_ended_);
  is_streamed_ = head.headers.get("Content-Type").starts_with(frames_type);
  if (!has_faults_ || head.status != 200)
    mode_ = Mode::pass;
  else if (is_changed_)
    mode_ = Mode::decode;
  else if (is_streamed_ && !head.headers.contains("Content-Encoding"))
    mode_ = Mode::frames;
  else
    mode_ = Mode::whole;
  if (mode_ == Mode::whole || mode_ == Mode::decode) {
    head_ = std::move(head);
    return;
  }
  // A fault may change the length.
  if (mode_ == Mode::frames) head.headers.remove("Content-Length");
  head_is_out_ = true;
  steps_.emplace_back(HeadStep{std::move(head)});
}

void UpstreamAnswer::on_bytes(std::string bytes) {
  assert(!input_ended_);
  if (mode_ == Mode::pass) {
    steps_.emplace_back(BodyStep::owned(std::move(bytes)));
    return;
  }
  pending_ += bytes;
  if (mode_ == Mode::frames) {
    cut_frames();
  } else if (pending_.size() > most_held_bytes) {
    refuse("an answer above 1 GiB: faults that need all of it cannot be put on it");
  }
}

void UpstreamAnswer::on_end() {
  assert(!input_ended_);
  switch (mode_) {
    case Mode::frames:  // Of a frame that has no end, or of something else.
      if (!pending_.empty()) steps_.emplace_back(BodyStep::owned(std::move(pending_)));
      break;
    case Mode::whole:
      head_is_out_ = true;
      steps_.emplace_back(HeadStep{std::move(head_)});
      if (!pending_.empty()) steps_.emplace_back(BodyStep::owned(std::move(pending_)));
      break;
    case Mode::decode:
      return make_answer();
    case Mode::pass:
      break;
  }
  finish(EndStep{});
}

void UpstreamAnswer::on_failure(const Error& error) {
  assert(!input_ended_);
  if (!head_is_out_) return refuse(error.to_string());
  if (!pending_.empty()) steps_.emplace_back(BodyStep::owned(std::move(pending_)));
  finish(AbortStep{false});
}

std::optional<Step> UpstreamAnswer::next() {
  if (steps_.empty() && made_ && !made_->done()) {
    Step step = made_->next();
    auto* own = std::get_if<HeadStep>(&step);
    if (own == nullptr) return step;
    // What the upstream says besides the body's form stays.
    for (const char* name : {"Content-Type", "Content-Encoding", "Content-Length"})
      head_.headers.remove(name);
    own->head.headers.replace(std::exchange(head_.headers, {}));
    return step;
  }
  if (steps_.empty()) return std::nullopt;
  Step step = std::move(steps_.front());
  steps_.pop_front();
  return step;
}

void UpstreamAnswer::finish(Step last) {
  assert(is_last(last));
  input_ended_ = true;
  steps_.push_back(std::move(last));
}

void UpstreamAnswer::refuse(const std::string& text) {
  assert(!head_is_out_);
  std::vector<Step> steps;
  append_http_error(steps, 502, "upstream " + upstream_ + ": " + text);
  std::move(steps.begin(), steps.end(), std::back_inserter(steps_));
  pending_ = {};
  input_ended_ = true;
}

void UpstreamAnswer::cut_frames() {
  // A large frame comes in many pieces, which are not worth a look each.
  if (const auto first = frame_size(pending_); !first || *first > pending_.size()) return;
  auto block = std::make_shared<const std::string>(std::exchange(pending_, {}));
  std::string_view rest = *block;
  for (;;) {
    const auto size = frame_size(rest);
    if (size && *size == 0 && !rest.empty()) {
      // Text behind the frames, say: from here on, nothing is cut.
      steps_.emplace_back(BodyStep{rest, false, block});
      mode_ = Mode::pass;
      return;
    }
    if (!size || *size > rest.size()) break;
    steps_.emplace_back(BodyStep{rest.substr(0, *size), true, block});
    rest.remove_prefix(*size);
  }
  pending_ = rest;
}

void UpstreamAnswer::make_answer() {
  auto rows = UpstreamSeries::decode({is_streamed_, std::move(pending_), request_.queries.size()},
                                     shape_.data);
  if (!rows) return refuse(rows.error().to_string());
  AnswerOptions options = options_;
  options.max_samples = 0;  // The upstream's limit has counted already.
  options.streamed = is_streamed_;
  made_ = std::make_unique<StoreAnswer>(std::move(*rows), options, shape_, client_body_);
  input_ended_ = true;
}

}  // namespace mread::mockstore
