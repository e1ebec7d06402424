// What clients can make the server hold: bodies, waiting requests, answers that they do not take.
#include <array>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "serve/clients/descriptors.h"
#include "serve/serve_fixture.h"
#include "wire/request/read_request.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using model::ResponseType;
using testing::HasSubstr;
using tcp = asio::ip::tcp;

class RequestsTest : public ServeTest {
 protected:
  std::shared_ptr<tcp::socket> connect(int receive_buffer = 0) {
    auto socket = std::make_shared<tcp::socket>(loop_.strand());
    socket->open(tcp::v4());
    if (receive_buffer > 0)
      socket->set_option(asio::socket_base::receive_buffer_size(receive_buffer));
    socket->connect(tcp::endpoint(asio::ip::address_v4::loopback(), server_->port()));
    return socket;
  }
  static std::string head(const std::string& target, size_t length) {
    return fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\r\n", target,
                       length);
  }
  static std::string rest(tcp::socket& socket) {
    std::string answer;
    boost::system::error_code code;
    asio::read(socket, asio::dynamic_buffer(answer), code);
    return answer;
  }
  /// Asks for a read and takes nothing of the answer.
  std::shared_ptr<tcp::socket> ask_and_take_nothing() {
    const auto socket = connect(4096);
    const std::string body = read_request(ResponseType::streamed_xor_chunks).body;
    asio::write(*socket, asio::buffer(head("/api/v1/read", body.size()) + body));
    return socket;
  }
  /// 0 where there is no such metric yet.
  double number(const std::string& metric_line) {
    const std::string value = metric(metric_line);
    return value.empty() ? 0 : std::stod(value);
  }
};

TEST_F(RequestsTest, UnfinishedBodiesTakeNoMoreThanTheirLimitTogether) {
  ScriptedBackend backend(loop_, streamed(healthy_body));
  serve({backend.url()}, "limits: {request_bytes: 4MiB}\n");
  // Of 40 bodies of 31 MiB, a mebibyte each.
  std::vector<std::shared_ptr<tcp::socket>> clients;
  const std::string some(1U << 20, 'x');
  for (int i = 0; i < 40; ++i) {
    clients.push_back(connect());
    asio::write(*clients.back(), asio::buffer(head("/api/v1/read", 31U << 20) + some));
  }
  wait_until([&] {
    return number("mread_reads_total{code=\"503\",end=\"refused\",type=\"none\"}") >= 36;
  });
  // The last one is counted as refused a moment before its memory goes.
  wait_until([&] { return number("mread_request_bodies_held_bytes") <= 4 << 20; });
  EXPECT_EQ(read_text(), healthy_text);
  int refused = 0;
  for (const auto& client : clients) {
    client->shutdown(tcp::socket::shutdown_send);
    const std::string answer = rest(*client);
    if (answer.empty()) continue;
    ++refused;
    EXPECT_THAT(answer, HasSubstr("HTTP/1.1 503 "));
    EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
    EXPECT_THAT(
        answer,
        HasSubstr(
            "all request bodies together hold more than 4194304 bytes (limits.request_bytes), and "
            "this one the most of them: "));
  }
  EXPECT_GE(refused, 36);
  wait_until([&] { return metric("mread_request_bodies_held_bytes") == "0"; });
}

TEST_F(RequestsTest, ABodyThatDoesNotComeTakesAPlaceAndAReadThatIsThereNeedsNone) {
  ScriptedBackend backend(loop_, streamed(healthy_body));
  serve({backend.url()}, "limits: {request_bodies: 1, queue: 1, queue_wait: 0s}\n");
  const auto first = connect();
  asio::write(*first, asio::buffer(head("/api/v1/read", 100'000)));
  const auto second = connect();
  asio::write(*second, asio::buffer(head("/api/v1/read/warnings", 100'000)));
  wait_until([&] { return metric("mread_requests_waiting{for=\"body\"}") == "1"; });
  const auto third = connect();
  asio::write(*third, asio::buffer(head("/api/v1/read", 70'000)));
  const std::string refused = rest(*third);
  EXPECT_THAT(refused, HasSubstr("HTTP/1.1 429 "));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(refused,
              HasSubstr("\r\n\r\n1 request bodies are being read and 1 requests wait already "
                        "(limits.request_bodies, limits.queue)\n"));
  EXPECT_EQ(metric("mread_reads_total{code=\"429\",end=\"refused\",type=\"none\"}"), "1");
  const auto whole = ask_and_take_nothing();
  whole->shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(read_text(), healthy_text);
  // The place goes to the next when its client leaves.
  first->close();
  wait_until([&] { return metric("mread_requests_waiting{for=\"body\"}") == "0"; });
}

TEST_F(RequestsTest, OnlyReadsMaySendLargeBodies) {
  serve({"http://127.0.0.1:1/"});
  for (const char* target : {"/metrics", "/", "/-/healthy", "/-/reload", "/nowhere"}) {
    const auto client = connect();
    asio::write(*client, asio::buffer(head(target, 5'000)));
    EXPECT_THAT(rest(*client), HasSubstr("HTTP/1.1 413 ")) << target;
  }
}

TEST_F(RequestsTest, OnlySoManyWaitForTheWarningsOfTheirReads) {
  warnings_.wait = 1h;
  serve({"http://127.0.0.1:1/"}, "limits: {warnings: 1}\n");
  auto waits = read_request(ResponseType::samples);
  waits.url = *net::Url::parse(server_->url() + "/api/v1/read/warnings");
  std::stop_source stop;
  auto first =
      std::async(std::launch::async, [&] { return net::fetch(waits, {}, stop.get_token()); });
  wait_until([&] { return service_->warnings_waiting() == 1; });
  const auto second = get(waits);
  ASSERT_TRUE(second) << second.error().to_string();
  EXPECT_EQ(second->head.status, 503);
  EXPECT_EQ(second->head.headers.get("Retry-After"), "1");
  EXPECT_EQ(second->body,
            "too many requests wait for the warnings of their reads (limits.warnings)\n");
  stop.request_stop();
  EXPECT_FALSE(first.get());
  wait_until([&] { return service_->warnings_waiting() == 0; });
}

// More than sockets take, and little enough for the backend to end while the client has not taken
// it.
constexpr size_t held_bytes = 8U << 20;

TEST_F(RequestsTest, AReadWhoseBackendsAreDoneKeepsNoPlace) {
  std::atomic<bool> may_go_on = false;
  const std::string body = many_frames("m", 0, held_bytes);
  ScriptedBackend backend(loop_, streamed_after(may_go_on, body));
  serve({backend.url()}, "limits: {concurrent_reads: 1, single_flight: false, client_rate: 0}\n",
        "1h");
  const auto slow = ask_and_take_nothing();
  wait_until([&] { return backend.requests() == 1; });
  auto other = std::async(std::launch::async, [&] { return read(); });
  wait_until([&] { return metric("mread_reads_in_flight{state=\"waiting\"}") == "1"; });
  may_go_on = true;
  const auto answer = other.get();
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->body, body);
  EXPECT_GT(number("mread_reads_held_bytes"), 1 << 20) << "what the slow one has not taken counts";
  // It has all of that when it likes.
  std::string taken;
  boost::system::error_code code;
  while (!code && !taken.ends_with("\r\n0\r\n\r\n")) {
    std::array<char, 65536> piece;
    const size_t count = slow->read_some(asio::buffer(piece), code);
    taken.append(piece.data(), count);
  }
  EXPECT_GT(taken.size(), body.size());
  EXPECT_FALSE(code) << code.message();
  wait_until([&] { return metric("mread_reads_held_bytes") == "0"; });
}

TEST_F(RequestsTest, AStalledClientIsCutWhereOthersWait) {
  // More than is kept for anybody.
  const std::string body = many_frames("m", 0, 60U << 20);
  std::atomic<int> asked = 0;
  ScriptedBackend backend(
      loop_, [&](net::ServerRequest, net::ResponseWriter& writer) -> asio::awaitable<void> {
        auto head = streamed_head();
        std::string answer = ++asked == 1 ? body : healthy_body;
        co_await writer.reply(std::move(head), std::move(answer));
      });
  serve({backend.url()},
        "limits: {concurrent_reads: 1, single_flight: false, client_patience: 50ms, queue_wait: "
        "0s}\n",
        "1h");
  const auto stalled = ask_and_take_nothing();
  wait_until([&] { return number("mread_reads_held_bytes") > (1 << 20); });
  EXPECT_EQ(metric("mread_clients_cut_total{reason=\"slow_answer\"}"), "0");
  EXPECT_EQ(read_text(), healthy_text);
  wait_until([&] { return metric("mread_clients_cut_total{reason=\"slow_answer\"}") == "1"; });
  EXPECT_EQ(metric("mread_reads_total{code=\"200\",end=\"aborted\",type=\"streamed\"}"), "1");
  EXPECT_EQ(metric("mread_backend_failures_total{backend=\"a\",reason=\"deadline\"}"), "0")
      << "a backend is not charged for a client";
}

TEST_F(RequestsTest, ManySlowClientsDoNotKeepALightReadOut) {
  const std::string body = many_frames("m", 0, held_bytes);
  std::atomic<bool> heavy = true;
  ScriptedBackend backend(
      loop_, [&](net::ServerRequest, net::ResponseWriter& writer) -> asio::awaitable<void> {
        auto head = streamed_head();
        std::string answer = heavy ? body : healthy_body;
        co_await writer.reply(std::move(head), std::move(answer));
      });
  serve({backend.url()},
        "limits: {concurrent_reads: 4, single_flight: false, client_patience: 50ms, queue_wait: "
        "0s}\n",
        "1h");
  std::vector<std::shared_ptr<tcp::socket>> slow;
  for (int i = 0; i < 12; ++i) slow.push_back(ask_and_take_nothing());
  wait_until([&] { return backend.requests() >= 4; });
  heavy = false;
  EXPECT_EQ(read_text(), healthy_text);
  EXPECT_EQ(read_text(), healthy_text);
}

TEST_F(RequestsTest, WhatAReadAsksCountsWhileItWaits) {
  const auto gone = std::make_shared<std::atomic<int>>(0);
  ScriptedBackend hung(loop_, hanging(gone));
  serve({hung.url()},
        "limits: {concurrent_reads: 1, single_flight: false, total_bytes_in_flight: 1MiB}\n", "1h");
  std::stop_source stop;
  auto first = std::async(std::launch::async, [&] {
    return net::fetch(read_request(ResponseType::samples), {}, stop.get_token());
  });
  wait_until([&] { return hung.requests() == 1; });
  auto large = read_request(ResponseType::samples);
  model::ReadRequest read;
  read.queries.emplace_back();
  for (int i = 0; i < 20; ++i) {
    read.queries[0].matchers.push_back(
        model::Matcher::equal(fmt::format("l{}", i), std::string(100'000, 'x')));
  }
  large.body = wire::encode_read_request(read);
  const auto refused = get(large);
  ASSERT_TRUE(refused) << refused.error().to_string();
  EXPECT_EQ(refused->head.status, 503);
  EXPECT_EQ(refused->head.headers.get("Retry-After"), "1");
  EXPECT_THAT(refused->body, HasSubstr("all reads together hold more than 1048576 bytes"));
  EXPECT_EQ(hung.requests(), 1);
  EXPECT_EQ(metric("mread_reads_in_flight{state=\"waiting\"}"), "0");
  stop.request_stop();
  EXPECT_FALSE(first.get());
}

TEST(DescriptorsTest, HalfOfThemStayForBackends) {
  EXPECT_EQ(connection_limit(4096, 65536), 4096u);
  EXPECT_EQ(connection_limit(4096, 1024), 512u);
  EXPECT_EQ(connection_limit(0, 1024), 512u);
  EXPECT_EQ(connection_limit(10, 1), 1u);
  EXPECT_GT(descriptor_limit(), 0u);
}

}  // namespace
}  // namespace mread::serve
