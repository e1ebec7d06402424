#include "wire/samples/samples_response.h"

#include <cassert>

#include <fmt/format.h>

#include "wire/bytes/bits.h"
#include "wire/proto/proto_reader.h"
#include "wire/samples/sample_entries.h"

namespace mread::wire {

namespace {

// Room before a result for its tag and its length.
constexpr size_t header_room = 1 + max_varint_bytes;

// Extends `region` to the end of `entry`.
void extend(std::string_view& region, std::string_view entry) {
  if (region.data() == nullptr) {
    region = entry;
  } else {
    region = {region.data(), static_cast<size_t>(entry.data() + entry.size() - region.data())};
  }
}

// Skips the entries that begin with `tag` and a one-byte length. Nearly all of a body is samples
// like this, and nearly all of them have 18 bytes, so the processor need not wait for the lengths.
const char* skip_short_entries(const char* p, const char* end, char tag) {
  while (end - p >= 18 && p[0] == tag && p[1] == 16) p += 18;
  while (end - p >= 2 && p[0] == tag && static_cast<unsigned char>(p[1]) < 0x80 &&
         end - p - 2 >= p[1])
    p += 2 + p[1];
  return p;
}

Result<void> parse_series(std::string_view body, size_t base, TimeSeriesView& out,
                          std::vector<std::vector<char>>& scratch) {
  out.body = body;
  std::vector<char>* apart = nullptr;
  const char* p = body.data();
  const char* end = p + body.size();
  while (p != end) {
    if (const char* q = skip_short_entries(p, end, 0x12); q != p) {
      extend(out.samples, {p, static_cast<size_t>(q - p)});
      p = q;
      continue;
    }
    ProtoReader field({p, static_cast<size_t>(end - p)},
                      base + static_cast<size_t>(p - body.data()));
    if (!field.next()) return fail(field.error("series"));
    const std::string_view entry = field.entry();
    p += entry.size();
    if (field.field() > 4 || field.field() == 3) continue;
    if (field.type() != WireType::bytes) return fail(field.error("series"));
    if (field.field() == 2) {
      extend(out.samples, entry);
    } else if (field.field() == 4) {
      extend(out.histograms, entry);
    } else if (out.labels.empty()) {
      out.labels = entry;
    } else if (apart == nullptr && out.labels.data() + out.labels.size() == entry.data()) {
      out.labels = {out.labels.data(), out.labels.size() + entry.size()};
    } else {
      if (apart == nullptr) apart = &scratch.emplace_back(out.labels.begin(), out.labels.end());
      apart->insert(apart->end(), entry.begin(), entry.end());
      out.labels = {apart->data(), apart->size()};
    }
  }
  return {};
}

char* put_sample(char* p, const model::Sample& sample) {
  *p++ = 0x12;
  *p++ = static_cast<char>(sample_size(sample));
  if (sample.bits != 0) {
    *p++ = 0x09;
    std::memcpy(p, &sample.bits, 8);
    p += 8;
  }
  if (sample.timestamp_ms != 0) {
    *p++ = 0x10;
    p = put_varint(p, static_cast<uint64_t>(sample.timestamp_ms));
  }
  return p;
}

}  // namespace

Result<ReadResponseView> parse_read_response(std::string_view uncompressed, size_t limit_series) {
  const auto too_many = [&](const char* what) {
    return fail(Errc::limit, fmt::format("read response: more than {} {}", limit_series, what));
  };
  size_t series_count = 0;
  ReadResponseView response;
  ProtoReader results(uncompressed);
  while (results.next()) {
    if (results.field() != 1) continue;
    if (results.type() != WireType::bytes) return fail(results.error("read response"));
    if (response.results.size() == limit_series) return too_many("results");
    QueryResultView& result = response.results.emplace_back();
    ProtoReader series(results.bytes(), results.bytes_offset());
    while (series.next()) {
      if (series.field() != 1) continue;
      if (series.type() != WireType::bytes) return fail(series.error("query result"));
      if (series_count++ == limit_series) return too_many("series");
      TimeSeriesView& view = result.series.emplace_back();
      if (auto parsed = parse_series(series.bytes(), series.bytes_offset(), view, response.scratch);
          !parsed) {
        return fail(parsed.error().in(fmt::format(
            "result {}, series {}", response.results.size() - 1, result.series.size() - 1)));
      }
    }
    if (!series.ok()) return fail(series.error("query result"));
  }
  if (!results.ok()) return fail(results.error("read response"));
  return response;
}

bool ReadResponseReader::bad(Error error) {
  error_ = std::move(error);
  return false;
}

bool ReadResponseReader::next(TimeSeriesView& out) {
  scratch_.clear();
  if (error_) return false;
  for (;;) {
    while (series_.next()) {
      if (series_.field() != 1) continue;
      if (series_.type() != WireType::bytes) return bad(series_.error("query result"));
      out = {};
      auto parsed = parse_series(series_.bytes(), series_.bytes_offset(), out, scratch_);
      if (!parsed)
        return bad(
            parsed.error().in(fmt::format("result {}, series {}", count_ - 1, series_count_)));
      ++series_count_;
      return true;
    }
    if (!series_.ok()) return bad(series_.error("query result"));
    do {
      if (!results_.next()) return results_.ok() ? false : bad(results_.error("read response"));
    } while (results_.field() != 1);
    if (results_.type() != WireType::bytes) return bad(results_.error("read response"));
    series_ = ProtoReader(results_.bytes(), results_.bytes_offset());
    ++count_;
    series_count_ = 0;
  }
}

bool parse_time_series(std::string_view body, TimeSeriesView& out) {
  std::vector<std::vector<char>> apart;
  return parse_series(body, 0, out, apart).has_value() && apart.empty();
}

bool SamplesReader::bad() {
  error_ = Error(Errc::malformed, fmt::format("samples: malformed protobuf at byte {} of {}",
                                              p_ - begin_, end_ - begin_));
  p_ = end_;
  return false;
}

bool SamplesReader::next_general(model::Sample& out) {
  while (p_ != end_) {
    ProtoReader field(std::string_view(p_, static_cast<size_t>(end_ - p_)));
    if (!field.next()) return bad();
    if (field.field() != 2) {
      p_ += field.entry().size();
      continue;
    }
    if (field.type() != WireType::bytes) return bad();
    model::Sample sample;
    ProtoReader fields(field.bytes());
    while (fields.next()) {
      if (fields.field() > 2) continue;
      if (fields.type() != (fields.field() == 1 ? WireType::fixed64 : WireType::varint))
        return bad();
      if (fields.field() == 1) {
        sample.bits = fields.fixed64();
      } else {
        sample.timestamp_ms = static_cast<int64_t>(fields.varint());
      }
    }
    if (!fields.ok()) return bad();
    p_ += field.entry().size();
    out = sample;
    return true;
  }
  return false;
}

bool HistogramEntries::next(std::string_view& message) {
  ProtoReader fields(std::string_view(p_, static_cast<size_t>(end_ - p_)));
  while (fields.next()) {
    p_ += fields.entry().size();
    if (fields.is(4, WireType::bytes)) {
      message = fields.bytes();
      return true;
    }
  }
  return false;
}

ReadResponseWriter::ReadResponseWriter() { reset(); }

void ReadResponseWriter::reset() {
  buffer_.clear();
  start_ = 0;
  results_ = 0;
  open_ = false;
}

void ReadResponseWriter::begin_result() {
  close_result();
  buffer_.append(header_room, '\0');
  result_body_ = buffer_.size();
  ++results_;
  open_ = true;
}

void ReadResponseWriter::close_result() {
  if (!open_) return;
  open_ = false;
  const size_t body = buffer_.size() - result_body_;
  const size_t header = 1 + varint_size(body);
  size_t at = result_body_ - header;
  if (results_ == 1) {
    // The first result stays in place; the response begins after the unused room.
    start_ = at;
  } else {
    buffer_.erase(result_body_ - header_room, header_room - header);
    at = result_body_ - header_room;
  }
  buffer_[at] = 0x0a;
  put_varint(buffer_.data() + at + 1, body);
}

void ReadResponseWriter::append_series(std::string_view labels_wire,
                                       std::span<const model::Sample> samples,
                                       std::string_view histogram_entries) {
  assert(open_);
  size_t body = labels_wire.size() + histogram_entries.size() + 2 * samples.size();
  for (const model::Sample& sample : samples) body += sample_size(sample);
  const size_t begin = buffer_.size();
  const size_t size = 1 + varint_size(body) + body;
  if (buffer_.capacity() - begin < size)
    buffer_.reserve(std::max(2 * buffer_.capacity(), begin + size));
  buffer_.resize(begin + size);
  char* p = buffer_.data() + begin;
  *p++ = 0x0a;
  p = put_varint(p, body);
  p += labels_wire.copy(p, labels_wire.size());
  for (const model::Sample& sample : samples) p = put_sample(p, sample);
  p += histogram_entries.copy(p, histogram_entries.size());
  assert(p == buffer_.data() + buffer_.size());
}

void ReadResponseWriter::append_raw_series(std::string_view body) {
  assert(open_);
  buffer_.push_back(0x0a);
  append_varint(buffer_, body.size());
  buffer_ += body;
}

std::string_view ReadResponseWriter::bytes() {
  close_result();
  return std::string_view(buffer_).substr(start_);
}

}  // namespace mread::wire
