#include "mockstore/store/frame_maker.h"

#include <cassert>

#include "wire/bytes/varint.h"
#include "wire/proto/proto_reader.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::mockstore {
namespace {

// The size of a length-delimited entry's message.
size_t message_size(std::string_view entry) {
  const char* p = entry.data() + 1;
  uint64_t size = 0;
  wire::get_varint(p, entry.data() + entry.size(), size);
  return size;
}

// The bytes of a frame that Prometheus takes off for the labels: their messages, without tags and
// lengths.
int64_t labels_size(std::string_view labels_wire) {
  int64_t size = 0;
  for (wire::ProtoReader reader(labels_wire); reader.next();)
    size += static_cast<int64_t>(reader.bytes().size());
  return size;
}

}  // namespace

FrameMaker::FrameMaker(const SeriesRows& series, const ReadQueries& request,
                       const AnswerShape& shape, uint64_t max_bytes_in_frame,
                       AnswerSummary& summary)
    : series_(series),
      request_(request),
      shape_(shape),
      max_bytes_in_frame_(static_cast<int64_t>(max_bytes_in_frame)),
      summary_(summary),
      samples_(series, select_chunks) {}

tl::expected<std::string_view, ReadFailure> FrameMaker::next() {
  for (;;) {
    switch (at_) {
      case At::query:
        if (query_ == request_.queries.size()) return std::string_view();
        if (auto opened = open_query(); !opened) return tl::unexpected(opened.error());
        at_ = At::series;
        break;
      case At::series:
        if (row_ == rows_.size()) {
          ++query_;
          at_ = At::query;
          break;
        }
        if (auto opened = open_series(); !opened) return tl::unexpected(opened.error());
        at_ = At::chunk;
        break;
      case At::chunk:
        if (chunk_ == selected_->entry_sizes.size()) {
          ++row_;
          at_ = At::series;
          break;
        }
        make_frame();
        return frame_;
    }
  }
}

tl::expected<void, ReadFailure> FrameMaker::open_query() {
  const auto& [query, error] = request_.queries[query_];
  if (!query) return tl::unexpected(ReadFailure{500, error});
  rows_ = select_rows(series_, query_, *query, shape_, true);
  row_ = 0;
  samples_.begin(*query);
  return {};
}

tl::expected<void, ReadFailure> FrameMaker::open_series() {
  const auto selected = samples_.of(rows_[row_]);
  if (!selected) return tl::unexpected(selected.error());
  selected_ = *selected;
  chunk_ = 0;
  chunk_offset_ = 0;
  if (!selected_->entry_sizes.empty()) {
    ++summary_.series;
    summary_.samples += selected_->samples;
  }
  return {};
}

// Chunks go into the frame until its bytes are used up; the last of them may exceed the limit.
void FrameMaker::make_frame() {
  assert(chunk_ < selected_->entry_sizes.size());
  const std::string_view labels = series_.served_labels(rows_[row_]);
  int64_t left = max_bytes_in_frame_ - labels_size(labels);
  const size_t begin = chunk_offset_;
  const std::string_view entries = selected_->entries;
  do {
    const size_t size = selected_->entry_sizes[chunk_++];
    left -= static_cast<int64_t>(message_size(entries.substr(chunk_offset_, size)));
    chunk_offset_ += size;
  } while (left > 0 && chunk_ < selected_->entry_sizes.size());
  assert(chunk_offset_ <= entries.size());
  message_.clear();
  wire::encode_chunked_series(labels, entries.substr(begin, chunk_offset_ - begin),
                              static_cast<int64_t>(query_), message_);
  frame_.clear();
  wire::append_frame(frame_, message_);
}

}  // namespace mread::mockstore
