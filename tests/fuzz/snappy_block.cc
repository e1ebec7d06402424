// Bytes as a snappy block: whole, in pieces and in portions of any size against libsnappy; and
// bytes as what is compressed.
#include "wire/snappy/snappy_block.h"

#include <optional>
#include <string>

#include <snappy.h>

#include "fuzz/harness.h"
#include "wire/snappy/snappy_reader.h"

namespace {

using namespace mread;  // NOLINT: a program of its own

constexpr size_t limit_bytes = 1U << 20;

// What the reader writes where its room grows a little at a time; nothing where the block is
// broken.
std::optional<std::string> in_portions(const fuzz::Pieces& pieces, uint64_t length, uint32_t seed) {
  std::minstd_rand random(seed);
  const std::unique_ptr<char[]> memory(new char[length + 1]);
  wire::SnappyReader reader(pieces);
  wire::SnappyOutput output{memory.get(), memory.get(), memory.get(), {}};
  char* const end = memory.get() + length;
  while (true) {
    output.end += std::min<size_t>(1 + random() % 100, static_cast<size_t>(end - output.end));
    const auto state = reader.read(output);
    FUZZ_CHECK(output.at <= output.end);
    FUZZ_CHECK(reader.written() == static_cast<uint64_t>(output.at - output.begin));
    if (state == wire::SnappyReader::State::end) break;
    // The whole of it stays: there is no copy out of reach.
    FUZZ_CHECK(state != wire::SnappyReader::State::far);
    if (state == wire::SnappyReader::State::broken || output.end == end) return std::nullopt;
  }
  if (reader.written() != length) return std::nullopt;
  return std::string(memory.get(), length);
}

void as_block(const std::string& bytes, uint32_t seed) {
  const auto whole = wire::uncompress(bytes, limit_bytes);
  const fuzz::Pieces pieces = fuzz::cut(bytes, seed);
  const auto from_pieces = wire::uncompress(pieces, limit_bytes);
  FUZZ_CHECK(whole.has_value() == from_pieces.has_value());
  if (whole) {
    FUZZ_CHECK(*whole == from_pieces->view());
  } else {
    FUZZ_CHECK(whole.error().code == from_pieces.error().code);
    FUZZ_CHECK(!whole.error().context.empty());
  }

  size_t length = 0;
  std::string by_library;
  const bool fits =
      snappy::GetUncompressedLength(bytes.data(), bytes.size(), &length) && length <= limit_bytes;
  const bool good = fits && snappy::Uncompress(bytes.data(), bytes.size(), &by_library);
  if (whole) FUZZ_CHECK(good);
  if (good && whole) FUZZ_CHECK(by_library == *whole);
  // What is refused though libsnappy takes it is refused as another format, or claims more than a
  // block can hold.
  if (good && !whole) FUZZ_CHECK(!whole.error().is(Errc::limit));

  const auto claimed = wire::uncompressed_length(pieces, limit_bytes);
  if (!claimed) return;
  const auto grown = in_portions(pieces, *claimed, seed);
  FUZZ_CHECK(grown.has_value() == whole.has_value());
  if (grown) FUZZ_CHECK(*grown == *whole);
}

void as_content(const std::string& bytes, uint32_t seed) {
  const std::string block = wire::compress(bytes);
  const auto back = wire::uncompress(block, limit_bytes);
  FUZZ_CHECK(back && *back == bytes);
  const auto from_pieces = wire::uncompress(fuzz::cut(block, seed), limit_bytes);
  FUZZ_CHECK(from_pieces && from_pieces->view() == bytes);
}

}  // namespace

MREAD_FUZZ(snappy_block) {
  const uint32_t seed = input.number();
  const std::string bytes = input.rest();
  as_block(bytes, seed);
  as_content(bytes, seed);
}
