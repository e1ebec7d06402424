// Native histograms and floats through real Prometheus: written by remote write, read back in both
// kinds of answer.

#include <bit>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "integration/prometheus_process.h"
#include "net/client.h"
#include "probe/read_client.h"
#include "scenarios/nodes/remote_write.h"
#include "wire/chunk/histogram_cases.h"
#include "wire/request/read_request.h"

namespace mread::integration {
namespace {

using model::Sample;
using model::Series;

// The recorded samples lie years back; without the retention Prometheus would drop them.
const std::vector<std::string> keep_old_data{"--storage.tsdb.retention.time=3650d"};

probe::ReadReply read(const PrometheusProcess& server, const std::string& selector,
                      model::ResponseType type, int64_t start_ms, int64_t end_ms) {
  probe::ReadCall call;
  call.url = server.url("/api/v1/read");
  call.query = {start_ms, end_ms, *model::parse_selector(selector), std::nullopt};
  call.accept = {type};
  auto reply = probe::read_series(std::move(call));
  EXPECT_TRUE(reply) << reply.error().to_string();
  return reply ? std::move(*reply) : probe::ReadReply{};
}

constexpr auto both_types = {model::ResponseType::samples,
                             model::ResponseType::streamed_xor_chunks};

// Every sample of every kind arrives, also where a series changes its kind.
TEST(HistogramRecording, PrometheusGivesBackWhatWasWritten) {
  const PrometheusProcess server("3.5", "global: {scrape_interval: 15s}\n", keep_old_data);
  ASSERT_TRUE(server.ready()) << server.log();
  const auto cases = wire::histogram_cases(wire::recorded_start_ms);
  const auto written = scenarios::write_series(server.url("/api/v1/write"), cases, {});
  ASSERT_TRUE(written) << written.error().to_string();

  for (const model::ResponseType type : both_types) {
    const auto reply = read(server, "native", type, wire::recorded_start_ms - 1000,
                            wire::recorded_start_ms + 7'200'000);
    EXPECT_EQ(reply.response_type, type);
    std::map<std::string, const Series*> got;
    for (const Series& series : reply.series) got[std::string(series.labels.get("case"))] = &series;
    ASSERT_EQ(got.size(), cases.size());
    for (const Series& want : cases) {
      const std::string name(want.labels.get("case"));
      ASSERT_EQ(got[name]->histograms.size(), want.histograms.size()) << name;
      for (size_t i = 0; i < want.histograms.size(); ++i) {
        const model::Histogram& a = got[name]->histograms[i].histogram;
        const model::Histogram& b = want.histograms[i].histogram;
        EXPECT_EQ(got[name]->histograms[i].timestamp_ms, want.histograms[i].timestamp_ms) << name;
        EXPECT_EQ(a.is_stale(), b.is_stale()) << name;
        if (b.is_stale()) continue;
        EXPECT_EQ(std::bit_cast<uint64_t>(a.sum), std::bit_cast<uint64_t>(b.sum)) << name;
        EXPECT_EQ(a.count, b.count) << name;
        EXPECT_EQ(a.float_count, b.float_count) << name;
        EXPECT_EQ(a.schema, b.schema) << name;
      }
    }
  }

  if (const char* folder = std::getenv("MREAD_RECORD"); folder != nullptr) {
    for (const model::ResponseType type : both_types) {
      const bool streamed = type == model::ResponseType::streamed_xor_chunks;
      model::ReadRequest request;
      request.queries.push_back({wire::recorded_start_ms - 1000,
                                 wire::recorded_start_ms + 7'200'000,
                                 *model::parse_selector("native"), std::nullopt});
      if (streamed) request.accepted_response_types = {type};
      net::ClientRequest post;
      post.url = server.url("/api/v1/read");
      post.method = "POST";
      post.body = wire::encode_read_request(request);
      const auto answer = net::fetch(std::move(post));
      ASSERT_TRUE(answer);
      std::ofstream(
          std::string(folder) + (streamed ? "/histograms_streamed.bin" : "/histograms_samples.bin"),
          std::ios::binary)
          << answer->body;
    }
  }
}

// Bits, staleness markers and a change from floats to histograms and back, over more than the hour
// that a head looks back.
TEST(RemoteWriteToPrometheus, KeepsBitsAndChangesOfKind) {
  constexpr int64_t start_ms = 1'700'000'000'000;
  const PrometheusProcess server("3.5", "global: {scrape_interval: 15s}\n", keep_old_data);
  ASSERT_TRUE(server.ready()) << server.log();
  std::vector<Series> all;
  Series odd{{{"__name__", "odd"}}, {}, {}};
  odd.samples = {{start_ms, model::normal_nan_bits},
                 {start_ms + 1, model::stale_nan_bits},
                 Sample::of(start_ms + 2, -0.0),
                 Sample::of(start_ms + 3, 5e-324)};
  all.push_back(odd);
  Series mixed{{{"__name__", "mixed"}}, {}, {}};
  for (int64_t i = 0; i < 12; ++i) {
    const int64_t at = start_ms + i * 15'000;
    model::Histogram histogram;
    histogram.count = static_cast<uint64_t>(i);
    histogram.positive_spans = {{0, 1}};
    histogram.positive_deltas = {i};
    if (i % 3 == 0) {
      mixed.samples.push_back(Sample::of(at, static_cast<double>(i)));
    } else {
      mixed.histograms.push_back({at, i % 3 == 1 ? histogram : histogram.to_float()});
    }
  }
  all.push_back(mixed);
  for (const char* name : {"long_a", "long_b"}) {
    Series series{{{"__name__", name}}, {}, {}};
    for (int64_t i = 0; i < 3 * 240; ++i)
      series.samples.push_back(Sample::of(start_ms + i * 15'000, static_cast<double>(i)));
    all.push_back(series);
  }
  const auto written = scenarios::write_series(server.url("/api/v1/write"), all, {});
  ASSERT_TRUE(written) << written.error().to_string();
  for (const model::ResponseType type : both_types) {
    for (const Series& want : all) {
      const auto reply = read(server, std::string(want.labels.metric_name()), type, start_ms,
                              start_ms + 4 * 3'600'000);
      ASSERT_EQ(reply.series.size(), 1U) << want.labels.to_string();
      std::vector<Sample> samples = want.samples;
      for (Sample& sample : samples) {
        // Go leaves zeros out of a SAMPLES answer, and takes -0 for one.
        if (type == model::ResponseType::samples && sample.bits == std::bit_cast<uint64_t>(-0.0))
          sample.bits = 0;
      }
      EXPECT_EQ(reply.series[0].samples, samples) << want.labels.to_string();
      ASSERT_EQ(reply.series[0].histograms.size(), want.histograms.size())
          << want.labels.to_string();
      for (size_t i = 0; i < want.histograms.size(); ++i) {
        EXPECT_EQ(reply.series[0].histograms[i].timestamp_ms, want.histograms[i].timestamp_ms);
        EXPECT_TRUE(
            reply.series[0].histograms[i].histogram.same_values(want.histograms[i].histogram));
      }
    }
  }
}

}  // namespace
}  // namespace mread::integration
