#include "wire/request/remote_write.h"

#include <map>

#include <gtest/gtest.h>

#include "wire/chunk/histogram_cases.h"
#include "wire/proto/remote.pb.h"
#include "wire/samples/histogram_proto.h"
#include "wire/snappy/snappy_block.h"

namespace mread::wire {
namespace {

prometheus::WriteRequest decode(const std::string& body) {
  prometheus::WriteRequest request;
  const auto bytes = uncompress(body, 64 << 20);
  EXPECT_TRUE(bytes);
  EXPECT_TRUE(request.ParseFromString(*bytes));
  EXPECT_EQ(request.SerializeAsString(), *bytes);
  return request;
}

model::Series floats(const std::string& name, int64_t first_ms, int64_t step_ms, size_t count) {
  model::Series series;
  series.labels = {{"__name__", name}};
  for (size_t i = 0; i < count; ++i)
    series.samples.push_back(
        model::Sample::of(first_ms + static_cast<int64_t>(i) * step_ms, static_cast<double>(i)));
  return series;
}

TEST(RemoteWrite, KeepsLabelsAndBits) {
  model::Series series;
  series.labels = {{"__name__", "up"}, {"job", "x"}};
  series.samples = {{1000, model::stale_nan_bits},
                    {2000, model::normal_nan_bits},
                    {-5, 0},
                    model::Sample::of(0, -0.0)};
  const auto request = decode(encode_write_request(std::span(&series, 1)));
  ASSERT_EQ(request.timeseries_size(), 1);
  const auto& got = request.timeseries(0);
  ASSERT_EQ(got.labels_size(), 2);
  EXPECT_EQ(got.labels(1).name(), "job");
  EXPECT_EQ(got.labels(1).value(), "x");
  ASSERT_EQ(got.samples_size(), 4);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(std::bit_cast<uint64_t>(got.samples(i).value()),
              series.samples[static_cast<size_t>(i)].bits);
    EXPECT_EQ(got.samples(i).timestamp(), series.samples[static_cast<size_t>(i)].timestamp_ms);
  }
}

TEST(RemoteWrite, CarriesHistograms) {
  const auto cases = histogram_cases(recorded_start_ms);
  const auto request = decode(encode_write_request(cases));
  ASSERT_EQ(static_cast<size_t>(request.timeseries_size()), cases.size());
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto& got = request.timeseries(static_cast<int>(i));
    ASSERT_EQ(static_cast<size_t>(got.histograms_size()), cases[i].histograms.size());
    for (size_t h = 0; h < cases[i].histograms.size(); ++h) {
      EXPECT_EQ(*parse_histogram_message(got.histograms(static_cast<int>(h)).SerializeAsString()),
                cases[i].histograms[h]);
    }
  }
}

TEST(RemoteWriteRequests, NoRequestMixesTheKindsOfOneSeries) {
  model::Series mixed = floats("m", 0, 3000, 4);  // at 0, 3, 6, 9 s
  mixed.histograms = {{1000, {}}, {2000, {}}, {4000, model::Histogram{}.to_float()}, {5000, {}}};
  const auto requests = encode_write_requests(std::span(&mixed, 1));
  std::vector<std::string> got;
  for (const std::string& body : requests) {
    const auto request = decode(body);
    for (const auto& series : request.timeseries()) {
      std::string text;
      for (const auto& sample : series.samples())
        text += " f" + std::to_string(sample.timestamp() / 1000);
      for (const auto& histogram : series.histograms())
        text += (histogram.has_count_float() ? " hf" : " h") +
                std::to_string(histogram.timestamp() / 1000);
      got.push_back(text);
    }
  }
  EXPECT_EQ(got, (std::vector<std::string>{" f0", " h1 h2", " f3", " hf4", " h5", " f6 f9"}));
}

// What Prometheus demands: an earlier request may not bring samples an hour newer than what a later
// one brings.
TEST(RemoteWriteRequests, TimeAdvancesInAllSeriesTogether) {
  std::vector<model::Series> all = {floats("a", 0, 15'000, 1000),
                                    floats("b", 7'000'000, 60'000, 200),
                                    floats("c", 3, 400'000, 30), floats("d", 0, 1, 0)};
  for (const size_t most : {size_t{1}, size_t{77}, size_t{50'000}}) {
    std::map<std::string, int> samples;
    int64_t newest = INT64_MIN;
    for (const std::string& body : encode_write_requests(all, most)) {
      const auto request = decode(body);
      size_t in_request = 0;
      int64_t newest_here = newest;
      for (const auto& series : request.timeseries()) {
        for (const auto& sample : series.samples()) {
          EXPECT_GT(sample.timestamp(), newest == INT64_MIN ? INT64_MIN : newest - 3'600'000);
          newest_here = std::max<int64_t>(newest_here, sample.timestamp());
          ++samples[series.labels(0).value()];
          ++in_request;
        }
      }
      newest = newest_here;
      EXPECT_GT(in_request, 0U);
      EXPECT_LE(in_request, most);
    }
    EXPECT_EQ(samples, (std::map<std::string, int>{{"a", 1000}, {"b", 200}, {"c", 30}}));
  }
}

TEST(RemoteWriteRequests, TheEndsOfTimeAreReached) {
  model::Series series;
  series.labels = {{"__name__", "m"}};
  series.samples = {model::Sample::of(INT64_MIN, 1), model::Sample::of(INT64_MAX, 2)};
  EXPECT_EQ(encode_write_requests(std::span(&series, 1)).size(), 2U);
  EXPECT_TRUE(encode_write_requests({}).empty());
}

}  // namespace
}  // namespace mread::wire
