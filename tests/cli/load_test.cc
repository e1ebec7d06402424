#include <atomic>
#include <functional>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/run_command.h"
#include "net/server.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"

namespace mread::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* one_series =
    R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"1"]}]}})";
constexpr const char* with_warning =
    R"({"status":"success","warnings":["w"],"data":{"resultType":"vector","result":[]}})";

// Answers every request by a function of its number, from 0.
class Endpoint {
 public:
  using Answer = std::function<net::ResponseHead(size_t number, std::string& body)>;

  explicit Endpoint(Answer answer) : answer_(std::move(answer)) {
    net::Handler handler = [this](net::ServerRequest request,
                                  net::ResponseWriter& writer) -> boost::asio::awaitable<void> {
      path_ = request.head.target;
      std::string body;
      net::ResponseHead head = answer_(requests_.fetch_add(1), body);
      (void)co_await writer.reply(std::move(head), std::move(body));
    };
    server_ = std::move(net::Server::listen(io_.get_executor(), {}, std::move(handler)).value());
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Endpoint() {
    io_.stop();
    thread_.join();
  }

  std::string url() const { return server_->url(); }
  size_t requests() const { return requests_; }
  std::string path() const { return path_; }  // Of the last request, once there are no more.

 private:
  const Answer answer_;
  std::atomic<size_t> requests_{0};
  std::string path_;
  boost::asio::io_context io_;
  std::unique_ptr<net::Server> server_;
  std::thread thread_;
};

net::ResponseHead head_of(int status, const char* type) {
  net::ResponseHead head;
  head.status = status;
  head.headers.set("Content-Type", type);
  return head;
}

Endpoint::Answer always(const std::string& text, int status = 200) {
  return [text, status](size_t, std::string& body) {
    body = text;
    return head_of(status, "application/json");
  };
}

Ran run_load(std::vector<std::string> arguments) {
  return run_command(add_load, "load", std::move(arguments));
}

TEST(LoadCommand, QueriesAtARate) {
  const Endpoint endpoint(always(one_series));
  const Ran ran = run_load({endpoint.url(), "--expr", "up", "--rate", "100", "--duration", "400ms",
                            "--threshold", "p(99) < 1h", "--threshold", "rate <= 0"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_EQ(endpoint.requests(), 40u);
  EXPECT_EQ(endpoint.path(), "/api/v1/query");
  EXPECT_THAT(ran.out, HasSubstr("PromQL, 100 requests a second for 400ms\n"));
  EXPECT_THAT(ran.out, HasSubstr("40 requests in "));
  EXPECT_THAT(ran.out, HasSubstr("1.0 series and 1.0 samples each"));
  EXPECT_THAT(ran.out, HasSubstr("PASS  p(99) < 1h"));
  EXPECT_THAT(ran.out, HasSubstr("PASS  rate <= 0: 0.0000 of 40 requests"));
}

TEST(LoadCommand, FailuresAreCountedByReason) {
  const Endpoint endpoint([](size_t number, std::string& body) {
    if (number % 2 == 0) {
      body = one_series;
      return head_of(200, "application/json");
    }
    body = "overloaded\nsecond line";
    return head_of(503, "text/plain");
  });
  const Ran ran = run_load({endpoint.url(), "--expr", "up", "--rate", "100", "--duration", "400ms",
                            "--threshold", "rate <= 0.1", "--format", "json"});
  EXPECT_EQ(ran.exit_code, ExitCode::failed);
  const auto result = boost::json::parse(ran.out);
  EXPECT_EQ(result.at("requests"), 40);
  EXPECT_EQ(result.at("failed"), 20);
  ASSERT_EQ(result.at("failures").as_object().size(), 1u) << ran.out;
  EXPECT_THAT(std::string(result.at("failures").as_object().begin()->key()), HasSubstr("HTTP 503"));
  EXPECT_EQ(result.at("thresholds").at(0).at("verdict"), "fail");
}

TEST(LoadCommand, AWarningMakesAnAnswerPartial) {
  const Endpoint endpoint(always(with_warning));
  const Ran ran = run_load({endpoint.url(), "--expr", "up", "--rate", "50", "--duration", "200ms"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("10 of 10 say that they are partial"));
}

TEST(LoadCommand, ReadsSeriesAsUsersDo) {
  const Endpoint endpoint([](size_t, std::string& body) {
    wire::ReadResponseWriter writer;
    writer.begin_result();
    body = wire::compress(writer.bytes());
    return head_of(200, "application/x-protobuf");
  });
  const Ran ran = run_load(
      {endpoint.url(), "up", "--vus", "2", "--duration", "200ms", "--samples", "--format", "json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err << ran.out;
  EXPECT_EQ(endpoint.path(), "/api/v1/read");
  const auto result = boost::json::parse(ran.out);
  EXPECT_EQ(result.at("kind"), "read");
  EXPECT_EQ(result.at("executor"), "constant-vus");
  EXPECT_GT(result.at("requests").as_int64(), 0);
}

TEST(LoadCommand, IsAFailureWhenNothingSucceeds) {
  const Endpoint endpoint(always("no", 500));
  EXPECT_EQ(
      run_load({endpoint.url(), "--expr", "up", "--rate", "50", "--duration", "100ms"}).exit_code,
      ExitCode::failed);
}

TEST(LoadCommand, TooFewRequestsAreInconclusive) {
  const Endpoint endpoint(always(one_series));
  EXPECT_EQ(run_load({endpoint.url(), "--expr", "up", "--rate", "10", "--duration", "500ms",
                      "--threshold", "max < 1h"})
                .exit_code,
            ExitCode::inconclusive);
}

TEST(LoadCommand, NamesWhatIsWrong) {
  const std::string url = "http://127.0.0.1:1";
  const auto error_of = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), url);
    const Ran ran = run_load(std::move(arguments));
    EXPECT_EQ(ran.exit_code, ExitCode::invalid);
    return ran.err;
  };
  EXPECT_THAT(error_of({}), HasSubstr("what is asked?"));
  EXPECT_THAT(error_of({"up", "--expr", "up", "--rate", "1"}), HasSubstr("one of the two"));
  EXPECT_THAT(error_of({"up"}), HasSubstr("--rate N (requests a second) or --vus N"));
  EXPECT_THAT(error_of({"up", "--rate", "1", "--vus", "1"}), HasSubstr("one of the two"));
  EXPECT_THAT(error_of({"up{", "--rate", "1"}), HasSubstr("selector \"up{\""));
  EXPECT_THAT(error_of({"--expr", "sum(", "--rate", "1"}), HasSubstr("--expr:1:"));
  EXPECT_THAT(error_of({"up", "--rate", "1", "--stage", "1m"}), HasSubstr("want DURATION:TARGET"));
  EXPECT_THAT(error_of({"up", "--rate", "1", "--stage", "1m:5", "--duration", "1s"}),
              HasSubstr("lasts as long as they do"));
  EXPECT_THAT(error_of({"up", "--rate", "1", "--duration", "0s"}), HasSubstr("above zero"));
  EXPECT_THAT(error_of({"up", "--rate", "1", "--threshold", "p(101) < 1s"}),
              HasSubstr("--threshold:"));
  EXPECT_THAT(error_of({"up", "--rate", "1", "--threshold", "max < baseline"}),
              HasSubstr("baseline"));
}

}  // namespace
}  // namespace mread::cli
