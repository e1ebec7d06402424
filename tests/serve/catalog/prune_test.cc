#include <map>

#include <gmock/gmock.h>

#include "model/matcher.h"
#include "serve/catalog/catalog_source.h"
#include "serve/serve_fixture.h"
#include "wire/request/read_request.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using merger::tests::labels;
using merger::tests::samples_body;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// A store with the pages that a Prometheus has, as a test says; it answers reads with one body.
struct FakePrometheus {
  std::mutex mutex;
  std::map<std::string, std::string> pages;  // By target without its query.
  std::vector<std::string> asked;
  std::vector<model::ReadRequest> reads;
  std::string body;
  std::string series;  // Of a read with func="series"; none: a 400.
  std::string header;  // That of X-Tenant of the last GET.
  std::atomic<bool> pages_hang = false;
  std::atomic<bool> reads_hang = false;

  void holds(const std::map<std::string, std::vector<std::string>>& values,
             const std::string& config = "") {
    const std::lock_guard lock(mutex);
    pages["/p/api/v1/status/config"] =
        R"({"status":"success","data":{"yaml":"global:\n  scrape_interval: 1m\n)" + config +
        R"("}})";
    std::string names;
    for (const auto& [name, all] : values) {
      names += (names.empty() ? "" : ",") + model::quote(name);
      std::string list;
      for (const auto& value : all) list += (list.empty() ? "" : ",") + model::quote(value);
      pages["/p/api/v1/label/" + name + "/values"] =
          R"({"status":"success","data":[)" + list + "]}";
    }
    pages["/p/api/v1/labels"] = R"({"status":"success","data":[)" + names + "]}";
  }

  net::Handler handler() {
    return
        [this](net::ServerRequest request, net::ResponseWriter& writer) -> asio::awaitable<void> {
          if (request.head.method == "GET" ? pages_hang : reads_hang) {
            co_await writer.client_gone();
            writer.abort(false);
            co_return;
          }
          auto [head, text] = answer(request);
          co_await writer.reply(std::move(head), std::move(text));
        };
  }

  std::vector<std::string> targets() {
    const std::lock_guard lock(mutex);
    return asked;
  }
  size_t times_asked(const std::string& target) {
    const auto all = targets();
    return static_cast<size_t>(std::count(all.begin(), all.end(), target));
  }
  model::Query read_query() {
    const std::lock_guard lock(mutex);
    return reads.at(0).queries.at(0);
  }
  std::string tenant() {
    const std::lock_guard lock(mutex);
    return header;
  }
  size_t reads_asked() {
    const std::lock_guard lock(mutex);
    return reads.size();
  }

 private:
  std::pair<net::ResponseHead, std::string> answer(const net::ServerRequest& request) {
    const std::lock_guard lock(mutex);
    const std::string& target = request.head.target;
    asked.push_back(target);
    net::ResponseHead head;
    if (request.head.method == "GET") {
      header = request.head.headers.get("X-Tenant");
      const auto page = pages.find(target.substr(0, target.find('?')));
      if (page != pages.end()) return {head, page->second};
      head.status = 404;
      return {head, ""};
    }
    const auto decoded = wire::decode_read_request(request.body, 1U << 20);
    EXPECT_TRUE(decoded);
    const model::Query& query = decoded->queries.at(0);
    if (query.hints && query.hints->func == "series") {
      head.headers.add("Content-Type", "application/x-protobuf");
      head.headers.add("Content-Encoding", "snappy");
      if (series.empty()) head.status = 400;
      return {head, series};
    }
    reads.push_back(*decoded);
    return {streamed_head(), body};
  }
};

const std::string m_body = frame("m{n=\"1\"}", samples(1'000, 1'000, {1}));

class ServePrune : public ServeTest {
 protected:
  void SetUp() override {
    a_.body = m_body;
    a_.holds({{"__name__", {"m"}}, {"n", {"1"}}});
    b_.holds({{"__name__", {"other"}}, {"n", {"1"}}});
  }
  static std::string url(const ScriptedBackend& backend, const std::string& more = "") {
    return "http://127.0.0.1:" + std::to_string(backend.port()) + "/p/api/v1/read" + more;
  }
  int refreshes(const std::string& backend, const std::string& result) {
    const std::string count = metric("mread_backend_catalog_refreshes_total{backend=\"" + backend +
                                     "\",group=\"" + backend + "\",result=\"" + result + "\"}");
    return count.empty() ? 0 : std::stoi(count);
  }
  void wait_learned(const std::string& backend) {
    wait_until([&] { return refreshes(backend, "learned") >= 1; });
  }
  void wait_failed(const std::string& backend) {
    wait_until([&] { return refreshes(backend, "failed") >= 1; });
  }
  std::string skipped(const std::string& backend, const std::string& reason) {
    return metric("mread_backend_skipped_total{backend=\"" + backend + "\",group=\"" + backend +
                  "\",reason=\"" + reason + "\"}");
  }
  /// A read of a selector in the distant past; by default one that is all known.
  std::string read_text(const std::string& selector = "m", int64_t end_ms = 10'000'000,
                        int64_t start_ms = 0) {
    model::ReadRequest read;
    model::Query query;
    query.start_ms = start_ms;
    query.end_ms = end_ms;
    query.matchers = *model::parse_selector(selector);
    read.queries.push_back(std::move(query));
    read.accepted_response_types.push_back(model::ResponseType::streamed_xor_chunks);
    auto out = request("/api/v1/read", "POST");
    out.body = wire::encode_read_request(read);
    return ServeTest::read_text(std::move(out));
  }

  FakePrometheus a_, b_;
  ScriptedBackend backend_a_{loop_, a_.handler()};
  ScriptedBackend backend_b_{loop_, b_.handler()};
};

TEST_F(ServePrune, ABackendThatHoldsNothingIsNotAsked) {
  serve({url(backend_a_), url(backend_b_)}, "prune: {refresh: 1h}\n", "8s");
  wait_learned("a");
  wait_learned("b");
  EXPECT_EQ(read_text(), "m{n=\"1\"} 1@1000\n");
  EXPECT_EQ(a_.reads_asked(), 1u);
  EXPECT_EQ(b_.reads_asked(), 0u);
  EXPECT_EQ(skipped("a", "prune"), "0");
  EXPECT_EQ(skipped("b", "prune"), "1");
  EXPECT_EQ(metric("mread_backend_catalog_values{backend=\"b\",group=\"b\"}"), "2");
  EXPECT_EQ(read_text("other"), "");
  EXPECT_EQ(b_.reads_asked(), 1u);
  const std::string page = get(request("/"))->body;
  EXPECT_THAT(page, HasSubstr("holds: 2 labels, 2 values, 1 KiB"));
}

TEST_F(ServePrune, WhatIsLaterThanTheCatalogIsAskedFor) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  serve({url(backend_a_), url(backend_b_)}, "prune: {refresh: 1h, settle: 10s}\n", "8s");
  wait_learned("a");
  wait_learned("b");
  read_text("m", now_ms + 3'600'000, now_ms - 3'600'000);
  ASSERT_EQ(b_.reads_asked(), 1u);
  const model::Query tail = b_.read_query();
  EXPECT_GE(tail.start_ms, now_ms - 10'000);
  EXPECT_EQ(tail.end_ms, now_ms + 3'600'000);
  EXPECT_EQ(a_.read_query().start_ms, now_ms - 3'600'000);
  EXPECT_EQ(skipped("b", "prune_tail"), "1");
}

TEST_F(ServePrune, UntilItIsLearnedEveryoneIsAsked) {
  b_.pages_hang = true;
  serve({url(backend_a_), url(backend_b_)}, "prune: {refresh: 1h, timeout: 1h}\n", "8s");
  wait_learned("a");
  read_text();
  EXPECT_EQ(b_.reads_asked(), 1u);
  loop_.run(service_->stop());
}

TEST_F(ServePrune, ARefreshHasADeadlineAndWhatIsKnownStays) {
  serve({url(backend_a_), url(backend_b_)}, "prune: {refresh: 10ms, timeout: 200ms}\n", "8s");
  wait_learned("b");
  b_.pages_hang = true;
  wait_failed("b");
  EXPECT_EQ(read_text(), "m{n=\"1\"} 1@1000\n");
  EXPECT_EQ(b_.reads_asked(), 0u);
  EXPECT_THAT(get(request("/"))->body, HasSubstr("no answer within 200ms"));
}

TEST_F(ServePrune, ExternalLabelsAreInTheConfigurationOnly) {
  b_.holds({{"__name__", {"m"}}, {"n", {"1"}}}, R"(  external_labels:\n    region: eu\n)");
  serve({url(backend_a_), url(backend_b_)}, "prune: {refresh: 1h}\n", "8s");
  wait_learned("a");
  wait_learned("b");
  read_text("m{region=\"eu\"}");
  EXPECT_EQ(a_.reads_asked(), 0u);
  EXPECT_EQ(b_.reads_asked(), 1u);
  read_text("m{region=\"us\"}");
  EXPECT_EQ(b_.reads_asked(), 1u);
  // What a collector makes of it: its series have no such label where they are stored.
  read_text("m{region=\"\"}");
  EXPECT_EQ(b_.reads_asked(), 2u);
}

TEST_F(ServePrune, WhileItsCircuitIsOpenABackendIsLeftAlone) {
  serve({url(backend_a_), url(backend_b_)},
        "prune: {refresh: 10ms}\nhealth: {probe: 1h, open_after: 1}\n");
  wait_learned("a");
  wait_learned("b");
  b_.reads_hang = true;
  b_.pages_hang = true;
  EXPECT_EQ(read_text("other"), "b: deadline 200ms\n");
  wait_until(
      [&] { return get(request("/"))->body.find(": open circuit</div>") != std::string::npos; });
  b_.pages_hang = false;
  const int refreshes_before = refreshes("b", "learned");
  const int others = refreshes("a", "learned");
  wait_until([&] { return refreshes("a", "learned") >= others + 3; });
  EXPECT_EQ(refreshes("b", "learned"), refreshes_before);
  EXPECT_EQ(read_text("m"), "m{n=\"1\"} 1@1000\n") << "what it held is known";
}

TEST_F(ServePrune, AQueryNodeMayHoldWhatOthersHold) {
  b_.holds({{"__name__", {"other"}}}, R"(remote_read:\n- url: http://x/\n)");
  serve({url(backend_a_), url(backend_b_)}, "prune: {refresh: 1h}\n", "8s");
  wait_learned("a");
  wait_failed("b");
  read_text();
  EXPECT_EQ(b_.reads_asked(), 1u);
  EXPECT_THAT(get(request("/"))->body, HasSubstr("a remote_read of its own"));
}

TEST_F(ServePrune, OtherStoresListTheirSeries) {
  b_.pages.clear();
  b_.series = samples_body(
      {{labels("other{region=\"eu\"}"), {}, ""}, {labels("m{region=\"us\"}"), {}, ""}});
  serve({url(backend_a_), url(backend_b_)}, "prune: {refresh: 1h}\n", "8s");
  wait_learned("a");
  wait_learned("b");
  read_text("m{region=\"eu\"}");
  EXPECT_EQ(b_.reads_asked(), 0u);
  read_text("m{region=\"us\"}");
  EXPECT_EQ(b_.reads_asked(), 1u);
}

TEST_F(ServePrune, AStoreThatSendsSamplesAllTheSameIsNotAskedAgain) {
  b_.pages.clear();
  b_.series = samples_body("other", samples(1'000, 1'000, {1}));
  serve({url(backend_a_), url(backend_b_)}, "prune: {refresh: 1h}\n", "8s");
  wait_failed("b");
  EXPECT_EQ(b_.times_asked("/p/api/v1/read"), 1u);
  EXPECT_THAT(get(request("/"))->body,
              HasSubstr("it sends samples where only series are asked for"));
  read_text();
  EXPECT_EQ(b_.reads_asked(), 1u);
}

TEST_F(ServePrune, PassesOnWhatLetsReadsInAndAsksWhereItIsTold) {
  for (const std::string page :
       {"status/config", "labels", "label/__name__/values", "label/n/values"}) {
    b_.pages["/elsewhere/" + page] = b_.pages["/p/api/v1/" + page];
    b_.pages.erase("/p/api/v1/" + page);
  }
  serve_config("remote_read:\n  - {name: a, url: \"" + url(backend_a_, "?db=x") +
               "\", headers: {X-Tenant: me}}\n  - {name: b, url: \"" + url(backend_b_) +
               "\"}\nprune: {refresh: 1h, values: 7, api: {b: /elsewhere}}\n");
  wait_learned("a");
  wait_learned("b");
  EXPECT_EQ(a_.tenant(), "me");
  EXPECT_THAT(a_.targets(), Contains("/p/api/v1/label/n/values?limit=8&db=x"));
  EXPECT_EQ(a_.targets().front(), "/p/api/v1/status/config?db=x");
  EXPECT_THAT(b_.targets(), Contains("/elsewhere/labels"));
  EXPECT_THAT(b_.targets(), Not(Contains("/p/metrics"))) << "it may be anywhere";
}

TEST_F(ServePrune, SomeAreNotLearned) {
  serve({url(backend_a_), url(backend_b_)}, "prune: {refresh: 1h, except: [b]}\n", "8s");
  wait_learned("a");
  read_text();
  EXPECT_EQ(b_.reads_asked(), 1u);
  EXPECT_EQ(b_.targets().size(), 1u);
}

TEST_F(ServePrune, ALabelWithTooManyValuesIsLeftAloneForAWhile) {
  b_.pages["/p/api/v1/label/n/values"] =
      R"({"status":"success","data":["1"],"warnings":["results truncated"]})";
  serve({url(backend_a_), url(backend_b_)}, "prune: {refresh: 10ms}\n", "8s");
  wait_until([&] { return refreshes("b", "learned") >= 3; });
  loop_.run(service_->stop());
  const size_t begun = b_.times_asked("/p/api/v1/labels");
  EXPECT_LE(b_.times_asked("/p/api/v1/label/n/values?limit=50001"), (begun + 9) / 10);
  read_text("other{n=\"2\"}");
  EXPECT_EQ(b_.reads_asked(), 1u);
}

TEST_F(ServePrune, ABackendWhoseSamplesAreLaterIsNotAsked) {
  b_.holds({{"__name__", {"m"}}});
  b_.pages["/p/metrics"] = "# HELP x\nprometheus_tsdb_lowest_timestamp 1e+07\nx 1\n";
  serve({url(backend_a_), url(backend_b_)}, "prune: {refresh: 1h}\n", "8s");
  wait_learned("b");
  read_text("m", 9'999'999);
  EXPECT_EQ(b_.reads_asked(), 0u);
  EXPECT_EQ(skipped("b", "time"), "1");
  read_text("m", 10'000'000);
  EXPECT_EQ(b_.reads_asked(), 1u);
}

TEST_F(ServePrune, ABackendThatWasAwayIsAskedUntilItIsLearnedAgain) {
  auto gone = std::make_unique<ScriptedBackend>(loop_, b_.handler());
  serve({url(backend_a_), url(*gone)}, "partial: any\nprune: {refresh: 1h}\n", "8s");
  wait_learned("a");
  wait_learned("b");
  gone.reset();
  read_text("other");  // It is asked, and cannot be reached.
  EXPECT_EQ(metric("mread_backend_failures_total{backend=\"b\",reason=\"refused\"}"), "1");
  EXPECT_EQ(read_text(), "m{n=\"1\"} 1@1000\n");
  EXPECT_EQ(metric("mread_backend_failures_total{backend=\"b\",reason=\"refused\"}"), "2");
  EXPECT_EQ(metric("mread_partial_reads_total"), "1") << "the second lost nothing";
  EXPECT_THAT(get(request("/"))->body, HasSubstr("away since"));
}

TEST_F(ServePrune, AReloadKeepsWhatIsKnown) {
  std::string text = "remote_read:\n  - {name: a, url: \"" + url(backend_a_) +
                     "\"}\n  - {name: b, url: \"" + url(backend_b_) + "\"}\nprune: {refresh: 1h}\n";
  serve_config(text);
  service_->set_source([&text] { return config::Config::parse(text, "mread.yml"); });
  wait_learned("a");
  wait_learned("b");
  b_.pages_hang = true;
  text += "partial: any\n";
  ASSERT_EQ(get(request("/-/reload", "POST"))->head.status, 200);
  EXPECT_EQ(read_text(), "m{n=\"1\"} 1@1000\n");
  EXPECT_EQ(b_.reads_asked(), 0u);
  text = text.substr(0, text.find("prune")) + "partial: any\n";
  ASSERT_EQ(get(request("/-/reload", "POST"))->head.status, 200);
  read_text();
  EXPECT_EQ(b_.reads_asked(), 1u) << "without prune: it is forgotten";
}

TEST(PrometheusConfig, ExternalLabelsAndWhatElseMatters) {
  const auto config = parse_prometheus_config(
      "global:\n  scrape_interval: 1m\n  external_labels:\n    job: ext\n    region: \"us: "
      "\\\"x\\\"\"\n"
      "scrape_configs:\n- job_name: remote_read\n  external_labels:\n    no: 1\nstorage:\n  tsdb:\n"
      "    out_of_order_time_window: 30m\n");
  ASSERT_TRUE(config) << config.error().to_string();
  using Pair = std::pair<std::string, std::string>;
  EXPECT_EQ(config->external_labels, (std::vector<Pair>{{"job", "ext"}, {"region", "us: \"x\""}}));
  EXPECT_FALSE(config->reads_remotely);
  EXPECT_TRUE(config->takes_old_samples);
  EXPECT_TRUE(parse_prometheus_config("global:\n  a: b\nremote_read:\n- url: x\n")->reads_remotely);
  EXPECT_FALSE(parse_prometheus_config("global:\n  a: b\n")->takes_old_samples);
  EXPECT_FALSE(parse_prometheus_config(""));
  EXPECT_FALSE(parse_prometheus_config("target: all\n"));
  EXPECT_FALSE(parse_prometheus_config("global:\n  external_labels: {\n"));
  EXPECT_TRUE(
      parse_prometheus_config("global:\n  external_labels:\n  a: b\n")->external_labels.empty());
}

TEST(PrometheusConfig, WhatABackendSendsIsReadWithinBounds) {
  for (const std::string& bad :
       {std::string("[1],"), std::string(1'000'000, '['), std::string("{a: 1},"),
        std::string("\n - - - - ,"), "&a [" + std::string(1000, ' ') + "*a]"}) {
    const auto config = parse_prometheus_config("global:\n  external_labels: " + bad);
    ASSERT_FALSE(config) << bad.substr(0, 20);
    EXPECT_EQ(config.error().context.find('\n'), std::string::npos) << "one line, for the log";
  }
}

TEST(LowestTimestamp, AsPrometheusWritesIt) {
  EXPECT_EQ(lowest_timestamp("# TYPE x\nprometheus_tsdb_lowest_timestamp 1.794437734e+12\n"),
            1794437734000);
  EXPECT_EQ(lowest_timestamp("\nprometheus_tsdb_lowest_timestamp 9.223372036854776e+18\n"),
            INT64_MAX);
  EXPECT_EQ(lowest_timestamp("\nprometheus_tsdb_lowest_timestamp NaN\n"), std::nullopt);
  EXPECT_EQ(lowest_timestamp("prometheus_tsdb_lowest_timestamp_seconds 1\n"), std::nullopt);
  EXPECT_EQ(lowest_timestamp("\nprometheus_tsdb_lowest_timestamp"), std::nullopt);
}

}  // namespace
}  // namespace mread::serve
