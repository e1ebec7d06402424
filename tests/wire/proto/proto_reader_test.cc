#include "wire/proto/proto_reader.h"

#include <string>

#include <gtest/gtest.h>

namespace mread::wire {
namespace {

using namespace std::string_literals;

TEST(ProtoReaderTest, WalksEveryWireType) {
  const std::string message =
      "\x08\x96\x01\x11\x01\x02\x03\x04\x05\x06\x07\x08\x1a\x02hi\x25\x01\x00\x00\x00\xf8\x07\x05"s;
  ProtoReader fields(message);
  ASSERT_TRUE(fields.next());
  EXPECT_TRUE(fields.is(1, WireType::varint));
  EXPECT_EQ(fields.varint(), 150);
  EXPECT_EQ(fields.entry(), "\x08\x96\x01");
  ASSERT_TRUE(fields.next());
  EXPECT_TRUE(fields.is(2, WireType::fixed64));
  EXPECT_EQ(fields.fixed64(), 0x0807060504030201);
  EXPECT_EQ(fields.offset(), 3);
  ASSERT_TRUE(fields.next());
  EXPECT_TRUE(fields.is(3, WireType::bytes));
  EXPECT_EQ(fields.bytes(), "hi");
  EXPECT_EQ(fields.entry(), "\x1a\x02hi");
  EXPECT_EQ(fields.bytes_offset(), 14);
  ASSERT_TRUE(fields.next());
  EXPECT_TRUE(fields.is(4, WireType::fixed32));
  ASSERT_TRUE(fields.next());
  EXPECT_TRUE(fields.is(127, WireType::varint));
  EXPECT_FALSE(fields.next());
  EXPECT_TRUE(fields.ok());
}

struct BrokenCase {
  const char* name;
  std::string message;
  size_t offset;
};
void PrintTo(const BrokenCase& broken, std::ostream* out) { *out << broken.name; }
class BrokenProtoTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenProtoTest, IsRefusedAtItsPlace) {
  ProtoReader fields(GetParam().message, 100);
  while (fields.next()) {
  }
  EXPECT_FALSE(fields.ok());
  EXPECT_FALSE(fields.next());
  EXPECT_EQ(fields.offset(), 100 + GetParam().offset);
  EXPECT_EQ(fields.error("it").to_string(),
            "it: malformed protobuf at byte " + std::to_string(100 + GetParam().offset));
}

INSTANTIATE_TEST_SUITE_P(Table, BrokenProtoTest,
                         testing::Values(BrokenCase{"TagOnly", "\x08\x01\x10"s, 2},  //
                                         BrokenCase{"HalfVarint", "\x08\x80"s, 0},   //
                                         BrokenCase{"EndlessVarint",
                                                    "\x08" + std::string(11, '\x80'), 0},  //
                                         BrokenCase{"ShortFixed64",
                                                    "\x09"
                                                    "1234567"s,
                                                    0},  //
                                         BrokenCase{"ShortFixed32",
                                                    "\x0d"
                                                    "123"s,
                                                    0},  //
                                         BrokenCase{"LengthPastEnd",
                                                    "\x0a\x03"
                                                    "ab"s,
                                                    0},  //
                                         BrokenCase{"HugeLength",
                                                    "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                                    "ab"s,
                                                    0},                             //
                                         BrokenCase{"GroupStart", "\x0b\x0c"s, 0},  //
                                         BrokenCase{"GroupEnd", "\x0c"s, 0},        //
                                         BrokenCase{"WireType6", "\x0e\x01"s, 0},   //
                                         BrokenCase{"WireType7", "\x0f\x01"s, 0},   //
                                         BrokenCase{"FieldZero", "\x00\x01"s, 0},   //
                                         BrokenCase{"HugeTag", "\xf8\xff\xff\xff\xff\x01\x01"s, 0}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::wire
