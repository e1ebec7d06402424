#include "wire/streamed/chunked_series.h"

#include <fmt/format.h>

#include "wire/proto/proto_reader.h"

namespace mread::wire {

namespace {

size_t int_field_size(int64_t value) {
  return value == 0 ? 0 : 1 + varint_size(static_cast<uint64_t>(value));
}

void append_int_field(std::string& out, char tag, int64_t value) {
  if (value == 0) return;
  out.push_back(tag);
  append_varint(out, static_cast<uint64_t>(value));
}

Result<void> parse_chunk(std::string_view message, size_t base, ChunkView& out) {
  ProtoReader fields(message, base);
  while (fields.next()) {
    const WireType want = fields.field() == 4 ? WireType::bytes : WireType::varint;
    if (fields.field() <= 4 && fields.type() != want) return fail(fields.error("chunk"));
    switch (fields.field()) {
      case 1:
        out.min_time_ms = static_cast<int64_t>(fields.varint());
        break;
      case 2:
        out.max_time_ms = static_cast<int64_t>(fields.varint());
        break;
      case 3:
        out.encoding = static_cast<ChunkEncoding>(static_cast<int32_t>(fields.varint()));
        break;
      case 4:
        out.data = fields.bytes();
        break;
      default:
        break;
    }
  }
  if (!fields.ok()) return fail(fields.error("chunk"));
  return {};
}

// Reads a chunk whose fields are in the order of their numbers, each at most once, as Go and
// libprotobuf write them. Returns false for any other, broken ones included.
bool parse_plain_chunk(const char* p, const char* end, ChunkView& out) {
  const auto number = [&p, end](char tag, auto& field) {
    if (p == end || *p != tag) return true;
    uint64_t value = 0;
    if (!get_varint(++p, end, value)) return false;
    field = static_cast<std::remove_reference_t<decltype(field)>>(value);
    return true;
  };
  int32_t encoding = 0;
  if (!number(0x08, out.min_time_ms) || !number(0x10, out.max_time_ms) || !number(0x18, encoding))
    return false;
  out.encoding = static_cast<ChunkEncoding>(encoding);
  uint64_t size = 0;
  if (p == end || *p != 0x22 || !get_varint(++p, end, size) ||
      size != static_cast<uint64_t>(end - p))
    return false;
  out.data = {p, static_cast<size_t>(size)};
  return true;
}

// Reads the entry at `p`, tag included, if it is a chunk as above, and moves `p` past it.
bool take_plain_chunk(const char*& p, const char* end, ChunkView& out) {
  const char* q = p;
  uint64_t size = 0;
  if (*q != 0x12 || !get_varint(++q, end, size) || size > static_cast<uint64_t>(end - q))
    return false;
  if (!parse_plain_chunk(q, q + size, out)) return false;
  out.wire = {p, static_cast<size_t>(q + size - p)};
  p = q + size;
  return true;
}

tl::unexpected<Error> too_many(size_t limit_entries) {
  return fail(Errc::limit, fmt::format("more than {} series and chunks", limit_entries));
}

template <class AppendChunks>
void encode_response(std::string_view labels_wire, size_t chunk_bytes, int64_t query_index,
                     std::string& out, AppendChunks append) {
  const size_t body = labels_wire.size() + chunk_bytes;
  out.reserve(out.size() + 1 + varint_size(body) + body + int_field_size(query_index));
  out.push_back(0x0a);
  append_varint(out, body);
  out += labels_wire;
  append();
  append_int_field(out, 0x10, query_index);
}

}  // namespace

Result<void> ChunkedResponse::parse_series(std::string_view body, size_t base, size_t frame_bytes,
                                           size_t limit_entries) {
  if (series.size() + chunks_.size() >= limit_entries) return too_many(limit_entries);
  ProtoReader fields(body, base);
  std::string_view labels;
  bool together = true;
  while (fields.next()) {
    if (fields.field() > 2) continue;
    if (fields.type() != WireType::bytes) return fail(fields.error("series"));
    if (fields.field() == 2) {
      if (series.size() + chunks_.size() + 1 >= limit_entries) return too_many(limit_entries);
      ChunkView& chunk = chunks_.emplace_back();
      chunk.wire = fields.entry();
      if (auto parsed = parse_chunk(fields.bytes(), fields.bytes_offset(), chunk); !parsed)
        return parsed;
    } else if (labels.empty()) {
      labels = fields.entry();
    } else if (together && labels.data() + labels.size() == fields.entry().data()) {
      labels = {labels.data(), labels.size() + fields.entry().size()};
    } else {
      // All labels of a frame fit into its size, so views of the scratch memory stay valid.
      scratch_.reserve(frame_bytes);
      const char* begin = labels.data();
      if (together) {
        begin = scratch_.data() + scratch_.size();
        scratch_.insert(scratch_.end(), labels.begin(), labels.end());
        together = false;
      }
      scratch_.insert(scratch_.end(), fields.entry().begin(), fields.entry().end());
      labels = {begin, labels.size() + fields.entry().size()};
    }
  }
  if (!fields.ok()) return fail(fields.error("series"));
  series.push_back({labels, {}});
  return {};
}

// Parses the form of nearly all frames: one series, its labels, then its chunks, and nothing else.
// Returns false for any other, and leaves `series` empty.
bool ChunkedResponse::parse_plain(std::string_view data, size_t limit_entries,
                                  LabelsStepper* stepper) {
  const char* p = data.data();
  const char* const end = p + data.size();
  uint64_t size = 0;
  if (limit_entries == 0) return false;
  if (p == end || *p != 0x0a || !get_varint(++p, end, size) ||
      size != static_cast<uint64_t>(end - p))
    return false;
  const char* const labels = p;
  if (stepper != nullptr) {
    step = stepper->next(p, end);
    if (!step->canonical) return false;
  }
  while (p != end && *p == 0x0a) {
    if (!get_varint(++p, end, size) || size > static_cast<uint64_t>(end - p)) return false;
    p += size;
  }
  const std::string_view all_labels(labels, static_cast<size_t>(p - labels));
  while (p != end) {
    if (chunks_.size() + 1 < limit_entries && take_plain_chunk(p, end, chunks_.emplace_back()))
      continue;
    chunks_.clear();
    return false;
  }
  series.push_back({all_labels, chunks_});
  return true;
}

Result<void> parse_chunked_response(std::string_view data, ChunkedResponse& out,
                                    size_t limit_entries, LabelsStepper* stepper) {
  out.query_index = 0;
  out.series.clear();
  out.step.reset();
  out.chunks_.clear();
  out.chunk_ends_.clear();
  out.scratch_.clear();
  if (out.parse_plain(data, limit_entries, stepper)) return {};
  out.step.reset();
  ProtoReader fields(data);
  while (fields.next()) {
    if (fields.is(1, WireType::bytes)) {
      if (auto parsed =
              out.parse_series(fields.bytes(), fields.bytes_offset(), data.size(), limit_entries);
          !parsed) {
        out.series.clear();
        return fail(
            parsed.error().in(fmt::format("series {} of the frame", out.chunk_ends_.size())));
      }
      out.chunk_ends_.push_back(out.chunks_.size());
    } else if (fields.is(2, WireType::varint)) {
      out.query_index = static_cast<int64_t>(fields.varint());
    } else if (fields.field() <= 2) {
      out.series.clear();
      return fail(fields.error("frame"));
    }
  }
  if (!fields.ok()) {
    out.series.clear();
    return fail(fields.error("frame"));
  }
  // The chunks do not move any more from here on.
  size_t begin = 0;
  for (size_t i = 0; i < out.series.size(); ++i) {
    const size_t end = out.chunk_ends_[i];
    out.series[i].chunks = std::span<const ChunkView>(out.chunks_).subspan(begin, end - begin);
    begin = end;
  }
  return {};
}

Result<void> parse_chunk_entries(std::string_view entries, std::vector<ChunkView>& out) {
  const char* p = entries.data();
  const char* const end = p + entries.size();
  while (p != end) {
    if (take_plain_chunk(p, end, out.emplace_back())) continue;
    ChunkView& chunk = out.back() = {};
    const auto offset = static_cast<size_t>(p - entries.data());
    ProtoReader fields(entries.substr(offset), offset);
    if (!fields.next() || !fields.is(2, WireType::bytes)) return fail(fields.error("chunks"));
    chunk.wire = fields.entry();
    if (auto parsed = parse_chunk(fields.bytes(), fields.bytes_offset(), chunk); !parsed)
      return parsed;
    p += chunk.wire.size();
  }
  return {};
}

void append_chunk(std::string& out, int64_t min_time_ms, int64_t max_time_ms,
                  ChunkEncoding encoding, std::string_view data) {
  const auto type = static_cast<int64_t>(encoding);
  const size_t data_field = data.empty() ? 0 : 1 + varint_size(data.size()) + data.size();
  out.push_back(0x12);
  append_varint(out, int_field_size(min_time_ms) + int_field_size(max_time_ms) +
                         int_field_size(type) + data_field);
  append_int_field(out, 0x08, min_time_ms);
  append_int_field(out, 0x10, max_time_ms);
  append_int_field(out, 0x18, type);
  if (data.empty()) return;
  out.push_back(0x22);
  append_varint(out, data.size());
  out += data;
}

void encode_chunked_series(std::string_view labels_wire, std::string_view chunk_entries,
                           int64_t query_index, std::string& out) {
  encode_response(labels_wire, chunk_entries.size(), query_index, out,
                  [&] { out += chunk_entries; });
}

void encode_chunked_series(std::string_view labels_wire, std::span<const ChunkView> chunks,
                           int64_t query_index, std::string& out) {
  size_t chunk_bytes = 0;
  for (const ChunkView& chunk : chunks) chunk_bytes += chunk.wire.size();
  encode_response(labels_wire, chunk_bytes, query_index, out, [&] {
    for (const ChunkView& chunk : chunks) out += chunk.wire;
  });
}

}  // namespace mread::wire
