// The writer of snappy elements, through any sequence of its calls, against libsnappy: the block
// that it writes holds what the calls say.
#include "wire/snappy/snappy_elements.h"

#include <snappy.h>

#include "fuzz/harness.h"
#include "wire/bytes/varint.h"

namespace {

using namespace mread;  // NOLINT: a program of its own

constexpr size_t most_bytes = 1U << 18;

// Repeats bytes of `model`, one after another, as a copy that overlaps itself does.
void repeat(std::string& model, uint32_t offset, size_t length) {
  for (; length > 0; --length) model.push_back(model[model.size() - offset]);
}

void through_cursor(fuzz::Input& input, wire::SnappyElements& elements, std::string& model) {
  wire::SnappyCursor cursor = elements.open();
  for (unsigned turns = input.byte() % 16; turns > 0; --turns) {
    if (!cursor.has_room()) cursor = elements.with_room(cursor);
    if (input.flag() && !model.empty()) {
      const auto offset =
          static_cast<uint32_t>(1 + input.number() % std::min<size_t>(model.size(), 65'535));
      const size_t length = 1 + input.number() % 2048;
      cursor.copy(offset, length);
      repeat(model, offset, length);
    } else if (input.flag()) {
      const size_t size = 1 + input.byte() % 16;
      const auto low = input.ConsumeIntegral<uint64_t>();
      const auto high = input.ConsumeIntegral<uint64_t>();
      cursor.literal(static_cast<unsigned __int128>(high) << 64 | low, size);
      char bytes[16];
      std::memcpy(bytes, &low, 8);
      std::memcpy(bytes + 8, &high, 8);
      model.append(bytes, size);
    } else {
      const size_t size = 1 + input.byte() % 24;
      const std::string text(size, static_cast<char>(input.byte()));
      std::memcpy(cursor.begin_literal(size), text.data(), size);
      model += text;
    }
  }
  elements.close(cursor);
}

}  // namespace

MREAD_FUZZ(snappy_elements) {
  wire::SnappyElements elements;
  std::string model;
  while (input.remaining_bytes() > 0 && model.size() < most_bytes) {
    switch (input.byte() % 5) {
      case 0: {
        if (model.empty()) break;
        const auto offset =
            static_cast<uint32_t>(1 + input.number() % std::min<size_t>(model.size(), 65'535));
        const size_t length = input.number() % 5000;
        elements.copy(offset, length);
        repeat(model, offset, length);
        break;
      }
      case 1: {
        const std::string bytes = input.ConsumeRandomLengthString(300);
        elements.literal(bytes);
        model += bytes;
        break;
      }
      case 2: {
        // A long literal takes another form of element.
        const std::string bytes(input.number() % 70'000, static_cast<char>(input.byte()));
        elements.literal(bytes);
        model += bytes;
        break;
      }
      case 3:
        elements.begin_piece();
        break;
      default:
        through_cursor(input, elements, model);
        break;
    }
  }
  std::string block;
  wire::append_varint(block, model.size());
  const size_t head = block.size();
  for (const auto& piece : elements.take()) block.append(piece.memory.get(), piece.size);
  FUZZ_CHECK(elements.size() == 0);
  std::string back;
  FUZZ_CHECK_SHOW(snappy::Uncompress(block.data(), block.size(), &back),
                  std::to_string(block.size() - head) + " bytes of elements for " +
                      std::to_string(model.size()));
  FUZZ_CHECK(back == model);
}
