#include "wire/snappy/snappy_elements.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/bytes/varint.h"
#include "wire/snappy/snappy_block.h"

namespace mread::wire {
namespace {

// Writes elements, and the bytes that they stand for.
class Both {
 public:
  void literal(std::string_view bytes) {
    elements_.literal(bytes);
    plain_ += bytes;
  }
  void copy(size_t offset, size_t length) {
    elements_.copy(static_cast<uint32_t>(offset), length);
    for (size_t i = 0; i < length; ++i) plain_ += plain_[plain_.size() - offset];
  }
  void written(const std::string& bytes) {
    elements_.elements(std::string_view(compress(bytes)).substr(varint_size(bytes.size())));
    plain_ += bytes;
  }
  // The same through a cursor.
  void turn(std::string_view bytes, size_t offset, size_t length) {
    SnappyCursor cursor = elements_.open();
    for (int i = 0; i < 3; ++i) {
      if (!cursor.has_room()) cursor = elements_.with_room(cursor);
      unsigned __int128 value = 0;
      std::memcpy(&value, bytes.data(), std::min<size_t>(bytes.size(), 16));
      cursor.literal(value, std::min<size_t>(bytes.size(), 16));
      plain_ += bytes.substr(0, 16);
      cursor.copy(static_cast<uint32_t>(offset), length);
      for (size_t k = 0; k < length; ++k) plain_ += plain_[plain_.size() - offset];
    }
    elements_.close(cursor);
  }
  void new_piece() { elements_.begin_piece(); }

  size_t size() const { return plain_.size(); }

  void expect_same() {
    std::string block;
    append_varint(block, plain_.size());
    for (const auto& piece : elements_.take()) block.append(piece.memory.get(), piece.size);
    ASSERT_EQ(uncompress(block, UINT32_MAX).value() == plain_, true);
    EXPECT_TRUE(elements_.take().empty());
    EXPECT_EQ(elements_.size(), 0U);
    plain_.clear();
  }

 private:
  SnappyElements elements_;
  std::string plain_;
};

RC_GTEST_PROP(SnappyElementsProperty, StandForTheirBytes, ()) {
  Both both;
  both.literal("0123456789abcdef0123");
  const auto steps =
      *rc::gen::container<std::vector<std::tuple<int, uint32_t, uint32_t>>>(rc::gen::tuple(
          rc::gen::inRange(0, 6), rc::gen::arbitrary<uint32_t>(), rc::gen::arbitrary<uint32_t>()));
  for (const auto& [kind, a, b] : steps) {
    const size_t offset = 1 + a % both.size();
    const size_t near = 1 + a % std::min<size_t>(both.size(), SnappyCursor::offset_limit - 1);
    const std::string bytes(1 + b % 20, static_cast<char>(a));
    if (kind == 0)
      both.literal(std::string(b % 3 == 0 ? b % 100'000 : b % 100, static_cast<char>(a)));
    if (kind == 1) both.copy(offset, b % 80);
    if (kind == 2) both.copy(offset, b % 200'000);
    if (kind == 3)
      both.turn(bytes, near, b % (b % 2 == 0 ? 20 : 70'000 % SnappyCursor::offset_limit));
    if (kind == 4) both.written(bytes + bytes + bytes);
    if (kind == 5) both.new_piece();
  }
  both.expect_same();
}

TEST(SnappyElementsTest, EveryLengthAtEveryKindOfOffset) {
  for (const size_t offset : {1, 2, 17, 2047, 2048, 65'535, 65'536, 70'000}) {
    Both both;
    std::string noise;
    for (size_t i = 0; i < 70'000; ++i) noise.push_back(static_cast<char>(i * 2'654'435'761 >> 7));
    both.literal(noise);
    for (size_t length = 0; length < 200; ++length) {
      both.copy(offset, length);
      both.literal(std::string(length % 70, 'x'));
    }
    both.copy(offset, 1024);
    both.copy(offset, 1025);
    both.copy(offset, 5000);
    both.expect_same();
  }
}

TEST(SnappyElementsTest, CopiesAtOneOffsetAreOne) {
  SnappyElements elements;
  elements.literal("abcd");
  for (int i = 0; i < 15; ++i) elements.copy(4, 4);
  EXPECT_EQ(elements.take()[0].size, 5U + 3U);
  elements.literal("abcd");
  elements.copy(4, 11);
  EXPECT_EQ(elements.take()[0].size, 5U + 2U);
}

// Each result of an answer begins a piece, and there may be thousands that are small.
TEST(SnappyElementsTest, SmallPiecesShareTheirMemory) {
  SnappyElements elements;
  for (int i = 0; i < 10'000; ++i) {
    elements.begin_piece();
    elements.literal(std::string(400, 'x'));
  }
  const auto pieces = elements.take();
  size_t memories = 0;
  const char* end = nullptr;
  for (const auto& piece : pieces) {
    if (piece.memory.get() != end) ++memories;
    end = piece.memory.get() + piece.size;
  }
  EXPECT_GE(pieces.size(), 10'000U);
  EXPECT_LT(memories, 20U);
}

}  // namespace
}  // namespace mread::wire
