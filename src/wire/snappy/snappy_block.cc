#include "wire/snappy/snappy_block.h"

#include <utility>

#include <fmt/format.h>
#include <snappy.h>

#include "wire/bytes/large_memory.h"
#include "wire/bytes/quoted_text.h"
#include "wire/snappy/snappy_reader.h"

namespace mread::wire {

namespace {

// A copy of 64 bytes takes three bytes, so no block can grow by more than that. A block that claims
// more is refused before memory is taken.
constexpr size_t most_growth = 22;

// The name of the format of a body that is no snappy block, if its first bytes tell; else null.
const char* foreign_format(std::string_view body) {
  if (body.starts_with(std::string_view("\xff\x06\x00\x00sNaPpY", 10)))
    return "framed snappy, not a snappy block";
  if (body.starts_with("\x1f\x8b")) return "gzip, not a snappy block";
  if (body.starts_with("\x28\xb5\x2f\xfd")) return "zstd, not a snappy block";
  return nullptr;
}

Error invalid(std::string_view body, std::string what) {
  const std::string text = quoted_text(body);
  return {Errc::malformed,
          text.empty() ? std::move(what) : "the body is text, not a snappy block: " + text};
}

// The uncompressed size that the block claims; `start` is the beginning of its `size` bytes.
Result<uint64_t> uncompressed_length(std::string_view start, size_t size, size_t limit_bytes) {
  if (start.empty()) return fail(Errc::truncated, "the body is empty, which no snappy block is");
  if (const char* format = foreign_format(start))
    return fail(Errc::unsupported, fmt::format("the body is {}", format));
  size_t length = 0;
  if (!snappy::GetUncompressedLength(start.data(), start.size(), &length)) {
    return fail(invalid(start, "the body is no valid snappy block: it begins with no length"));
  }
  if (length / most_growth > size) {
    return fail(invalid(
        start,
        fmt::format("a snappy block of {} bytes cannot hold the {} that it claims", size, length)));
  }
  if (length > limit_bytes) {
    return fail(Errc::limit, fmt::format("a snappy block of {} bytes is above the limit of {}",
                                         length, limit_bytes));
  }
  return length;
}

// Enough bytes to recognise a body in another format, and to quote it.
constexpr size_t start_bytes = 1024;

struct Start {
  std::string bytes;
  size_t size = 0;  // Of the whole block.
};

Start start_of(std::span<const std::shared_ptr<const std::string>> pieces) {
  Start start;
  for (const auto& piece : pieces) {
    if (start.bytes.size() < start_bytes)
      start.bytes += std::string_view(*piece).substr(0, start_bytes);
    start.size += piece->size();
  }
  return start;
}

}  // namespace

std::string compress(std::string_view bytes) {
  std::string out;
  snappy::Compress(bytes.data(), bytes.size(), &out);
  return out;
}

Result<std::string> uncompress(std::string_view body, size_t limit_bytes) {
  const auto length = uncompressed_length(body, body.size(), limit_bytes);
  if (!length) return fail(length.error());
  std::string out;
  if (!snappy::Uncompress(body.data(), body.size(), &out)) {
    return fail(invalid(body, "the body is no valid snappy block"));
  }
  return out;
}

Result<uint64_t> uncompressed_length(std::span<const std::shared_ptr<const std::string>> pieces,
                                     size_t limit_bytes) {
  const auto [start, size] = start_of(pieces);
  return uncompressed_length(start, size, limit_bytes);
}

Result<Uncompressed> uncompress(std::span<const std::shared_ptr<const std::string>> pieces,
                                size_t limit_bytes) {
  const auto [start, size] = start_of(pieces);
  const auto length = uncompressed_length(start, size, limit_bytes);
  if (!length) return fail(length.error());
  Uncompressed out{large_memory(*length), *length};
  SnappyReader reader(pieces);
  SnappyOutput all{out.memory.get(), out.memory.get(), out.memory.get() + *length, {}};
  if (reader.read(all) != SnappyReader::State::end || reader.written() != *length) {
    return fail(invalid(start, "the body is no valid snappy block"));
  }
  return out;
}

}  // namespace mread::wire
