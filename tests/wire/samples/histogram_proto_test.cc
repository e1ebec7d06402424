#include "wire/samples/histogram_proto.h"

#include <gtest/gtest.h>

#include "wire/chunk/histogram_cases.h"
#include "wire/proto/remote.pb.h"

namespace mread::wire {
namespace {

std::string encode(const model::HistogramSample& sample) {
  std::string out;
  append_histogram_message(out, sample);
  return out;
}

TEST(HistogramProto, RoundTripsAndAgreesWithLibprotobuf) {
  for (const model::Series& series : histogram_cases(recorded_start_ms)) {
    for (const model::HistogramSample& sample : series.histograms) {
      const std::string bytes = encode(sample);
      const auto again = parse_histogram_message(bytes);
      ASSERT_TRUE(again) << again.error().to_string();
      EXPECT_EQ(*again, sample);

      prometheus::Histogram message;
      ASSERT_TRUE(message.ParseFromString(bytes));
      EXPECT_EQ(message.SerializeAsString(), bytes);
      EXPECT_EQ(message.timestamp(), sample.timestamp_ms);
      EXPECT_EQ(message.has_count_float(), sample.histogram.is_float);
      EXPECT_EQ(message.count_int(), sample.histogram.count);
      EXPECT_EQ(static_cast<int>(message.reset_hint()),
                static_cast<int>(sample.histogram.counter_reset_hint));
      EXPECT_EQ(static_cast<size_t>(message.positive_spans_size()),
                sample.histogram.positive_spans.size());
      EXPECT_EQ(static_cast<size_t>(message.custom_values_size()),
                sample.histogram.custom_values.size());
    }
  }
}

TEST(HistogramProto, UnpackedNumbersAndUnknownFieldsAreRead) {
  const std::string bytes(
      "\x08\x03"          // count_int 3
      "\x5a\x02\x10\x02"  // a positive span of 2
      "\x60\x02\x60\x04"  // deltas 1, 2, one field each
      "\x92\x01\x02hi"    // field 18
      "\x78\x05",         // timestamp 5
      2 + 4 + 4 + 5 + 2);
  const auto sample = parse_histogram_message(bytes);
  ASSERT_TRUE(sample) << sample.error().to_string();
  EXPECT_EQ(sample->timestamp_ms, 5);
  EXPECT_EQ(sample->histogram.count, 3U);
  EXPECT_EQ(sample->histogram.positive_deltas, (std::vector<int64_t>{1, 2}));
}

// A varint of more than 32 bits in a sint32: decoders take its lowest 32 bits.
TEST(HistogramProto, NumbersOf32BitsAreCutAsLibprotobufCutsThem) {
  const std::string bytes(
      "\x20\x80\x80\x80\x80\x10"          // schema: 2^32
      "\x5a\x08\x08\x81\x80\x80\x80\x10"  // a positive span at 2^32 + 1, which is -1,
      "\x10\x01\x60\x02",                 // of one bucket, with the delta 1
      6 + 8 + 4);
  prometheus::Histogram want;
  ASSERT_TRUE(want.ParseFromString(bytes));
  const auto got = parse_histogram_message(bytes);
  ASSERT_TRUE(got) << got.error().to_string();
  EXPECT_EQ(got->histogram.schema, want.schema());
  ASSERT_EQ(got->histogram.positive_spans.size(), 1U);
  EXPECT_EQ(got->histogram.positive_spans[0].offset, want.positive_spans(0).offset());
  EXPECT_EQ(want.positive_spans(0).offset(), -1);
}

TEST(HistogramProto, MalformedMessagesAreRefused) {
  struct Case {
    std::string name;
    std::string bytes;
  };
  for (const Case& c : std::vector<Case>{
           {"buckets without spans", std::string("\x62\x01\x02", 3)},
           {"doubles of seven bytes", std::string("\x6a\x07"
                                                  "1234567",
                                                  9)},
           {"a count that is a string", std::string("\x0a\x01x", 3)},
           {"a hint of 9", std::string("\x70\x09", 2)},
           {"a span that is cut off", std::string("\x5a\x05\x10", 3)},
           {"a delta that never ends",
            std::string("\x62\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 13)},
       }) {
    const auto sample = parse_histogram_message(c.bytes);
    ASSERT_FALSE(sample) << c.name;
    EXPECT_TRUE(sample.error().is(Errc::malformed)) << c.name;
  }
}

TEST(HistogramProto, NoTruncationCrashes) {
  for (const model::Series& series : histogram_cases(recorded_start_ms)) {
    const std::string bytes = encode(series.histograms.front());
    for (size_t size = 0; size < bytes.size(); ++size)
      (void)parse_histogram_message(std::string(bytes, 0, size));
  }
}

}  // namespace
}  // namespace mread::wire
