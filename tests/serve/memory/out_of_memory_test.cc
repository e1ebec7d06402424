// What becomes of a read where an allocation fails: each one that is made on its way, in turn.
#include <thread>

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <spdlog/sinks/null_sink.h>

#include "base/memory_reserve.h"
#include "serve/memory/failing_new.h"
#include "serve/serve_fixture.h"
#include "wire/request/read_request.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using model::ResponseType;
using testing::HasSubstr;

/// `mread serve` on one thread, whose allocations fail when told to. Backends and clients have
/// threads of their own, whose allocations do not fail.
class OutOfMemoryTest : public testing::Test {
 protected:
  OutOfMemoryTest() {
    failing_new::exempt_this_thread();
    boost::asio::post(backends_.executor(), [] { failing_new::exempt_this_thread(); });
  }

  ~OutOfMemoryTest() override {
    server_.reset();
    if (service_) backends_.run(service_->stop());
    context_.stop();
    if (thread_.joinable()) thread_.join();
    service_.reset();
  }

  void serve(const std::vector<std::string>& urls, const std::string& settings) {
    std::string text = "remote_read:\n";
    char name = 'a';
    for (const auto& url : urls)
      text += fmt::format("  - {{name: {}, url: \"{}\"}}\n", name++, url);
    auto logger =
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
    auto service = Service::create(context_.get_executor(),
                                   config::Config::parse(text + settings, "mread.yml"), logger);
    ASSERT_TRUE(service) << service.error().to_string();
    service_ = std::move(*service);
    auto server = service_->listen(context_.get_executor());
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(*server);
    // As the program does: an exception ends one handler, not the thread.
    thread_ = std::thread([this] {
      for (bool more = true; more;) {
        try {
          context_.run();
          more = false;
        } catch (const std::exception&) {
          ++handlers_ended_;
        }
      }
    });
  }

  net::ClientRequest read_request(ResponseType type) const {
    model::ReadRequest read;
    model::Query query;
    query.end_ms = 10'000'000;
    query.matchers.push_back(model::Matcher::equal("__name__", "m"));
    query.matchers.push_back(
        *model::Matcher::create(model::MatchType::not_regex, "job", "a.*|b.*"));
    read.queries.push_back(std::move(query));
    read.accepted_response_types.push_back(type);
    net::ClientRequest request;
    request.url = *net::Url::parse(server_->url() + "/api/v1/read");
    request.method = "POST";
    request.body = wire::encode_read_request(read);
    return request;
  }

  static Result<net::Response> fetch(const net::ClientRequest& request) {
    net::FetchLimits limits;
    limits.timeout = 5s;
    return net::fetch(request, limits);
  }

  /// Asks for a read again and again, and lets a later allocation fail each time, until one read
  /// makes no more. Small ones do not fail: MemoryReserve serves them.
  void fail_each(ResponseType type, failing_new::Fails fails) {
    const auto request = read_request(type);
    const auto good = fetch(request);
    ASSERT_TRUE(good) << good.error().to_string();
    ASSERT_EQ(good->head.status, 200) << good->body;
    std::map<std::string, int> ends;
    bool has_failed = true;
    uint64_t count = 0;
    for (; has_failed; ++count) {
      SCOPED_TRACE(fmt::format("allocation {}", count));
      failing_new::arm(count, MemoryReserve::small_bytes + 1, fails);
      const auto answer = fetch(request);
      // What ends behind the answer may allocate as well.
      if (answer) settle();
      has_failed = failing_new::disarm();
      if (!answer) {
        ASSERT_FALSE(answer.error().is(Errc::deadline)) << "the read has not ended";
        ++ends["aborted"];
      } else {
        ++ends[std::to_string(answer->head.status)];
        if (answer->head.status == 200) {
          ASSERT_EQ(answer->body, good->body);
        } else {
          ASSERT_EQ(answer->head.status, 503) << answer->body;
          ASSERT_EQ(answer->head.headers.get("Retry-After"), "1") << answer->body;
        }
      }
      settle();
      const auto next = fetch(request);
      ASSERT_TRUE(next) << next.error().to_string();
      ASSERT_EQ(next->body, good->body);
    }
    std::string text;
    for (const auto& [end, times] : ends) text += fmt::format(" {} {},", times, end);
    std::cout << fmt::format("{} allocations failed:{} handlers ended {}\n", count, text,
                             handlers_ended_.load());
  }

  /// Waits until nothing of a read is left.
  void settle() {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (server_->connections() > 0 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    EXPECT_EQ(server_->connections(), 0u) << "a connection is left";
  }

  net::Loop backends_{1};
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_ =
      boost::asio::make_work_guard(context_);
  std::atomic<int> handlers_ended_ = 0;
  std::unique_ptr<Service> service_;
  std::unique_ptr<net::Server> server_;
  std::thread thread_;
};

struct Case {
  const char* name;
  ResponseType type;
  failing_new::Fails fails;
};

class OutOfMemory : public OutOfMemoryTest, public testing::WithParamInterface<Case> {};

TEST_P(OutOfMemory, EndsAReadOfOneSeries) {
  ScriptedBackend a(backends_, streamed(healthy_body));
  ScriptedBackend b(backends_, streamed(healthy_body));
  serve({a.url(), b.url()}, "");
  fail_each(GetParam().type, GetParam().fails);
}

TEST_P(OutOfMemory, EndsAReadOfManySeries) {
  ScriptedBackend a(backends_, streamed(many_frames("m", 0, 1U << 20)));
  ScriptedBackend b(backends_, streamed(many_frames("m", 0, 1U << 20)));
  serve({a.url(), b.url()}, "");
  fail_each(GetParam().type, GetParam().fails);
}

INSTANTIATE_TEST_SUITE_P(
    Allocations, OutOfMemory,
    testing::Values(
        Case{"OneOfStreamed", ResponseType::streamed_xor_chunks, failing_new::Fails::once},
        Case{"AllOfStreamed", ResponseType::streamed_xor_chunks, failing_new::Fails::for_good},
        Case{"OneOfSamples", ResponseType::samples, failing_new::Fails::once},
        Case{"AllOfSamples", ResponseType::samples, failing_new::Fails::for_good}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::serve
