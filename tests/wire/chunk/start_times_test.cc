#include "wire/chunk/start_times.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/bytes/varbit.h"

namespace mread::wire {
namespace {

struct Row {
  int64_t timestamp_ms;
  int64_t start_ms;
};

struct Written {
  StartTimesHeader header;
  std::string bits;
};

Written write(const std::vector<Row>& rows) {
  StartTimesWriter writer;
  VarbitWriter bits{std::string()};
  for (size_t i = 0; i < rows.size(); ++i) {
    writer.write(bits, i, rows[i].start_ms, rows[i].timestamp_ms,
                 i == 0 ? 0 : rows[i - 1].timestamp_ms);
  }
  return {writer.header(), bits.finish()};
}

std::vector<int64_t> read(const Written& written, const std::vector<Row>& rows) {
  StartTimesReader reader(StartTimesHeader::of(written.header.byte()));
  VarbitReader bits(written.bits);
  std::vector<int64_t> starts;
  for (size_t i = 0; i < rows.size(); ++i) {
    reader.read(bits, i, rows[i].timestamp_ms, i == 0 ? 0 : rows[i - 1].timestamp_ms);
    starts.push_back(reader.start_ms());
  }
  EXPECT_FALSE(bits.failed());
  return starts;
}

TEST(StartTimesTest, NothingIsWrittenWhereNoneIsKnown) {
  const Written written = write({{1000, 0}, {2000, 0}});
  EXPECT_EQ(written.header.byte(), 0);
  EXPECT_EQ(written.bits, "");
}

TEST(StartTimesTest, OneStartForAllStandsOnce) {
  const std::vector<Row> rows{{1000, 400}, {2000, 400}, {3000, 400}};
  const Written written = write(rows);
  EXPECT_TRUE(written.header.first_known);
  EXPECT_EQ(written.header.changes_at, 0);
  EXPECT_EQ(written.bits.size(), 2U) << "600 ms as a zigzag varint";
  EXPECT_EQ(read(written, rows), (std::vector<int64_t>{400, 400, 400}));
}

TEST(StartTimesTest, FromTheFirstChangeOnEachSampleHasOne) {
  const std::vector<Row> rows{{1000, 0}, {2000, 0}, {3000, 2500}, {4000, 2500}, {5000, 0}};
  const Written written = write(rows);
  EXPECT_FALSE(written.header.first_known);
  EXPECT_EQ(written.header.changes_at, 2);
  EXPECT_EQ(read(written, rows), (std::vector<int64_t>{0, 0, 2500, 2500, 0}));
}

// The header's seven bits end at 127: a change that comes later has been announced there.
TEST(StartTimesTest, AChangeBehindTheHeadersWidthIsRead) {
  std::vector<Row> rows;
  for (int64_t i = 0; i < 200; ++i) rows.push_back({1000 * i, i < 150 ? 7 : 149'000});
  const Written written = write(rows);
  EXPECT_EQ(written.header.changes_at, StartTimesHeader::last_change);
  const std::vector<int64_t> starts = read(written, rows);
  EXPECT_EQ(starts[149], 7);
  EXPECT_EQ(starts[150], 149'000);
}

RC_GTEST_PROP(StartTimesProperty, WhatIsWrittenIsRead, ()) {
  std::vector<Row> rows;
  std::vector<int64_t> starts;
  const auto size = *rc::gen::inRange<size_t>(0, 140);
  for (size_t i = 0; i < size; ++i) {
    rows.push_back(
        {*rc::gen::arbitrary<int64_t>(), *rc::gen::element<int64_t>(0, 1, -5, INT64_MAX)});
    starts.push_back(rows.back().start_ms);
  }
  RC_ASSERT(read(write(rows), rows) == starts);
}

}  // namespace
}  // namespace mread::wire
