// Holds the mock store against real Prometheus: the same data, the same requests, the same bytes
// back.

#include <string>

#include <gmock/gmock.h>

#include "base/timestamp.h"
#include "integration/prometheus_process.h"
#include "mockstore/store/store.h"
#include "mockstore/store/store_config.h"
#include "net/client.h"
#include "wire/request/read_request.h"
#include "wire/request/remote_write.h"
#include "wire/snappy/snappy_block.h"

namespace mread::mockstore {
namespace {

// Sends a body as Prometheus's own clients do.
Result<net::Response> post(const PrometheusProcess& prometheus, const std::string& path,
                           std::string body) {
  net::ClientRequest request;
  request.url = prometheus.url(path);
  request.method = "POST";
  request.headers.set("Content-Type", "application/x-protobuf");
  request.headers.set("Content-Encoding", "snappy");
  request.headers.set("X-Prometheus-Remote-Write-Version", "0.1.0");
  request.body = std::move(body);
  return net::fetch(std::move(request));
}

constexpr int64_t step_ms = 15'000;
constexpr int64_t block_ms = 2 * 3600 * 1000;
constexpr int64_t points = 680;  // Below the three hours after which a head is compacted; over a
                                 // two-hour boundary for sure.

struct Version {
  const char* version;
  const char* generation;
  bool histograms;

  friend void PrintTo(const Version& one, std::ostream* out) { *out << one.version; }
};

class MockFidelityTest : public testing::TestWithParam<Version> {
 protected:
  static std::string config(const Version& version) {
    std::string text = R"(
external_labels: {region: us, zone: z1}
interval: 15s
max_samples: 3000
max_bytes_in_frame: 1000
input_series:
  - {series: 'm{instance="c"}', values: '0+1x679'}
  - {series: 'm{instance="a",zone="own"}', values: '0+0.1x679'}
  - {series: 'm{instance="b",region="us"}', values: '5x300 stale _x100 -3-0.7x200'}
  - {series: 'old{i="1"}', values: '1x49'}
  - {series: 'wild', values: '0.1+1234.56789x300 -7e300+1.1e299x300'}
  - {series: 'up{instance="a",job="x"}', values: '1 0 NaN Inf -Inf'}
  - {series: 'up{instance="a",job="x",pod="p"}', values: '1x600'}
)";
    if (version.histograms)
      text += R"(
  - {series: 'h{kind="growing"}', values: '{{schema:1 count:4 sum:5.5 z_bucket:1 z_bucket_w:0.001 buckets:[1 2]}}+{{schema:1 count:4 sum:5.5 z_bucket:1 z_bucket_w:0.001 buckets:[1 2]}}x399'}
  - {series: 'h{kind="reset"}', values: '{{schema:0 count:9 sum:5 buckets:[4 5]}}x10 {{schema:0 count:3 sum:1 buckets:[1 2]}}x10 {{schema:0 count:8 sum:2 buckets:[2 4 2]}}x10 stale {{schema:0 count:9 sum:5 buckets:[4 5]}}x3'}
)";
    return text + "behaves_like: " + version.generation + "\n";
  }

  void SetUp() override {
    prometheus_ = std::make_unique<PrometheusProcess>(
        GetParam().version, "global:\n  external_labels: {region: us, zone: z1}\n",
        std::vector<std::string>{"--storage.remote.read-sample-limit=3000",
                                 "--storage.remote.read-max-bytes-in-frame=1000"});
    ASSERT_TRUE(prometheus_->ready()) << prometheus_->log();

    StoreDefaults defaults;
    // Prometheus cuts chunks where its blocks end, so the data begin at the same place between two
    // such times in every run: a cut that leaves one sample to a chunk is the one place
    // where 2.42's bytes differ (a byte of padding).
    defaults.start_ms =
        (wall_clock_ms() - points * step_ms - block_ms / 3) / block_ms * block_ms + block_ms / 3;
    start_ms_ = defaults.start_ms;
    const StoreConfig store =
        parse_store(yaml::Node::parse(config(GetParam()), "store.yml"), "a", defaults);
    auto created = Store::create(store, 1, time_);
    ASSERT_TRUE(created) << created.error().context;
    store_ = std::move(*created);
    std::vector<model::Series> series;
    for (const InputSeries& input : store.input_series)
      series.push_back(input.series(0, {start_ms_, step_ms}));
    wire::WriteRequests requests(series);
    while (auto request = requests.next()) {
      const auto written = post(*prometheus_, "/api/v1/write", std::move(*request));
      ASSERT_TRUE(written) << written.error().to_string();
      ASSERT_EQ(written->head.status / 100, 2) << written->body;
    }
  }

  int64_t at(int64_t index) const { return start_ms_ + index * step_ms; }

  static model::Query query(std::string_view selector, int64_t start_ms, int64_t end_ms) {
    return {start_ms, end_ms, *model::parse_selector(selector), std::nullopt};
  }
  static model::Query hinted(model::Query query, int64_t start_ms, int64_t end_ms,
                             std::string func = "") {
    query.hints = model::ReadHints{};
    query.hints->start_ms = start_ms;
    query.hints->end_ms = end_ms;
    query.hints->func = std::move(func);
    return query;
  }

  void expect_same(const std::string& name, const std::string& body) {
    SCOPED_TRACE(name);
    const auto real = post(*prometheus_, "/api/v1/read", body);
    ASSERT_TRUE(real) << real.error().to_string();
    const auto exchange = store_->begin(body, "test");
    net::ResponseHead head;
    std::string mock;
    std::vector<Step> steps;
    do {
      exchange->next(steps);
      for (const Step& step : steps) {
        if (const auto* one = std::get_if<HeadStep>(&step)) head = one->head;
        if (const auto* one = std::get_if<BodyStep>(&step)) mock += one->bytes;
      }
    } while (!steps.empty() && !is_last(steps.back()));
    EXPECT_EQ(head.status, real->head.status);
    for (const char* header : {"Content-Type", "Content-Encoding", "X-Content-Type-Options"})
      EXPECT_EQ(head.headers.get(header), real->head.headers.get(header)) << header;
    if (real->head.headers.contains("Content-Length") &&
        !head.headers.contains("Content-Encoding")) {
      EXPECT_EQ(head.headers.get("Content-Length"), real->head.headers.get("Content-Length"));
    }
    if (real->head.status == 200 && real->head.headers.get("Content-Encoding") == "snappy") {
      // The compressors differ; what they compress does not.
      const auto want = wire::uncompress(real->body, 1U << 30);
      const auto got = wire::uncompress(mock, 1U << 30);
      ASSERT_TRUE(want && got);
      EXPECT_TRUE(*want == *got) << "the uncompressed answers differ: " << want->size() << " and "
                                 << got->size() << " bytes";
    } else {
      EXPECT_TRUE(real->body == mock)
          << "the answers differ: " << real->body.size() << " and " << mock.size() << " bytes";
    }
  }

  void expect_same_in_both_types(const std::string& name,
                                 const std::vector<model::Query>& queries) {
    expect_same(name + ", SAMPLES", wire::encode_read_request({queries, {}}));
    expect_same(name + ", STREAMED",
                wire::encode_read_request({queries, {model::ResponseType::streamed_xor_chunks}}));
  }

  SystemTime time_;
  int64_t start_ms_ = 0;
  std::unique_ptr<PrometheusProcess> prometheus_;
  std::unique_ptr<Store> store_;
};

TEST_P(MockFidelityTest, AnswersByteForByte) {
  const int64_t first = at(0);
  const int64_t last = at(points);
  expect_same_in_both_types("everything of one name", {query("m", first, last)});
  expect_same_in_both_types("values that do not compress", {query("wild", first, last)});
  expect_same_in_both_types("an unsorted stream", {query("up", first, last)});
  expect_same_in_both_types("cut", {query("m", at(10) + 1, at(500) - 1)});
  expect_same("one sample, SAMPLES", wire::encode_read_request({{query("m", at(7), at(7))}, {}}));
  if (GetParam()
          .histograms)  // 2.42 ends a chunk of one sample with an empty byte, which means nothing.
    expect_same("one sample, STREAMED",
                wire::encode_read_request(
                    {{query("m", at(7), at(7))}, {model::ResponseType::streamed_xor_chunks}}));
  expect_same_in_both_types("narrower hints", {hinted(query("m", first, at(130)), at(20), at(30))});
  expect_same_in_both_types("wider hints", {hinted(query("m", at(20), at(30)), first, at(130))});
  expect_same_in_both_types("hints of zero", {hinted(query("m", at(20), at(30)), 0, 0)});
  expect_same_in_both_types("hints without end",
                            {hinted(query("m", at(20), at(30)), INT64_MIN, INT64_MAX)});
  expect_same_in_both_types("func series",
                            {hinted(query("m", first, last), first, last, "series")});
  expect_same_in_both_types("between two samples", {query("m", first + 1, at(1) - 1)});
  expect_same_in_both_types("after the end", {query("old", at(100), at(101))});
  expect_same_in_both_types("hints after the end",
                            {hinted(query("old", first, at(101)), at(100), at(101))});
  expect_same_in_both_types("in a gap", {query(R"(m{instance="b"})", at(330), at(340))});
  expect_same_in_both_types("before the start", {query("m", at(-100), at(-50))});
  for (const char* selector :
       {R"(m{region="us"})", R"(m{region=~"us"})", R"(m{region!="us"})", R"(m{region=~"us|"})",
        R"(m{zone="own"})", R"(m{zone="z1"})", R"(m{region="eu"})", R"({instance=~".+"})", "nope"})
    expect_same_in_both_types(selector, {query(selector, first, at(3))});
  expect_same_in_both_types(
      "several queries",
      {query("m", first, at(3)), query("nope", first, last), query("old", first, at(3))});
  expect_same_in_both_types("no matcher", {model::Query{first, last, {}, std::nullopt}});
  expect_same_in_both_types("no query", {});
  expect_same_in_both_types("too many samples", {query(R"({__name__=~".+"})", first, last)});
  if (GetParam().histograms) {
    expect_same_in_both_types("histograms", {query("h", first, last)});
    expect_same_in_both_types("histograms, cut", {query("h", at(15), at(200))});
    expect_same_in_both_types("histograms without end", {query("h", first, INT64_MAX)});
  }
}

TEST_P(MockFidelityTest, RefusesInTheSameWords) {
  expect_same("no snappy", "hello world");
  expect_same("empty", "");
  expect_same("no protobuf", wire::compress("\x0a\x7f"));
  expect_same("unknown type", wire::compress("\x12\x01\x07"));
  expect_same("unknown types", wire::compress("\x12\x02\x07\x09"));
  expect_same("unknown and known type", wire::compress("\x12\x02\x07\x01"));
  expect_same("matcher type", wire::compress(std::string("\x0a\x0a\x1a\x08\x08\x09\x12\x01"
                                                         "a\x1a\x01"
                                                         "b",
                                                         12)));
}

INSTANTIATE_TEST_SUITE_P(Prometheus, MockFidelityTest,
                         testing::Values(Version{"2.42", "v2.42", false},
                                         Version{"3.5", "v3.5", true}),
                         [](const auto& param_info) {
                           return std::string(param_info.param.generation).substr(1, 1);
                         });

}  // namespace
}  // namespace mread::mockstore
