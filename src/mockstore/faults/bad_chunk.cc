#include "mockstore/faults/bad_chunk.h"

#include "mockstore/faults/frame_change.h"
#include "mockstore/faults/staged_fault.h"
#include "wire/bytes/varint.h"
#include "wire/streamed/chunked_series.h"
#include "wire/streamed/frame_splitter.h"

namespace mread::mockstore::faults {
namespace {

enum class What { count, half, times };

void append_broken(std::string& entries, wire::ChunkView chunk, What what) {
  std::string data(chunk.data);
  switch (what) {
    case What::count:
      // The upper two bits may say something else.
      if (data.size() >= 2)
        data[0] = static_cast<char>(data[0] | 0x3f), data[1] = static_cast<char>(0xff);
      break;
    case What::half:
      data.resize(data.size() / 2);
      break;
    case What::times: {
      const int64_t length = chunk.max_time_ms - chunk.min_time_ms;
      chunk.min_time_ms = chunk.max_time_ms + 1;
      chunk.max_time_ms = chunk.min_time_ms + length;
      break;
    }
  }
  wire::append_chunk(entries, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, data);
}

// The frame with its first chunk broken; empty where it has none.
std::string broken(std::string_view frame, What what) {
  const char* p = frame.data();
  uint64_t length = 0;
  constexpr size_t checksum_bytes = 4;
  if (!wire::get_varint(p, frame.data() + frame.size(), length)) return {};
  const size_t begin = static_cast<size_t>(p - frame.data()) + checksum_bytes;
  if (begin > frame.size() || length != frame.size() - begin) return {};
  wire::ChunkedResponse response;
  if (!wire::parse_chunked_response(frame.substr(begin), response)) return {};
  if (response.series.size() != 1 || response.series[0].chunks.empty()) return {};
  const wire::ChunkedSeriesView& series = response.series[0];
  std::string entries;
  append_broken(entries, series.chunks[0], what);
  for (const wire::ChunkView& chunk : series.chunks.subspan(1)) entries += chunk.wire;
  std::string message;
  wire::encode_chunked_series(series.labels, entries, response.query_index, message);
  std::string out;
  wire::append_frame(out, message);
  return out;
}

struct BreakChunk {
  What what;
  std::string operator()(std::string_view frame) const { return broken(frame, what); }
};

std::shared_ptr<const Fault> make(What what, uint64_t frame) {
  return staged_fault<FrameChange<BreakChunk>>("bad_chunk", frame, BreakChunk{what});
}

What parse_what(const yaml::Node& node) {
  const std::string word = node.one_of({"count", "short", "times"});
  return word == "count" ? What::count : word == "short" ? What::half : What::times;
}

}  // namespace

std::shared_ptr<const Fault> parse_bad_chunk(const yaml::Node& settings) {
  if (!settings.is_mapping()) return make(parse_what(settings), 0);
  yaml::Mapping mapping = settings.mapping();
  const auto what = mapping.find("what");
  uint64_t frame = 0;
  if (const auto number = mapping.find("frame")) frame = number->count();
  mapping.finish();
  if (!what) settings.error("say what is wrong with the chunk: {what: count | short | times}");
  return make(parse_what(*what), frame);
}

}  // namespace mread::mockstore::faults
