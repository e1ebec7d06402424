#include "mockstore/server/store_server.h"

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "mockstore/faults/parse_fault.h"
#include "mockstore/store_fixture.h"
#include "net/client.h"

namespace mread::mockstore {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;
using testing::SizeIs;
using namespace std::chrono_literals;

// A store on port 0, served by two threads.
class StoreServerTest : public testing::Test {
 protected:
  void start(const std::string& config) {
    auto started = StoreServer::start(context_.get_executor(), store_of(config), 1, time_);
    ASSERT_TRUE(started) << (started ? "" : started.error().context);
    server_ = std::move(*started);
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { context_.run(); });
  }

  void TearDown() override {
    if (server_)
      asio::co_spawn(asio::make_strand(context_), server_->drain(0ms), asio::use_future).get();
    work_.reset();
    context_.stop();
    threads_.clear();
    server_.reset();
  }

  Result<net::Response> send(const std::string& url, const std::string& method,
                             std::string body = {}, std::chrono::milliseconds timeout = 20s) {
    net::ClientRequest request;
    request.url = *net::Url::parse(url);
    request.method = method;
    request.body = std::move(body);
    net::FetchLimits limits;
    limits.timeout = timeout;
    return net::fetch(std::move(request), limits);
  }
  Result<net::Response> read(std::chrono::milliseconds timeout = 20s) {
    return send(server_->read_url(), "POST", request_of({query_of("up")}, streamed), timeout);
  }

  // Waits for an event on the store's side: it happens on another thread.
  template <class Condition>
  void await(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_TRUE(condition());
  }
  JournalEntry::Outcome outcome(size_t request) {
    const auto entries = server_->store().journal().entries();
    return request < entries.size() ? entries[request].outcome : JournalEntry::Outcome::in_progress;
  }

  SystemTime time_;
  asio::io_context context_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{
      context_.get_executor()};
  std::unique_ptr<StoreServer> server_;
  std::vector<std::jthread> threads_;
};

constexpr const char* many_series =
    "{input_series: [{series: up, values: '0+1x719', repeat: {host: 500}}], interval: 15s}";

TEST_F(StoreServerTest, StreamsEverySeries) {
  start(many_series);
  const auto response = read();
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->head.status, 200);
  EXPECT_EQ(response->head.headers.get("Content-Type"),
            "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
  EXPECT_THAT(decode_streamed(response->body), SizeIs(500));
  await([&] { return outcome(0) == JournalEntry::Outcome::complete; });
  const auto entry = server_->store().journal().entries().at(0);
  EXPECT_EQ(entry.bytes, response->body.size());
  EXPECT_EQ(entry.series, 500u);
  EXPECT_EQ(entry.samples, 500u * 720);
}

TEST_F(StoreServerTest, AnswersSamples) {
  start(many_series);
  const auto response = send(server_->read_url(), "POST", request_of({query_of("up")}));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->head.headers.get("Content-Encoding"), "snappy");
  EXPECT_THAT(decode_samples(response->body)[0], SizeIs(500));
}

TEST_F(StoreServerTest, RefusesOtherPathsAndMethodsAsPrometheusDoes) {
  start(many_series);
  const auto other = send(server_->url() + "/nope", "POST");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->head.status, 404);
  EXPECT_EQ(other->body, "404 page not found\n");
  const auto get = send(server_->read_url(), "GET");
  ASSERT_TRUE(get);
  EXPECT_EQ(get->head.status, 405);
  EXPECT_EQ(get->body, "Method Not Allowed\n");
  EXPECT_EQ(get->head.headers.get("Allow"), "OPTIONS, POST");
  const auto on_admin = send(server_->admin_url() + "/api/v1/read", "POST");
  ASSERT_TRUE(on_admin);
  EXPECT_EQ(on_admin->head.status, 404);
}

TEST_F(StoreServerTest, ASinkTakesAlertsAndScrapesAndCountsThem) {
  start("{sink: true, input_series: [{series: up, values: '1x3'}]}");
  for (const char* path : {"/api/v2/alerts", "/ops/api/v2/alerts"}) {
    const auto alerts = send(server_->url() + path, "POST", "[]");
    ASSERT_TRUE(alerts);
    EXPECT_EQ(alerts->head.status, 200) << path;
  }
  const auto scrape = send(server_->url() + "/federate?match[]=up", "GET");
  ASSERT_TRUE(scrape);
  EXPECT_EQ(scrape->head.status, 200);
  EXPECT_EQ(scrape->head.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(scrape->body, "");
  const auto other = send(server_->url() + "/api/v1/write", "POST");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->head.status, 404);
  for (const std::string& url : {server_->url(), server_->admin_url()}) {
    const auto counts = send(url + "/-/sink", "GET");
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->body, "{\"alerts\":2,\"scrapes\":1}\n");
  }
  ASSERT_TRUE(read());
  EXPECT_EQ(read()->head.status, 200) << "it is a store still";
}

TEST_F(StoreServerTest, ShowsItsJournal) {
  start(many_series);
  ASSERT_TRUE(read());
  for (const std::string& url : {server_->url(), server_->admin_url()}) {
    const auto journal = send(url + "/-/journal", "GET");
    ASSERT_TRUE(journal);
    EXPECT_EQ(boost::json::parse(journal->body).at("total").as_int64(), 1);
  }
}

TEST_F(StoreServerTest, KeepsPagesInABrowserFromItsControlInterface) {
  start("{input_series: [{series: up, values: '1x3'}]}");
  const auto status = [this](const std::string& base, const std::string& path,
                             const std::string& method, const std::string& name,
                             const std::string& value) {
    net::ClientRequest request;
    request.url = *net::Url::parse(base + path);
    request.method = method;
    request.headers.set(name, value);
    if (method == "PUT") request.body = "[]";
    const auto answer = net::fetch(std::move(request), {});
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().to_string());
    return answer ? answer->head.status : 0;
  };
  for (const std::string& base : {server_->url(), server_->admin_url()}) {
    for (const auto& [path, method] :
         {std::pair("/-/journal", "GET"), std::pair("/-/journal", "DELETE"),
          std::pair("/-/faults", "GET"), std::pair("/-/faults", "PUT")}) {
      EXPECT_EQ(status(base, path, method, "Host", "evil.example"), 403) << path;
      EXPECT_EQ(status(base, path, method, "Origin", "http://evil.example"), 403) << path;
      EXPECT_EQ(status(base, path, method, "Sec-Fetch-Site", "cross-site"), 403) << path;
      EXPECT_EQ(status(base, path, method, "Host", "localhost"), 200) << path;
      EXPECT_EQ(status(base, path, method, "Accept", "*/*"), 200) << path;
    }
    EXPECT_EQ(status(base, "/-/ready", "GET", "Host", "node-a:9099"), 200) << "it says nothing";
  }
}

TEST_F(StoreServerTest, ControlIsTakenByItsNames) {
  auto config = store_of("{input_series: []}");
  config.hostnames = {"node-a"};
  const auto started = StoreServer::start(context_.get_executor(), config, 1, time_);
  ASSERT_TRUE(started);
  threads_.emplace_back([this] { context_.run(); });
  net::ClientRequest request;
  request.url = *net::Url::parse((*started)->admin_url() + "/-/journal");
  request.headers.set("Host", "node-a:9099");
  const auto answer = net::fetch(std::move(request), {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->head.status, 200);
  asio::co_spawn(asio::make_strand(context_), (*started)->drain(0ms), asio::use_future).get();
}

TEST_F(StoreServerTest, LatencyComesBeforeTheHeaders) {
  start("{input_series: [{series: up, values: '1'}], faults: [{latency: 30ms}]}");
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(read());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
  const auto entry = server_->store().journal().entries().at(0);
  EXPECT_GE(entry.first_byte->since_start - entry.arrived.since_start, 30ms);
}

TEST_F(StoreServerTest, AHangEndsWhenTheClientGivesUp) {
  start("{input_series: [{series: up, values: '1'}], faults: [{hang_before_headers: , first: 1}]}");
  const auto response = read(50ms);
  ASSERT_FALSE(response);
  EXPECT_TRUE(response.error().is(Errc::deadline));
  await([&] { return outcome(0) == JournalEntry::Outcome::client_gone; });
  EXPECT_EQ(server_->store().journal().entries().at(0).status, 0);
  EXPECT_TRUE(read()) << "only the first request hangs";
}

TEST_F(StoreServerTest, AWaitEndsWhenTheClientGivesUp) {
  start("{input_series: [{series: up, values: '1'}], faults: [{latency: 1h}]}");
  EXPECT_FALSE(read(50ms));
  await([&] { return outcome(0) == JournalEntry::Outcome::client_gone; });
}

TEST_F(StoreServerTest, AHangInMidBodyHasSentItsBeginning) {
  start(
      "{input_series: [{series: up, values: '0+1x500'}], faults: [{hang_mid_body: {bytes: 100}}]}");
  EXPECT_FALSE(read(50ms));
  await([&] { return outcome(0) == JournalEntry::Outcome::client_gone; });
  const auto entry = server_->store().journal().entries().at(0);
  EXPECT_EQ(entry.status, 200);
  EXPECT_EQ(entry.bytes, 100u);
}

TEST_F(StoreServerTest, AHangEndsWithTheServer) {
  start("{input_series: [{series: up, values: '1'}], faults: [{hang_before_headers: }]}");
  std::jthread client([this] { EXPECT_FALSE(read()); });
  await([&] { return server_->store().journal().total() == 1; });
  asio::co_spawn(asio::make_strand(context_), server_->drain(0ms), asio::use_future).get();
}

TEST_F(StoreServerTest, ResetsAndCutsAreErrorsOfTheClient) {
  start(many_series);
  for (const char* fault : {"{reset: before_headers}", "{reset: {after_bytes: 1000}}",
                            "{truncate: {frames: 3, end: cut}}"}) {
    server_->store().journal().clear();
    server_->set_faults(parse_faults(yaml::Node::parse(fault, "f")));
    EXPECT_FALSE(read()) << fault;
    await([&] { return outcome(0) == JournalEntry::Outcome::aborted; });
  }
}

TEST_F(StoreServerTest, ACleanTruncationIsAShortAnswer) {
  start(many_series);
  server_->set_faults(parse_faults(yaml::Node::parse("{truncate: {frames: 3}}", "f")));
  const auto response = read();
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_THAT(decode_streamed(response->body), SizeIs(3));
}

TEST_F(StoreServerTest, ASlicedAnswerIsWhole) {
  start(many_series);
  const auto whole = read();
  ASSERT_TRUE(whole) << whole.error().to_string();
  server_->set_faults(parse_faults(yaml::Node::parse("{sliced: {bytes: 700, pause: 0s}}", "f")));
  const auto sliced = read();
  ASSERT_TRUE(sliced) << sliced.error().to_string();
  EXPECT_EQ(sliced->body, whole->body);
}

TEST_F(StoreServerTest, AnEndIsLateWhenAllBytesAreThere) {
  start("{input_series: [{series: up, values: '1'}], faults: [{late_end: 30ms}]}");
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(read());
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
  server_->set_faults(parse_faults(yaml::Node::parse("{late_end: 1h}", "f")));
  ASSERT_FALSE(read(50ms));
  await([&] { return outcome(1) == JournalEntry::Outcome::client_gone; });
  EXPECT_GT(server_->store().journal().entries().at(1).bytes, 0u) << "all of it has come";
}

TEST_F(StoreServerTest, HeadersAreThoseOfTheFault) {
  start(
      "{input_series: [{series: up, values: '1'}], faults: [{headers: {set: {Content-Type: "
      "text/html, Connection: close}}}]}");
  const auto response = read();
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->head.headers.get("Content-Type"), "text/html");
  EXPECT_EQ(response->head.headers.get("Connection"), "close");
  EXPECT_THAT(decode_streamed(response->body), SizeIs(1));
}

TEST_F(StoreServerTest, RefusedClosesTheListenerButNotTheAdminOne) {
  start(many_series);
  ASSERT_TRUE(read());
  const auto put = send(server_->admin_url() + "/-/faults", "PUT", "refused:");
  ASSERT_TRUE(put);
  EXPECT_EQ(put->head.status, 200);
  await([&] { return !send(server_->url() + "/-/ready", "GET"); });
  EXPECT_FALSE(read());
  const auto removed = send(server_->admin_url() + "/-/faults", "DELETE");
  ASSERT_TRUE(removed);
  await([&] { return send(server_->url() + "/-/ready", "GET").has_value(); });
  const auto again = read();
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(again->head.status, 200);
}

TEST_F(StoreServerTest, RefusedEndsByItself) {
  start("{input_series: [{series: up, values: '1'}], faults: [{refused: , for: 100ms}]}");
  await([&] { return send(server_->url() + "/-/ready", "GET").has_value(); });
  EXPECT_GE(time_.now().since_start, 0ms);
  EXPECT_TRUE(read());
}

TEST_F(StoreServerTest, ABodyAboveThePrometheusLimitIsReadInPart) {
  start(many_series);
  const auto response = send(server_->read_url(), "POST", std::string(33U << 20, 'x'));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->head.status, 400);
  EXPECT_EQ(response->body, "snappy: corrupt input\n");
}

TEST_F(StoreServerTest, OrdersAreOfALimitedSize) {
  start(many_series);
  const auto comma = send(server_->admin_url() + "/-/faults", "PUT", ",");
  ASSERT_TRUE(comma) << comma.error().to_string();
  EXPECT_EQ(comma->head.status, 400);
  const auto large = send(server_->admin_url() + "/-/faults", "PUT", std::string(5U << 20, ' '));
  // Refused by its Content-Length, or closed while the rest is sent.
  EXPECT_EQ(large ? large->head.status : 413, 413);
  EXPECT_EQ(send(server_->admin_url() + "/-/faults", "PUT", "[{status: 500}]")->head.status, 200);
}

TEST_F(StoreServerTest, APortInUseIsAClearError) {
  start(many_series);
  auto config = store_of("{input_series: []}");
  config.listen.port = net::Url::parse(server_->url())->port;
  const auto second = StoreServer::start(context_.get_executor(), config, 1, time_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().to_string(),
              HasSubstr("store a: 127.0.0.1:" + std::to_string(config.listen.port)));
}

TEST_F(StoreServerTest, ReadsTakeCredentialsAndTheAdminInterfaceDoesNot) {
  start("{auth: {bearer: t}, input_series: [{series: up, values: '1x3'}]}");
  const auto refused = read();
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->head.status, 401);
  EXPECT_EQ(refused->head.headers.get("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(refused->body, "Unauthorized\n");
  net::ClientRequest request;
  request.url = *net::Url::parse(server_->read_url());
  request.method = "POST";
  request.headers.add("Authorization", "Bearer t");
  request.body = request_of({query_of("up")}, streamed);
  EXPECT_EQ(net::fetch(std::move(request))->head.status, 200);
  EXPECT_THAT(send(server_->url() + "/-/journal", "GET")->body,
              HasSubstr("\"refused\":\"no credentials\""));
}

}  // namespace
}  // namespace mread::mockstore
