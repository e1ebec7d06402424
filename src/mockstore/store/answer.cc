#include "mockstore/store/answer.h"

#include <algorithm>
#include <random>

#include "mockstore/steps/http_error.h"
#include "wire/bytes/varint.h"
#include "wire/proto/proto_reader.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::mockstore {
namespace {

constexpr int64_t type_samples = 0;
constexpr int64_t type_streamed = 1;
constexpr size_t max_request_message_bytes = 256U << 20;
constexpr size_t longest_body_with_length =
    2048;  // Go's server knows the length of what fits its buffer.

constexpr std::string_view streamed_type =
    "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

// The size of a length-delimited entry's message.
size_t message_size(std::string_view entry) {
  const char* p = entry.data() + 1;
  uint64_t size = 0;
  wire::get_varint(p, entry.data() + entry.size(), size);
  return size;
}

// What Prometheus takes off a frame's bytes for the labels: their messages, not their tags and
// lengths.
int64_t labels_size(std::string_view labels_wire) {
  int64_t size = 0;
  for (wire::ProtoReader reader(labels_wire); reader.next();)
    size += static_cast<int64_t>(reader.bytes().size());
  return size;
}

}  // namespace

Answer::Answer(std::shared_ptr<const Dataset> dataset, const AnswerOptions& options,
               AnswerShape shape, std::string_view body)
    : dataset_(std::move(dataset)), options_(options), shape_(shape) {
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
  if (first == request_.accepted.end())
    refuse(400, unsupported_types_text(request_.accepted));
  else if (*first == type_streamed)
    mode_ = Mode::streamed;
}

void Answer::refuse(int status, std::string text) {
  mode_ = Mode::failed;
  failure_ = {status, std::move(text)};
}

std::vector<uint32_t> Answer::select(const model::Query& query) const {
  // A head has its series in the order in which they came; only STREAMED, and older versions'
  // SAMPLES, are sorted.
  const bool sorted = mode_ == Mode::streamed || dataset_->generation() == Generation::v2_42;
  auto rows = dataset_->select(query.matchers,
                               sorted ? Dataset::Order::by_labels : Dataset::Order::created);
  if (shape_.order != AnswerShape::Order::prometheus) {
    rows = dataset_->select(query.matchers, Dataset::Order::by_labels);
    if (shape_.order == AnswerShape::Order::reversed) {
      std::reverse(rows.begin(), rows.end());
    } else {
      // Not std::shuffle: its result is the library's choice.
      std::mt19937_64 random(shape_.shuffle_seed);
      for (size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random() % i]);
    }
  }
  return rows;
}

Step Answer::next() {
  if (pending_) {
    Step step = std::move(*pending_);
    pending_.reset();
    done_ = is_last(step);
    return step;
  }
  if (!started_) {
    started_ = true;
    return start();
  }
  if (mode_ != Mode::streamed) {
    done_ = true;
    return End{};
  }
  if (auto failure = make_frame()) {
    mode_ = Mode::failed;  // What Prometheus does: the text follows the frames.
    return text(failure->text);
  }
  if (frame_.empty()) {
    done_ = true;
    return End{};
  }
  return Body{frame_, true, nullptr};
}

Step Answer::text(const std::string& line) {
  body_ = line + "\n";
  return Body{body_, false, nullptr};
}

// Makes the head, and with it the first piece of the body: an error in it is still a clean one.
Step Answer::start() {
  Head head;
  std::optional<Failure> failure;
  if (mode_ == Mode::failed) failure = failure_;
  if (mode_ == Mode::samples) {
    head.head.headers.set("Content-Encoding", "snappy");
    head.head.headers.set("Content-Type", "application/x-protobuf");
    failure = make_samples();
    if (!failure) {
      if (body_.size() <= longest_body_with_length)
        head.head.headers.set("Content-Length", std::to_string(body_.size()));
      pending_ = Body{body_, false, nullptr};
    }
  } else if (mode_ == Mode::streamed) {
    head.head.headers.set("Content-Type", std::string(streamed_type));
    failure = make_frame();
    if (!failure && frame_.empty()) {
      head.head.headers.set("Content-Length", "0");
      pending_ = End{};
    } else if (!failure) {
      pending_ = Body{frame_, true, nullptr};
    }
  }
  if (failure) {
    mode_ = Mode::failed;
    Step body = text(failure->text);
    set_error_headers(head.head, failure->status, body_.size());
    pending_ = std::move(body);
  }
  summary_.status = head.head.status;
  summary_.content_type = head.head.headers.get("Content-Type");
  return head;
}

std::optional<Answer::Failure> Answer::make_samples() {
  wire::ReadResponseWriter writer;
  for (const auto& [query, error] : request_.queries) {
    if (!query) return Failure{500, error};
    writer.begin_result();
    shared_.clear();
    uint64_t in_query = 0;
    for (const uint32_t row : select(*query)) {
      const SelectedSamples* selected = nullptr;
      const bool shares = dataset_->shares_samples(row);
      if (shares) {
        if (const auto found = shared_.find(dataset_->entry(row)); found != shared_.end())
          selected = &found->second;
      }
      if (!selected) {
        SelectedSamples& fresh = shares ? shared_[dataset_->entry(row)] : scratch_;
        auto series = dataset_->samples(row);
        if (!series) return Failure{500, series.error().context};
        if (auto done = select_samples(**series, *query, fresh); !done)
          return Failure{500, done.error().context};
        selected = &fresh;
      }
      if (!selected->in_answer) continue;
      in_query += selected->samples;
      if (options_.max_samples > 0 && in_query > options_.max_samples)
        return Failure{400, "exceeded sample limit (" + std::to_string(options_.max_samples) + ")"};
      writer.append_series(dataset_->served_labels(row), selected->floats,
                           selected->histogram_entries);
      ++summary_.series;
    }
    summary_.samples += in_query;
  }
  body_ = wire::compress(writer.bytes());
  return std::nullopt;
}

std::optional<Answer::Failure> Answer::open_query() {
  const auto& [query, error] = request_.queries[query_];
  if (!query) return Failure{500, error};
  rows_ = select(*query);
  row_ = 0;
  shared_.clear();
  query_open_ = true;
  return std::nullopt;
}

std::optional<Answer::Failure> Answer::open_series() {
  const uint32_t row = rows_[row_];
  const bool shares = dataset_->shares_samples(row);
  selected_ = nullptr;
  if (shares) {
    if (const auto found = shared_.find(dataset_->entry(row)); found != shared_.end())
      selected_ = &found->second;
  }
  if (!selected_) {
    SelectedSamples& fresh = shares ? shared_[dataset_->entry(row)] : scratch_;
    auto series = dataset_->samples(row);
    if (!series) return Failure{500, series.error().context};
    if (auto done = select_chunks(**series, *request_.queries[query_].query, fresh); !done)
      return Failure{500, done.error().context};
    selected_ = &fresh;
  }
  chunk_ = 0;
  chunk_offset_ = 0;
  series_open_ = true;
  if (!selected_->entry_sizes.empty()) {
    ++summary_.series;
    summary_.samples += selected_->samples;
    frame_data_limit_ = static_cast<int64_t>(options_.max_bytes_in_frame) -
                        labels_size(dataset_->served_labels(row));
  }
  return std::nullopt;
}

std::optional<Answer::Failure> Answer::make_frame() {
  frame_.clear();
  for (;;) {
    if (series_open_ && chunk_ < selected_->entry_sizes.size()) break;
    if (series_open_) {
      series_open_ = false;
      ++row_;
    }
    if (query_open_ && row_ == rows_.size()) {
      query_open_ = false;
      ++query_;
    }
    if (!query_open_) {
      if (query_ == request_.queries.size()) return std::nullopt;
      if (auto failure = open_query()) return failure;
    } else if (auto failure = open_series()) {
      return failure;
    }
  }
  // Chunks go into the frame until its bytes are used up; the last of them may exceed the limit.
  int64_t left = frame_data_limit_;
  const size_t begin = chunk_offset_;
  const std::string_view entries = selected_->entries;
  do {
    const size_t size = selected_->entry_sizes[chunk_++];
    left -= static_cast<int64_t>(message_size(entries.substr(chunk_offset_, size)));
    chunk_offset_ += size;
  } while (left > 0 && chunk_ < selected_->entry_sizes.size());
  message_.clear();
  wire::encode_chunked_series(dataset_->served_labels(rows_[row_]),
                              entries.substr(begin, chunk_offset_ - begin),
                              static_cast<int64_t>(query_), message_);
  wire::append_frame(frame_, message_);
  return std::nullopt;
}

}  // namespace mread::mockstore
