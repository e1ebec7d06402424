#include "serve/read/read_sharing.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <unistd.h>

#include "serve/serve_fixture.h"
#include "wire/request/read_request.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using model::ResponseType;
using testing::HasSubstr;

class ReadSharingTest : public ServeTest {
 protected:
  /// A backend that answers with `body` once it is told to.
  net::Handler waiting(std::string body) { return streamed_after(may_go_on_, std::move(body)); }
  void go_on() { may_go_on_ = true; }
  std::future<Result<Answer>> start_read(net::ClientRequest request) {
    return std::async(std::launch::async,
                      [this, request = std::move(request)] { return get(request); });
  }
  std::future<Result<Answer>> start_read() {
    return start_read(read_request(ResponseType::streamed_xor_chunks));
  }
  uint64_t joined() const { return service_->generation()->sharing().joined(); }

 private:
  std::atomic<bool> may_go_on_ = false;
};

TEST_F(ReadSharingTest, WhoAsksTheSameSharesOneFanOut) {
  const auto log = std::filesystem::temp_directory_path() /
                   ("mread-shared-read-" + std::to_string(getpid()) + ".log");
  ScriptedBackend backend(loop_, waiting(healthy_body));
  serve({backend.url(), "http://127.0.0.1:1/api/v1/read"},
        "partial: any\nquery_log_file: " + log.string() + "\n", "1h");
  std::vector<std::future<Result<Answer>>> reads;
  reads.push_back(start_read());
  wait_until([&] { return backend.requests() == 1; });
  for (int i = 0; i < 3; ++i) reads.push_back(start_read());
  wait_until([&] { return joined() == 3; });
  EXPECT_EQ(metric("mread_reads_in_flight{state=\"running\"}"), "1");
  go_on();
  for (auto& each : reads) {
    const auto answer = each.get();
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(answer->head.status, 200);
    EXPECT_EQ(answer->body, healthy_body);
    EXPECT_EQ(answer->head.headers.get("X-Mread-Partial"), "b: connection refused");
  }
  EXPECT_EQ(backend.requests(), 1);
  wait_until([&] { return metric("mread_reads_shared_total") == "3"; });
  wait_until([&] { return metric("mread_partial_reads_total") == "4"; });
  EXPECT_EQ(metric("mread_backend_requests_total{backend=\"a\",group=\"a\"}"), "1");
  EXPECT_EQ(metric("mread_backend_failures_total{backend=\"b\",reason=\"refused\"}"), "1");
  // A line is written before its read is counted, and the read may still be ending: reset() would
  // not wait for it.
  loop_.run(server_->drain(1h));
  std::ifstream file(log);
  const std::string lines{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 4);
  size_t shared = 0;
  for (size_t at = 0; (at = lines.find("\"shared\":true", at)) != std::string::npos; ++at) ++shared;
  EXPECT_EQ(shared, 3u);
  std::filesystem::remove(log);
}

TEST_F(ReadSharingTest, TheOthersGoOnWhereTheFirstLeaves) {
  ScriptedBackend backend(loop_, waiting(healthy_body));
  serve({backend.url()}, "", "1h");
  std::stop_source stop;
  auto first = std::async(std::launch::async, [&] {
    return net::fetch(read_request(ResponseType::streamed_xor_chunks), {}, stop.get_token());
  });
  wait_until([&] { return backend.requests() == 1; });
  auto second = start_read();
  wait_until([&] { return joined() == 1; });
  stop.request_stop();
  EXPECT_FALSE(first.get());
  wait_until([&] {
    return metric("mread_reads_total{code=\"0\",end=\"client_gone\",type=\"streamed\"}") == "1";
  });
  // One that comes now still finds it.
  auto third = start_read();
  wait_until([&] { return joined() == 2; });
  go_on();
  EXPECT_EQ(second.get()->body, healthy_body);
  EXPECT_EQ(third.get()->body, healthy_body);
  EXPECT_EQ(backend.requests(), 1);
}

TEST_F(ReadSharingTest, TheBackendsAreLetGoWhenTheLastLeaves) {
  const auto gone = std::make_shared<std::atomic<int>>(0);
  ScriptedBackend hung(loop_, hanging(gone));
  serve({hung.url()}, "", "1h");
  std::stop_source stop;
  const auto ask = [&] {
    return net::fetch(read_request(ResponseType::samples), {}, stop.get_token());
  };
  auto first = std::async(std::launch::async, ask);
  wait_until([&] { return hung.requests() == 1; });
  auto second = std::async(std::launch::async, ask);
  wait_until([&] { return joined() == 1; });
  EXPECT_EQ(*gone, 0);
  stop.request_stop();
  EXPECT_FALSE(first.get());
  EXPECT_FALSE(second.get());
  wait_until([&] { return *gone == 1; });
  wait_until([&] { return metric("mread_reads_in_flight{state=\"running\"}") == "0"; });
}

TEST_F(ReadSharingTest, ARefusalIsSharedToo) {
  ScriptedBackend backend(loop_, waiting(healthy_body));
  serve({backend.url()}, "limits: {samples: 2}\n", "1h");
  auto first = start_read();
  wait_until([&] { return backend.requests() == 1; });
  auto second = start_read();
  wait_until([&] { return joined() == 1; });
  go_on();
  for (auto* each : {&first, &second}) {
    const auto answer = each->get();
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(answer->head.status, 400);
    EXPECT_EQ(answer->body, "the answer has more than 2 samples (limits.samples)\n");
  }
}

TEST_F(ReadSharingTest, ASlowClientDoesNotHoldTheOthersBack) {
  // More than sockets take, and less than what is kept for a slow one.
  const std::string body = many_frames("m", 0, 14U << 20);
  ScriptedBackend backend(loop_, waiting(body));
  serve({backend.url()}, "", "1h");
  std::promise<void> go;
  const auto may_read = go.get_future().share();
  auto slow = std::async(std::launch::async, [&] {
    auto stream = loop_.run(client_.open(read_request(ResponseType::streamed_xor_chunks)));
    if (!stream) return std::string();
    may_read.wait();
    auto got = loop_.run(net::read_all(**stream, 1ULL << 30));
    return got ? *got : std::string();
  });
  wait_until([&] { return backend.requests() == 1; });
  auto quick = start_read();
  wait_until([&] { return joined() == 1; });
  go_on();
  const auto answer = quick.get();
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_TRUE(answer->body == body);
  go.set_value();
  EXPECT_TRUE(slow.get() == body);
  EXPECT_EQ(backend.requests(), 1);
}

TEST_F(ReadSharingTest, WithoutItEveryReadAsks) {
  ScriptedBackend backend(loop_, waiting(healthy_body));
  serve({backend.url()}, "limits: {single_flight: false}\n", "1h");
  auto first = start_read();
  auto second = start_read();
  wait_until([&] { return backend.requests() == 2; });
  go_on();
  EXPECT_EQ(first.get()->body, healthy_body);
  EXPECT_EQ(second.get()->body, healthy_body);
  EXPECT_EQ(joined(), 0u);
}

TEST(ReadKey, TellsApartWhatMayBeAnsweredDifferently) {
  model::ReadRequest request;
  request.queries.emplace_back();
  request.queries[0].end_ms = 1'000;
  request.queries[0].matchers.push_back(model::Matcher::equal("__name__", "m"));
  const auto with = [](const char* name, const char* value) {
    net::Headers headers;
    headers.add(name, value);
    return headers;
  };
  const auto key = share_key(request, {});
  EXPECT_EQ(share_key(request, with("traceparent", "00-1")), key);
  EXPECT_EQ(share_key(request, with("tracestate", "a=1")), key);
  EXPECT_NE(share_key(request, with("baggage", "tenant=1")), key);
  model::ReadRequest other = request;
  other.accepted_response_types.push_back(ResponseType::streamed_xor_chunks);
  EXPECT_NE(share_key(other, {}), key);
  other = request;
  other.queries[0].end_ms = 1'001;
  EXPECT_NE(share_key(other, {}), key);
  other = request;
  other.queries[0].hints.emplace().func = "series";
  EXPECT_NE(share_key(other, {}), key);
  EXPECT_NE(share_key(request, {}, merger::ClientClass::v2_42), share_key(request, {}));
  EXPECT_NE(share_key(request, {}, merger::ClientClass::v2_42),
            share_key(request, {}, merger::ClientClass::v2_53));
  EXPECT_EQ(share_key(request, with("baggage", std::string(100'000, 'x').c_str())), std::nullopt);
}

}  // namespace
}  // namespace mread::serve
