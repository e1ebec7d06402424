#include "wire/samples/samples_response.h"

#include <bit>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/generators.h"
#include "wire/labels/labels_view.h"
#include "wire/proto/remote.pb.h"

namespace mread::wire {
namespace {

using namespace std::string_literals;
using model::Sample;

std::vector<Sample> read_all(std::string_view region, bool* ok = nullptr) {
  const std::string copy(region);  // So that a sanitizer sees the end.
  SamplesReader reader(copy);
  std::vector<Sample> samples;
  for (Sample sample; reader.next(sample);) samples.push_back(sample);
  if (ok != nullptr) *ok = reader.ok();
  return samples;
}

struct Reference {
  model::LabelSet labels;
  std::vector<Sample> samples;
  size_t histograms;
};

rc::Gen<std::vector<std::vector<Reference>>> answers() {
  const auto series =
      rc::gen::map(rc::gen::tuple(test::label_sets(),
                                  rc::gen::oneOf(test::chunk_samples(), test::wild_samples()),
                                  rc::gen::inRange<size_t>(0, 3)),
                   [](const std::tuple<model::LabelSet, std::vector<Sample>, size_t>& in) {
                     return Reference{std::get<0>(in), std::get<1>(in), std::get<2>(in)};
                   });
  return rc::gen::resize(12, rc::gen::container<std::vector<std::vector<Reference>>>(
                                 rc::gen::container<std::vector<Reference>>(series)));
}

prometheus::ReadResponse message_of(const std::vector<std::vector<Reference>>& results) {
  prometheus::ReadResponse message;
  for (const auto& result : results) {
    auto& to = *message.add_results();
    for (const Reference& series : result) {
      auto& out = *to.add_timeseries();
      for (const model::Label& label : series.labels) {
        auto& pair = *out.add_labels();
        pair.set_name(label.name);
        pair.set_value(label.value);
      }
      for (const Sample& sample : series.samples) {
        auto& entry = *out.add_samples();
        entry.set_value(sample.value());
        entry.set_timestamp(sample.timestamp_ms);
      }
      for (size_t i = 0; i < series.histograms; ++i)
        out.add_histograms()->set_timestamp(static_cast<int64_t>(i) + 1);
    }
  }
  return message;
}

std::string histogram_entries(size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += "\x22\x02\x78"s + static_cast<char>(i + 1);
  return out;
}

RC_GTEST_PROP(SamplesResponseProperty, DecodesAsProtobuf, ()) {
  const auto results = *answers();
  const std::string bytes = message_of(results).SerializeAsString();
  const auto response = parse_read_response(bytes);
  RC_ASSERT(response.has_value());
  RC_ASSERT(response->results.size() == results.size());
  for (size_t i = 0; i < results.size(); ++i) {
    RC_ASSERT(response->results[i].series.size() == results[i].size());
    for (size_t k = 0; k < results[i].size(); ++k) {
      const TimeSeriesView& view = response->results[i].series[k];
      RC_ASSERT(view.labels == encode_labels(results[i][k].labels));
      bool ok = false;
      RC_ASSERT(read_all(view.samples, &ok) == results[i][k].samples);
      RC_ASSERT(ok);
      RC_ASSERT(view.histograms == histogram_entries(results[i][k].histograms));
      RC_ASSERT(view.has_histograms() == (results[i][k].histograms > 0));
    }
  }
}

RC_GTEST_PROP(SamplesResponseProperty, EncodesAsProtobuf, ()) {
  const auto results = *answers();
  ReadResponseWriter writer;
  for (int round = 0; round < 2; ++round) {
    writer.reset();
    for (const auto& result : results) {
      writer.begin_result();
      for (const Reference& series : result) {
        writer.append_series(encode_labels(series.labels), series.samples,
                             histogram_entries(series.histograms));
      }
    }
    const size_t most = writer.size();
    RC_ASSERT(writer.bytes() == message_of(results).SerializeAsString());
    RC_ASSERT(writer.bytes().size() <= most);
    RC_ASSERT(writer.results() == results.size());
  }
}

TEST(ReadResponseWriterTest, RawSeriesAndLargeResults) {
  ReadResponseWriter writer;
  prometheus::ReadResponse message;
  for (int result = 0; result < 3; ++result) {
    writer.begin_result();
    auto& to = *message.add_results();
    for (int i = 0; i < 300; ++i) {
      auto& series = *to.add_timeseries();
      series.add_samples()->set_timestamp(i);
      writer.append_raw_series(series.SerializeAsString());
    }
  }
  EXPECT_EQ(writer.bytes(), message.SerializeAsString());
  EXPECT_EQ(writer.bytes(), message.SerializeAsString());
}

TEST(ReadResponseWriterTest, NoResultsAndEmptyResults) {
  ReadResponseWriter writer;
  EXPECT_EQ(writer.bytes(), "");
  writer.begin_result();
  writer.begin_result();
  EXPECT_EQ(writer.bytes(), "\x0a\x00\x0a\x00"s);
}

struct FormCase {
  const char* name;
  std::string region;
  std::vector<Sample> samples;
};
void PrintTo(const FormCase& form, std::ostream* out) { *out << form.name; }
class SampleFormTest : public testing::TestWithParam<FormCase> {};

TEST_P(SampleFormTest, IsRead) {
  bool ok = false;
  EXPECT_EQ(read_all(GetParam().region, &ok), GetParam().samples);
  EXPECT_TRUE(ok);
}

const uint64_t one = Sample::of(0, 1).bits;
const std::string value_field = "\x09\x00\x00\x00\x00\x00\x00\xf0\x3f"s;
const std::string time_field = "\x10\xd0\x8c\xbe\xff\xbc\x31"s;  // 1700000663120

INSTANTIATE_TEST_SUITE_P(
    Table, SampleFormTest,
    testing::Values(
        FormCase{"AsGoWrites", "\x12\x10" + value_field + time_field, {{1700000663120, one}}},  //
        FormCase{"Zeros", "\x12\x00"s, {{0, 0}}},                                               //
        FormCase{"NoValue", "\x12\x07" + time_field, {{1700000663120, 0}}},                     //
        FormCase{"NoTimestamp", "\x12\x09" + value_field, {{0, one}}},                          //
        FormCase{
            "TimestampFirst", "\x12\x10" + time_field + value_field, {{1700000663120, one}}},  //
        FormCase{"ShortTimestamp", "\x12\x0b" + value_field + "\x10\x07", {{7, one}}},         //
        FormCase{"NegativeTimestamp",
                 "\x12\x14" + value_field + "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                 {{-1, one}}},  //
        FormCase{"LongVarints",
                 "\x12\x92\x00"s + value_field + "\x10\xd0\x8c\xbe\xff\xbc\xb1\x80\x00"s,
                 {{1700000663120, one}}},  //
        FormCase{"UnknownFieldInside",
                 "\x12\x12" + value_field + time_field + "\x18\x05",
                 {{1700000663120, one}}},                                                //
        FormCase{"UnknownFieldBetween", "\x12\x00\x28\x01\x12\x00"s, {{0, 0}, {0, 0}}},  //
        FormCase{"OtherFieldsBetween",
                 "\x12\x00\x0a\x00\x22\x02\x78\x01\x1a\x00\x12\x00"s,
                 {{0, 0}, {0, 0}}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

class BrokenSamplesTest : public testing::TestWithParam<FormCase> {};

TEST_P(BrokenSamplesTest, KeepsWhatWasBefore) {
  bool ok = true;
  EXPECT_EQ(read_all(GetParam().region, &ok), GetParam().samples);
  EXPECT_FALSE(ok);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenSamplesTest,
    testing::Values(FormCase{"PastEnd", "\x12\x00\x12\x10"s + value_field, {{0, 0}}},  //
                    FormCase{"ShortValue", "\x12\x03\x09\x01\x02"s, {}},               //
                    FormCase{"HalfTimestamp", "\x12\x02\x10\x80"s, {}},                //
                    FormCase{"ValueAsVarint", "\x12\x02\x08\x01"s, {}},                //
                    FormCase{"TimestampAsFixed",
                             "\x12\x09\x11"
                             "12345678"s,
                             {}},                                               //
                    FormCase{"SampleAsVarint", "\x12\x00\x10\x01"s, {{0, 0}}},  //
                    FormCase{"Group", "\x12\x00\x13\x14"s, {{0, 0}}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(SamplesResponseTest, FieldsInAnyOrder) {
  std::string a;
  append_label(a, "a", "1");
  std::string b;
  append_label(b, "b", "2");
  const std::string sample = "\x12\x00"s;
  const std::string histogram = "\x22\x02\x78\x01"s;
  const std::string body =
      sample + a + histogram + sample + b + "\x28\x09" + histogram + "\x1a\x00"s;
  const std::string series = "\x0a"s + static_cast<char>(body.size()) + body;
  const std::string response_bytes =
      "\x0a"s + static_cast<char>(2 * series.size()) + series + series;
  const auto response = parse_read_response(response_bytes);
  ASSERT_TRUE(response) << response.error().to_string();
  ASSERT_EQ(response->results.size(), 1);
  ASSERT_EQ(response->results[0].series.size(), 2);
  for (const TimeSeriesView& view : response->results[0].series) {
    EXPECT_EQ(view.labels, a + b);
    EXPECT_EQ(view.body, body);
    EXPECT_EQ(read_all(view.samples).size(), 2);
    HistogramEntries entries(view.histograms);
    std::string_view message;
    size_t count = 0;
    for (; entries.next(message); ++count) EXPECT_EQ(message, "\x78\x01");
    EXPECT_EQ(count, 2);
  }
}

// docs/internals/traps.md, trap 13.
TEST(SamplesResponseTest, SeriesWithoutSamples) {
  std::string labels;
  append_label(labels, "a", "1");
  ReadResponseWriter writer;
  writer.begin_result();
  writer.append_series(labels, {});
  const auto response = parse_read_response(writer.bytes());
  ASSERT_TRUE(response);
  ASSERT_EQ(response->results.at(0).series.size(), 1);
  EXPECT_TRUE(read_all(response->results[0].series[0].samples).empty());
}

TEST(SamplesResponseTest, NoMemoryForCountlessSeries) {
  const std::string two_and_one = "\x0a\x04\x0a\x00\x0a\x00\x0a\x02\x0a\x00"s;
  EXPECT_TRUE(parse_read_response(two_and_one, 3));
  EXPECT_EQ(parse_read_response(two_and_one, 2).error().to_string(),
            "read response: more than 2 series");
  EXPECT_TRUE(parse_read_response(two_and_one, 2).error().is(Errc::limit));
  EXPECT_EQ(parse_read_response("\x0a\x00\x0a\x00"s, 1).error().to_string(),
            "read response: more than 1 results");
}

struct BrokenCase {
  const char* name;
  std::string bytes;
  const char* message;
};
void PrintTo(const BrokenCase& broken, std::ostream* out) { *out << broken.name; }
class BrokenResponseTest : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenResponseTest, NamesTheByte) {
  const auto response = parse_read_response(GetParam().bytes);
  ASSERT_FALSE(response);
  EXPECT_TRUE(response.error().is(Errc::malformed));
  EXPECT_EQ(response.error().to_string(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenResponseTest,
    testing::Values(BrokenCase{"Text", "<html>", "read response: malformed protobuf at byte 0"},  //
                    BrokenCase{"ResultPastEnd", "\x0a\x00\x0a\x05"s,
                               "read response: malformed protobuf at byte 2"},  //
                    BrokenCase{"ResultAsVarint", "\x08\x01"s,
                               "read response: malformed protobuf at byte 0"},  //
                    BrokenCase{"SeriesPastEnd", "\x0a\x02\x0a\x05"s,
                               "query result: malformed protobuf at byte 2"},  //
                    BrokenCase{"SamplePastEnd", "\x0a\x04\x0a\x02\x12\x05"s,
                               "result 0, series 0: series: malformed protobuf at byte 4"},  //
                    BrokenCase{"LabelAsVarint", "\x0a\x06\x0a\x04\x12\x00\x08\x01"s,
                               "result 0, series 0: series: malformed protobuf at byte 6"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::wire
