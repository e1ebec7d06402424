#include "wire/snappy/snappy_reader.h"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <snappy.h>

#include "wire/bytes/varint.h"
#include "wire/snappy/snappy_block.h"

namespace mread::wire {
namespace {

using SharedPieces = std::vector<std::shared_ptr<const std::string>>;

SharedPieces cut(const std::string& body, size_t size) {
  SharedPieces pieces;
  for (size_t i = 0; i < body.size(); i += size)
    pieces.push_back(std::make_shared<const std::string>(body, i, size));
  return pieces;
}

std::string block_of(size_t length, const std::string& elements) {
  std::string block;
  append_varint(block, length);
  return block + elements;
}

std::optional<std::string> by_snappy(size_t length, const std::string& elements) {
  const std::string block = block_of(length, elements);
  std::string out;
  if (!snappy::Uncompress(block.data(), block.size(), &out)) return std::nullopt;
  return out;
}

// In one portion, which ends with a page that nothing may be written to.
std::optional<std::string> at_once(size_t length, const std::string& elements, size_t piece) {
  const SharedPieces pieces = cut(block_of(length, elements), piece);
  SnappyReader reader(pieces);
  std::string out(length + 64, '\x55');
  SnappyOutput all{out.data(), out.data(), out.data() + length, {}};
  const auto state = reader.read(all);
  RC_ASSERT(out.substr(length) == std::string(64, '\x55'));
  RC_ASSERT(reader.written() == static_cast<uint64_t>(all.at - all.begin));
  if (state != SnappyReader::State::end || reader.written() != length) return std::nullopt;
  out.resize(length);
  return out;
}

// In portions of `room` bytes, each with the one before as all that is left of what came before.
std::optional<std::string> in_portions(size_t length, const std::string& elements, size_t piece,
                                       size_t room, bool& far) {
  const SharedPieces pieces = cut(block_of(length, elements), piece);
  SnappyReader reader(pieces);
  std::string out, before;
  far = false;
  for (;;) {
    std::string output(std::min(room, length - out.size()), '\x55');
    SnappyOutput to{output.data(), output.data(), output.data() + output.size(), before};
    const auto state = reader.read(to);
    out += std::string_view(output).substr(0, static_cast<size_t>(to.at - to.begin));
    RC_ASSERT(reader.written() == out.size());
    far = state == SnappyReader::State::far;
    if (state == SnappyReader::State::end && out.size() == length) return out;
    if (state != SnappyReader::State::full || output.empty()) return std::nullopt;
    before = std::move(output);
  }
}

std::string literal(const std::string& bytes) {
  const size_t last = bytes.size() - 1;
  std::string out;
  if (last < 60) {
    out.push_back(static_cast<char>(last << 2));
  } else {
    out.push_back(static_cast<char>(62 << 2));
    for (int i = 0; i < 3; ++i) out.push_back(static_cast<char>(last >> (8 * i)));
  }
  return out + bytes;
}

std::string copy(size_t offset, size_t length) {
  std::string out;
  if (offset < 2048 && length >= 4 && length < 12) {
    out.push_back(static_cast<char>(1 | (length - 4) << 2 | (offset >> 8) << 5));
    out.push_back(static_cast<char>(offset));
    return out;
  }
  const bool two = offset < 65536;
  out.push_back(static_cast<char>((two ? 2 : 3) | (length - 1) << 2));
  for (int i = 0; i < (two ? 2 : 4); ++i) out.push_back(static_cast<char>(offset >> (8 * i)));
  return out;
}

// Valid elements, most of them as small as an answer's; `length` is what they hold.
std::string some_elements(size_t& length) {
  std::string out;
  length = 0;
  const int count = *rc::gen::inRange(0, 400);
  for (int i = 0; i < count; ++i) {
    const bool large = *rc::gen::inRange(0, 10) == 0;
    if (length == 0 || *rc::gen::inRange(0, 5) < 2) {
      const auto size = *rc::gen::inRange<size_t>(1, large ? 300 : 9);
      std::string bytes;
      for (size_t k = 0; k < size; ++k)
        bytes.push_back(static_cast<char>(i * 7 + static_cast<int>(k) * 3));
      out += literal(bytes);
      length += size;
    } else {
      const auto size = *rc::gen::inRange<size_t>(1, large ? 65 : 17);
      const auto most = *rc::gen::element<size_t>(8, 20, 100, 100'000);
      const auto offset = *rc::gen::inRange<size_t>(1, std::min(length, most) + 1);
      out += copy(offset, size);
      length += size;
    }
  }
  return out;
}

void expect_as_snappy(size_t length, const std::string& elements) {
  const auto expected = by_snappy(length, elements);
  for (const size_t piece : {size_t{1}, size_t{2}, size_t{7}, size_t{90}, size_t{1} << 20}) {
    RC_ASSERT(at_once(length, elements, piece) == expected);
    for (const size_t room : {size_t{1}, size_t{50}, size_t{333}, size_t{1000}}) {
      bool far = false;
      const auto read = in_portions(length, elements, piece, room, far);
      // Only what the portions do not hold any more is a reason to fail where libsnappy does not.
      if (!far) RC_ASSERT(read == expected);
      if (read) RC_ASSERT(read == expected);
    }
  }
}

RC_GTEST_PROP(SnappyReaderProperty, ReadsWhatLibsnappyReads, ()) {
  size_t length = 0;
  const std::string elements = some_elements(length);
  expect_as_snappy(length, elements);
}

RC_GTEST_PROP(SnappyReaderProperty, RefusesWhatLibsnappyRefuses, ()) {
  size_t length = 0;
  std::string elements = some_elements(length);
  for (int i = *rc::gen::inRange(1, 4); i > 0 && !elements.empty(); --i) {
    const auto at = *rc::gen::inRange<size_t>(0, elements.size());
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        elements[at] = *rc::gen::arbitrary<char>();
        break;
      case 1:
        elements.erase(at);
        break;
      case 2:
        elements.erase(at, 1);
        break;
      default:
        length += *rc::gen::element<size_t>(1, 70, static_cast<size_t>(-1));
        if (length > 1 << 20) length = 0;
    }
  }
  expect_as_snappy(length, elements);
}

RC_GTEST_PROP(SnappyReaderProperty, NoiseIsReadAsByLibsnappy, (const std::string& noise)) {
  std::string elements;
  for (int i = *rc::gen::inRange(1, 30); i > 0; --i) elements += noise;
  expect_as_snappy(*rc::gen::inRange<size_t>(0, 3000), elements);
}

// As long as copies reach back no farther than a portion, portions are enough.
TEST(SnappyReaderTest, ReadsAnAnswerInPortions) {
  std::string bytes;
  for (size_t i = 0; i < 60'000; ++i) {
    bytes += "\x12\x10\x09";
    const double value = static_cast<double>(i / 7 * 13 % 5000) / 8;
    bytes.append(reinterpret_cast<const char*>(&value), 8);
    bytes += '\x10';
    append_varint(bytes, 1'760'000'000'000 + i * 15'000);
    if (i % 1000 == 0)
      bytes += "some labels that are not those of before: " + std::to_string(i * i);
  }
  std::string block;
  snappy::Compress(bytes.data(), bytes.size(), &block);
  const std::string elements = block.substr(varint_size(bytes.size()));
  for (const size_t piece : {size_t{1000}, size_t{65'536}, size_t{10} << 20}) {
    EXPECT_TRUE(at_once(bytes.size(), elements, piece) == bytes);
    bool far = false;
    EXPECT_TRUE(in_portions(bytes.size(), elements, piece, 65'536, far) == bytes);
    EXPECT_FALSE(far);
  }
}

TEST(SnappyReaderTest, TellsWhatIsTooFarFromWhatNeverWas) {
  const auto state_of = [](const std::string& elements) {
    const SharedPieces pieces = cut(block_of(30, elements), 100);
    SnappyReader reader(pieces);
    std::string first(10, ' '), second(10, ' '), third(10, ' ');
    SnappyOutput to{first.data(), first.data(), first.data() + 10, {}};
    EXPECT_EQ(reader.read(to), SnappyReader::State::full);
    to = {second.data(), second.data(), second.data() + 10, first};
    EXPECT_EQ(reader.read(to), SnappyReader::State::full);
    to = {third.data(), third.data(), third.data() + 10, second};
    return reader.read(to);
  };
  EXPECT_EQ(state_of(literal("0123456789abcdefghij") + copy(10, 4)), SnappyReader::State::end);
  EXPECT_EQ(state_of(literal("0123456789abcdefghij") + copy(11, 4)), SnappyReader::State::far);
  EXPECT_EQ(state_of(literal("0123456789abcdefghij") + copy(20, 4)), SnappyReader::State::far);
  EXPECT_EQ(state_of(literal("0123456789abcdefghij") + copy(21, 4)), SnappyReader::State::broken);
}

}  // namespace
}  // namespace mread::wire
