#include "mockstore/server/upstream.h"

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>
#include <gmock/gmock.h>

#include "mockstore/faults/parse_fault.h"
#include "mockstore/server/store_server.h"
#include "mockstore/store_fixture.h"
#include "net/client.h"

namespace mread::mockstore {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

// A store with data, "behind", and a store in front of it that has none.
class UpstreamTest : public testing::Test {
 protected:
  void start(const std::string& data, const std::string& more = {}) {
    behind_ = start_store(data);
    front_ = start_store("{upstream: {url: '" + behind_->url() + "'" + more + "}}");
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { context_.run(); });
  }

  std::unique_ptr<StoreServer> start_store(const std::string& config) {
    auto started = StoreServer::start(context_.get_executor(), store_of(config), 1, time_);
    EXPECT_TRUE(started) << (started ? "" : started.error().context);
    return started ? std::move(*started) : nullptr;
  }

  void end(std::unique_ptr<StoreServer>& server) {
    if (server)
      asio::co_spawn(asio::make_strand(context_), server->drain(0ms), asio::use_future).get();
  }

  void TearDown() override {
    end(front_);
    end(behind_);
    work_.reset();
    context_.stop();
    threads_.clear();
    front_.reset();
    behind_.reset();
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
  Result<net::Response> read(const StoreServer& server, bool is_streamed = true,
                             std::chrono::milliseconds timeout = 20s) {
    return send(
        server.read_url(), "POST",
        request_of({query_of("up")}, is_streamed ? streamed : std::vector<model::ResponseType>{}),
        timeout);
  }
  void set_faults(StoreServer& server, const std::string& faults) {
    server.set_faults(parse_faults(yaml::Node::parse(faults, "faults")));
  }

  template <class Condition>
  void await(Condition&& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_TRUE(condition());
  }
  JournalEntry last_entry(StoreServer& server) {
    const auto entries = server.store().journal().entries();
    return entries.empty() ? JournalEntry() : entries.back();
  }

  SystemTime time_;
  asio::io_context context_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{
      context_.get_executor()};
  std::unique_ptr<StoreServer> behind_;
  std::unique_ptr<StoreServer> front_;
  std::vector<std::jthread> threads_;
};

constexpr const char* many_series =
    "{input_series: [{series: up, values: '0+1x719', repeat: {host: 500}}], interval: 15s}";

TEST_F(UpstreamTest, BothResponseTypesComeThroughByteForByte) {
  start(many_series);
  for (const bool is_streamed : {true, false}) {
    const auto direct = read(*behind_, is_streamed);
    const auto through = read(*front_, is_streamed);
    ASSERT_TRUE(direct && through);
    EXPECT_EQ(through->head.status, 200);
    EXPECT_EQ(through->body, direct->body);
    for (const char* name : {"Content-Type", "Content-Encoding", "Content-Length"})
      EXPECT_EQ(through->head.headers.get(name), direct->head.headers.get(name)) << name;
  }
  await([&] { return last_entry(*front_).outcome == JournalEntry::Outcome::complete; });
  const JournalEntry entry = last_entry(*front_);
  EXPECT_EQ(entry.queries.at(0).selector, "up");
  EXPECT_EQ(entry.status, 200);
  EXPECT_GT(entry.bytes, 0u);
}

TEST_F(UpstreamTest, AFaultOfEachKindWorks) {
  start(many_series);
  const auto whole = read(*behind_);
  ASSERT_TRUE(whole);
  set_faults(*front_, "{truncate: {frames: 3}}");
  const auto cut = read(*front_);
  ASSERT_TRUE(cut) << cut.error().to_string();
  EXPECT_EQ(decode_streamed(cut->body).size(), 3u);
  set_faults(*front_, "{lag: 1h}");
  const auto lagging = read(*front_);
  ASSERT_TRUE(lagging) << lagging.error().to_string();
  set_faults(*behind_, "{lag: 1h}");
  EXPECT_EQ(lagging->body, read(*behind_)->body);
  set_faults(*behind_, "[]");
  set_faults(*front_, "{reset: {after_bytes: 1000}}");
  EXPECT_FALSE(read(*front_));
  await([&] { return last_entry(*front_).outcome == JournalEntry::Outcome::aborted; });
  set_faults(*front_, "[]");
  EXPECT_EQ(read(*front_)->body, whole->body);
}

TEST_F(UpstreamTest, OtherPathsAreTheUpstreams) {
  start("{sink: true, input_series: [{series: up, values: '1x3'}]}");
  EXPECT_EQ(send(front_->url() + "/-/healthy", "GET")->body, "mread mock store a is healthy.\n");
  EXPECT_EQ(send(front_->url() + "/ops/api/v2/alerts?x=1", "POST", "[]")->head.status, 200);
  EXPECT_EQ(send(front_->url() + "/-/sink", "GET")->body, "{\"alerts\":1,\"scrapes\":0}\n");
  EXPECT_EQ(send(front_->url() + "/api/v1/write", "POST", "x")->head.status, 404);
  // A body goes on as it is, also to a control interface.
  const auto put = send(front_->url() + "/-/faults", "PUT", "[{status: 503}]");
  ASSERT_TRUE(put);
  EXPECT_THAT(put->body, HasSubstr("503"));
  EXPECT_THAT(behind_->store().faults().to_json(), HasSubstr("503"));
  EXPECT_EQ(front_->store().faults().to_json(), "[]");
  EXPECT_EQ(send(front_->admin_url() + "/-/faults", "GET")->body, "[]\n");
  EXPECT_EQ(send(front_->admin_url() + "/federate", "GET")->head.status, 404);
}

TEST_F(UpstreamTest, AStatusOfTheUpstreamComesThrough) {
  start("{input_series: [], faults: {status: {code: 503, text: disk on fire}}}");
  const auto response = read(*front_);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->head.status, 503);
  EXPECT_EQ(response->body, "disk on fire\n");
}

TEST_F(UpstreamTest, AnUpstreamThatIsDownIsA502OnEveryPath) {
  start("{input_series: []}");
  const std::string authority = net::Url::parse(behind_->url())->authority();
  set_faults(*behind_, "refused");
  await([&] { return !send(behind_->url() + "/-/ready", "GET"); });
  for (const auto& response : {read(*front_), send(front_->url() + "/metrics", "GET")}) {
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_EQ(response->head.status, 502);
    EXPECT_THAT(response->body, StartsWith("upstream " + authority + ": "));
    EXPECT_EQ(std::count(response->body.begin(), response->body.end(), '\n'), 1);
  }
  EXPECT_EQ(send(front_->admin_url() + "/-/ready", "GET")->head.status, 200);
}

TEST_F(UpstreamTest, AnAnswerThatBreaksOffBreaksOffForTheClient) {
  start(many_series);
  set_faults(*behind_, "{truncate: {frames: 3, end: cut}}");
  EXPECT_FALSE(read(*front_));
  await([&] { return last_entry(*front_).outcome == JournalEntry::Outcome::aborted; });
}

TEST_F(UpstreamTest, AClientThatGivesUpEndsTheReadOfTheUpstream) {
  start("{input_series: [], faults: hang_before_headers}");
  EXPECT_FALSE(read(*front_, true, 50ms));
  await([&] { return last_entry(*front_).outcome == JournalEntry::Outcome::client_gone; });
  await([&] { return last_entry(*behind_).outcome == JournalEntry::Outcome::client_gone; });
}

TEST_F(UpstreamTest, CredentialsAreTheClientsOrThoseOfTheUpstream) {
  const std::string data =
      "{auth: {basic: {username: u, password: p}}, input_series: [{series: up, values: '1'}]}";
  start(data, ", basic_auth: {username: u, password: p}");
  EXPECT_EQ(read(*front_)->head.status, 200) << "the store in front has them";
  const auto plain = start_store("{upstream: '" + behind_->url() + "'}");
  EXPECT_EQ(read(*plain)->head.status, 401);
  net::ClientRequest request;
  request.url = *net::Url::parse(plain->read_url());
  request.method = "POST";
  request.headers.add("Authorization", "Basic dTpw");
  request.body = request_of({query_of("up")}, streamed);
  EXPECT_EQ(net::fetch(std::move(request))->head.status, 200) << "the client has them";
  asio::co_spawn(asio::make_strand(context_), plain->drain(0ms), asio::use_future).get();
}

}  // namespace
}  // namespace mread::mockstore
