#include "wire/streamed/frame_splitter.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/bytes/crc32c.h"

namespace mread::wire {
namespace {

using namespace std::string_literals;

std::string frame_of(std::string_view data) {
  std::string out;
  append_frame(out, data);
  return out;
}

// Feeds `body` in pieces of `piece` bytes; gives the frames' data, or the first error as the last
// entry.
struct Outcome {
  std::vector<std::string> frames;
  std::optional<Error> error;
};
Outcome split(const std::string& body, size_t piece, size_t limit = 1 << 20) {
  FrameSplitter splitter(limit);
  Outcome outcome;
  size_t fed = 0;
  while (true) {
    auto frame = splitter.next();
    if (!frame) {
      outcome.error = frame.error();
      const auto finished = splitter.finish();
      EXPECT_FALSE(finished);
      EXPECT_EQ(finished.error().to_string(), outcome.error->to_string());
      EXPECT_FALSE(splitter.next());
      return outcome;
    }
    if (*frame) {
      EXPECT_EQ((*frame)->wire, frame_of((*frame)->data));
      outcome.frames.emplace_back((*frame)->data);
      EXPECT_EQ(splitter.frames(), outcome.frames.size());
      continue;
    }
    if (fed == body.size()) break;
    splitter.feed(body.substr(fed, piece));
    fed += std::min(piece, body.size() - fed);
  }
  if (auto finished = splitter.finish(); !finished) outcome.error = finished.error();
  EXPECT_EQ(splitter.buffered() == 0, !outcome.error);
  return outcome;
}

TEST(FrameTest, BytesAreThoseOfTheFormat) {
  EXPECT_EQ(frame_of(""), "\0\0\0\0\0"s);
  EXPECT_EQ(frame_of("123456789"),
            "\x09\xe3\x06\x92\x83"
            "123456789");
}

RC_GTEST_PROP(FrameSplitterProperty, AnyPiecesGiveTheFrames, ()) {
  const auto sizes = *rc::gen::container<std::vector<size_t>>(
      rc::gen::oneOf(rc::gen::inRange<size_t>(0, 5), rc::gen::inRange<size_t>(0, 500)));
  std::vector<std::string> frames;
  std::string body;
  for (const size_t size : sizes) {
    frames.emplace_back(size, static_cast<char>('a' + frames.size() % 26));
    append_frame(body, frames.back());
  }
  const auto piece =
      *rc::gen::oneOf(rc::gen::inRange<size_t>(1, 20), rc::gen::inRange<size_t>(1, 3000));
  const Outcome outcome = split(body, piece);
  RC_ASSERT(!outcome.error);
  RC_ASSERT(outcome.frames == frames);
}

TEST(FrameSplitterTest, FramesInOneBlockAreNotCopied) {
  const auto block = std::make_shared<const std::string>(frame_of("one") + frame_of("two") +
                                                         frame_of("three").substr(0, 7));
  FrameSplitter splitter(100);
  splitter.feed(block);
  const auto one = splitter.next().value().value();
  EXPECT_EQ(splitter.pin(), block);
  const auto two = splitter.next().value().value();
  EXPECT_EQ(splitter.pin(), block);
  EXPECT_EQ(two.data, "two");
  EXPECT_EQ(splitter.offset(), 16);
  EXPECT_EQ(splitter.next().value(), std::nullopt);
  EXPECT_EQ(splitter.buffered(), 7);
  splitter.feed(frame_of("three").substr(7) + frame_of("four"));
  const auto three = splitter.next().value().value();
  EXPECT_NE(splitter.pin(), block);
  EXPECT_EQ(three.data, "three");
  EXPECT_EQ(splitter.next().value().value().data, "four");
  EXPECT_TRUE(splitter.finish());
  EXPECT_EQ(one.data, "one");  // Held by the block.
}

TEST(FrameSplitterTest, AKnownFrameIsSkippedWhereItStandsWhole) {
  FrameSplitter splitter(100);
  EXPECT_FALSE(splitter.skip_known(frame_of("one")));
  splitter.feed(frame_of("one") + frame_of("two") + frame_of("three").substr(0, 7));
  EXPECT_FALSE(splitter.skip_known(frame_of("two")));
  EXPECT_TRUE(splitter.skip_known(frame_of("one")));
  EXPECT_EQ(splitter.frames(), 1);
  EXPECT_EQ(splitter.offset(), 8);
  EXPECT_EQ(splitter.next().value().value().data, "two");
  EXPECT_FALSE(splitter.skip_known(frame_of("three")));
  splitter.feed(frame_of("three").substr(7) + frame_of("four"));
  EXPECT_FALSE(
      splitter.skip_known(frame_of("three")));  // In two blocks: it has to be put together.
  EXPECT_EQ(splitter.next().value().value().data, "three");
  EXPECT_TRUE(splitter.skip_known(frame_of("four")));
  EXPECT_EQ(splitter.buffered(), 0);
  EXPECT_TRUE(splitter.finish());
}

TEST(FrameSplitterTest, NextWholeSaysNothingOfWhatIsBroken) {
  FrameSplitter splitter(100);
  Frame frame;
  EXPECT_FALSE(splitter.next_whole(frame));
  std::string broken = frame_of("two");
  broken.back() ^= 1;
  splitter.feed(frame_of("one") + broken);
  ASSERT_TRUE(splitter.next_whole(frame));
  EXPECT_EQ(frame.data, "one");
  EXPECT_EQ(frame.wire, frame_of("one"));
  EXPECT_FALSE(splitter.next_whole(frame));
  const auto next = splitter.next();
  ASSERT_FALSE(next);
  EXPECT_TRUE(next.error().is(Errc::checksum));
  EXPECT_FALSE(splitter.next_whole(frame));
  EXPECT_FALSE(splitter.skip_known(broken));
}

TEST(FrameSplitterTest, NoMemoryForAClaim) {
  FrameSplitter splitter(size_t{1} << 40);
  std::string claim;
  claim.push_back('\xff');
  claim += "\xff\xff\xff\x7f";  // 32 GiB.
  splitter.feed(claim + "CRC!" + "some");
  EXPECT_EQ(splitter.next().value(), std::nullopt);
  splitter.feed("more"s);
  EXPECT_EQ(splitter.next().value(), std::nullopt);
  EXPECT_EQ(splitter.buffered(), 17);
  const auto finished = splitter.finish();
  ASSERT_FALSE(finished);
  EXPECT_TRUE(finished.error().is(Errc::truncated));
}

struct BrokenCase {
  const char* name;
  std::string tail;  // What follows two good frames (16 bytes).
  Errc errc;
  std::string message;
};
void PrintTo(const BrokenCase& broken, std::ostream* out) { *out << broken.name; }
class BrokenStreamTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenStreamTest, IsAnErrorThatNamesThePlace) {
  const std::string body = frame_of("one") + frame_of("two") + GetParam().tail;
  for (const size_t piece : {size_t{1}, size_t{3}, size_t{10}, size_t{17}, body.size()}) {
    const Outcome outcome = split(body, piece, 200);
    EXPECT_EQ(outcome.frames, (std::vector<std::string>{"one", "two"}));
    ASSERT_TRUE(outcome.error) << "in pieces of " << piece;
    EXPECT_TRUE(outcome.error->is(GetParam().errc)) << outcome.error->to_string();
    // How much of a text has arrived when the error shows depends on the pieces.
    if (piece == body.size()) {
      EXPECT_EQ(outcome.error->to_string(), "frame 2 at byte 16: "s + GetParam().message);
    }
  }
}

// docs/internals/traps.md, traps 9 and 11.
INSTANTIATE_TEST_SUITE_P(
    Table, BrokenStreamTest,
    testing::Values(
        BrokenCase{"InLength", "\x80", Errc::truncated,
                   "the answer ends in the middle of its length"},                               //
        BrokenCase{"AfterLength", "\x05", Errc::truncated, "the answer ends after its length"},  //
        BrokenCase{"AfterLongLength", "\x80\x01", Errc::truncated,
                   "the answer ends after its length"},  //
        BrokenCase{"InChecksum", "\x05\x01\x02", Errc::truncated,
                   "the answer ends in its checksum"},  //
        BrokenCase{"AfterChecksum", frame_of("hello").substr(0, 5), Errc::truncated,
                   "the answer ends after 0 of its 5 bytes"},  //
        BrokenCase{"InData", frame_of("hello").substr(0, 9), Errc::truncated,
                   "the answer ends after 4 of its 5 bytes"},  //
        BrokenCase{"Checksum", "\x05\x01\x02\x03\x04hello", Errc::checksum,
                   "its checksum says 01020304, its data give 9a71bb4c"},  //
        BrokenCase{"ZeroLengthWithChecksum", "\x00\x01\x02\x03\x04"s, Errc::checksum,
                   "its checksum says 01020304, its data give 00000000"},  //
        BrokenCase{"OverLimit", "\xc9\x01", Errc::limit,
                   "201 bytes are more than the limit of 200"},  //
        BrokenCase{"HugeLength", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Errc::limit,
                   "18446744073709551615 bytes are more than the limit of 200"},  //
        BrokenCase{"EndlessLength", std::string(20, '\x80'), Errc::malformed,
                   "its length is no varint"},  //
        BrokenCase{"OverflowingLength", std::string(9, '\xff') + "\x02", Errc::malformed,
                   "its length is no varint"},  //
        BrokenCase{
            "ShortText", "context deadline exceeded\n", Errc::truncated,
            R"(not a frame, but text: "context deadline exceeded" (the answer ends after 21 of its 99 bytes))"},  //
        BrokenCase{"LongText", "expanding series: " + std::string(200, 'x'), Errc::checksum,
                   "not a frame, but text: \"expanding series: " + std::string(88, 'x') +
                       "\" (its checksum says 7870616e, its data give f380621f)"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(FrameSplitterTest, TextAboveTheLimitIsQuoted) {
  const Outcome outcome = split(frame_of("one") + "unexpected error\n", 1000, 50);
  ASSERT_TRUE(outcome.error);
  EXPECT_TRUE(outcome.error->is(Errc::limit));
  EXPECT_EQ(
      outcome.error->to_string(),
      R"(frame 1 at byte 8: not a frame, but text: "unexpected error" (117 bytes are more than the limit of 50))");
}

TEST(FrameSplitterTest, EmptyBodyIsAnEmptyAnswer) {
  FrameSplitter splitter(10);
  splitter.feed(""s);
  EXPECT_EQ(splitter.next().value(), std::nullopt);
  EXPECT_TRUE(splitter.finish());
}

TEST(FrameSplitterTest, FrameAtTheLimitPasses) {
  EXPECT_EQ(split(frame_of(std::string(50, 'x')), 7, 50).frames.size(), 1);
  EXPECT_TRUE(split(frame_of(std::string(51, 'x')), 7, 50).error);
}

}  // namespace
}  // namespace mread::wire
