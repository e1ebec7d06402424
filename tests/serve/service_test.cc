#include "serve/service.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/nasty_texts.h"
#include "serve/observe/status_page.h"
#include "serve/serve_fixture.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using model::ResponseType;
using testing::HasSubstr;

std::string text_of(const Answer& answer, ResponseType type) {
  if (type == ResponseType::streamed_xor_chunks) return show(read_streamed(answer.body));
  return show(read_samples(answer.body).at(0));
}

class BothTypes : public ServeTest, public testing::WithParamInterface<ResponseType> {};

TEST_P(BothTypes, AHungAndARefusingBackendTakeNothingAway) {
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  ScriptedBackend refusing(loop_, streamed(""));
  const auto gone = std::make_shared<std::atomic<int>>(0);
  ScriptedBackend hung(loop_, hanging(gone));
  ASSERT_TRUE(refusing.server().set_accepting(false));
  serve({refusing.url(), hung.url(), healthy.url()}, "partial: any\n");
  std::string first;
  for (int i = 0; i < 5; ++i) {
    const auto answer = read(GetParam());
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(answer->head.status, 200);
    EXPECT_EQ(answer->head.headers.get("X-Mread-Partial"),
              "a: connection refused, b: deadline 200ms");
    EXPECT_EQ(text_of(*answer, GetParam()), healthy_text);
    if (first.empty()) first = answer->body;
    EXPECT_EQ(answer->body, first);
  }
  EXPECT_EQ(hung.requests(), 5);
  wait_until([&] { return *gone == 5; });
  EXPECT_EQ(metric("mread_partial_reads_total"), "5");
  EXPECT_EQ(metric("mread_backend_failures_total{backend=\"a\",reason=\"refused\"}"), "5");
  EXPECT_EQ(metric("mread_backend_failures_total{backend=\"b\",reason=\"deadline\"}"), "5");
}

TEST_P(BothTypes, TheDefaultPolicyNamesBoth) {
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  ScriptedBackend refusing(loop_, streamed(""));
  ScriptedBackend hung(loop_, hanging());
  ASSERT_TRUE(refusing.server().set_accepting(false));
  serve({healthy.url(), refusing.url(), hung.url()});
  const auto answer = read(GetParam());
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->head.status, 503);
  EXPECT_EQ(answer->body, "b: connection refused, c: deadline 200ms\n");
}

TEST_P(BothTypes, MergesReplicas) {
  ScriptedBackend first(loop_, streamed(frame("m{n=\"1\"}", samples(1'000, 2'000, {1, 3}))));
  ScriptedBackend second(loop_, streamed(frame("m{n=\"1\"}", samples(2'000, 2'000, {2}))));
  serve({first.url(), second.url()});
  const auto answer = read(GetParam());
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(text_of(*answer, GetParam()), healthy_text);
  EXPECT_FALSE(answer->head.headers.contains("X-Mread-Partial"));
}

INSTANTIATE_TEST_SUITE_P(Types, BothTypes,
                         testing::Values(ResponseType::samples, ResponseType::streamed_xor_chunks),
                         [](const auto& param_info) {
                           return std::string(to_string(param_info.param));
                         });

// More than the machine holds back before it begins to answer.
constexpr size_t long_body_bytes = 12U << 20;

TEST_F(ServeTest, AFailureInMidStreamBreaksTheConnection) {
  const std::string body = many_frames("m", 0, long_body_bytes);
  ScriptedBackend failing(
      loop_, [&](net::ServerRequest, net::ResponseWriter& writer) -> asio::awaitable<void> {
        auto head = streamed_head();
        co_await writer.start(std::move(head));
        co_await writer.write(body);
        writer.abort(false);
      });
  serve({failing.url()}, "partial: any\n", "10s");
  const auto answer = read();
  ASSERT_FALSE(answer) << "a short answer passed for a whole one";
  EXPECT_TRUE(answer.error().is(Errc::truncated)) << answer.error().to_string();
  // A read that breaks off is counted once its backends are let go, which the client does not wait
  // for.
  wait_until([&] {
    return metric("mread_reads_total{code=\"200\",end=\"aborted\",type=\"streamed\"}") == "1";
  });
}

asio::awaitable<size_t> open_and_leave(net::Client& client, net::ClientRequest request,
                                       std::atomic<bool>& leave) {
  auto stream = co_await client.open(std::move(request));
  auto piece = co_await (*stream)->read_some(1'000);
  co_await wait_for(leave);
  co_return piece ? piece->size() : 0;
}

TEST_F(ServeTest, AClientThatLeavesTakesItsBackendRequestsAlong) {
  const std::string body = many_frames("m", 0, long_body_bytes);
  const auto gone = std::make_shared<std::atomic<int>>(0);
  ScriptedBackend endless(
      loop_, [&, gone](net::ServerRequest, net::ResponseWriter& writer) -> asio::awaitable<void> {
        auto head = streamed_head();
        co_await writer.start(std::move(head));
        // Whichever it is at when the client goes.
        const auto sent = co_await writer.write(body);
        const auto left = co_await writer.client_gone();
        if (!sent || left) ++*gone;
        writer.abort(false);
      });
  serve({endless.url()}, "", "1h");
  std::atomic<bool> leave = false;
  auto left =
      loop_.start(open_and_leave(client_, read_request(ResponseType::streamed_xor_chunks), leave));
  leave = true;
  EXPECT_GT(left.get(), 0u);
  wait_until([&] { return *gone == 1; });
  wait_until([&] { return metric("mread_reads_in_flight{state=\"running\"}") == "0"; });
  EXPECT_EQ(metric("mread_reads_total{code=\"200\",end=\"client_gone\",type=\"streamed\"}"), "1");
}

TEST_F(ServeTest, AClientThatLeavesBeforeTheAnswerTakesItsBackendRequestsAlong) {
  const auto gone = std::make_shared<std::atomic<int>>(0);
  ScriptedBackend hung(loop_, hanging(gone));
  serve({hung.url()}, "", "1h");
  std::stop_source stop;
  std::thread leaving([&] {
    wait_until([&] { return hung.requests() == 1; });
    stop.request_stop();
  });
  const auto answer = net::fetch(read_request(ResponseType::samples), {}, stop.get_token());
  leaving.join();
  EXPECT_TRUE(answer.error().is(Errc::canceled));
  wait_until([&] { return *gone == 1; });
}

TEST_F(ServeTest, ASlowClientHoldsTheBackendsBack) {
  constexpr uint64_t total = 200U << 20;
  std::atomic<uint64_t> written = 0;
  std::atomic<bool> ended = false;
  ScriptedBackend large(
      loop_, [&](net::ServerRequest, net::ResponseWriter& writer) -> asio::awaitable<void> {
        auto head = streamed_head();
        co_await writer.start(std::move(head));
        for (int first = 0; written < total; first += 1'000'000) {
          const std::string piece = many_frames("m", first, 1U << 20);
          const auto sent = co_await writer.write(piece);
          if (!sent) break;
          written += piece.size();
        }
        ended = true;
      });
  serve({large.url()}, "", "1h");
  std::atomic<bool> leave = false;
  auto reader =
      loop_.start(open_and_leave(client_, read_request(ResponseType::streamed_xor_chunks), leave));
  // The flow has stopped once nothing has moved while many other requests came and went.
  uint64_t before = 0;
  for (int still = 0; still < 200 && !ended;) {
    ASSERT_TRUE(get(request("/-/healthy")));
    const uint64_t now = written;
    still = now == before && now > 0 ? still + 1 : 0;
    before = now;
  }
  EXPECT_LT(written, 60U << 20) << "of " << total;
  leave = true;
  reader.get();
  wait_until([&] { return ended.load(); });
  EXPECT_LT(written, total);
}

TEST_F(ServeTest, DrainLetsAReadEnd) {
  std::atomic<bool> may_go_on = false;
  ScriptedBackend slow(loop_, streamed_after(may_go_on, healthy_body));
  serve({slow.url()}, "", "1h");
  auto answer = std::async(std::launch::async, [&] { return read(); });
  wait_until([&] { return slow.requests() == 1; });
  auto drained = loop_.start(server_->drain(1h));
  wait_until([&] { return !net::fetch(request("/-/healthy")); });
  EXPECT_EQ(drained.wait_for(0s), std::future_status::timeout);
  may_go_on = true;
  const auto got = answer.get();
  ASSERT_TRUE(got) << got.error().to_string();
  EXPECT_EQ(text_of(*got, ResponseType::streamed_xor_chunks), healthy_text);
  drained.get();
}

TEST_F(ServeTest, BackendsAreAskedAsPrometheusAsks) {
  net::ServerRequest seen;
  ScriptedBackend backend(
      loop_, [&](net::ServerRequest request, net::ResponseWriter& writer) -> asio::awaitable<void> {
        seen = std::move(request);
        auto head = streamed_head();
        co_await writer.reply(std::move(head), healthy_body);
      });
  serve({backend.url()});
  auto asked = read_request(ResponseType::samples);
  asked.headers.add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  asked.headers.add("X-Secret", "of the client");
  ASSERT_TRUE(get(asked));
  const auto& headers = seen.head.headers;
  EXPECT_EQ(seen.head.method, "POST");
  EXPECT_EQ(headers.get("Content-Type"), "application/x-protobuf");
  EXPECT_EQ(headers.get("Content-Encoding"), "snappy");
  EXPECT_EQ(headers.get("Accept-Encoding"), "snappy");
  EXPECT_EQ(headers.get("X-Prometheus-Remote-Read-Version"), "0.1.0");
  EXPECT_EQ(headers.get("User-Agent"), "mread/" MREAD_VERSION);
  EXPECT_EQ(headers.get("traceparent"), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  EXPECT_FALSE(headers.contains("X-Secret"));
}

TEST_F(ServeTest, AnUnsortedBackendIsRemembered) {
  const std::string unsorted = frame("m{n=\"2\"}", samples(1'000, 1'000, {2})) + healthy_body;
  ScriptedBackend backend(loop_, streamed(unsorted));
  serve({backend.url()});
  for (int i = 0; i < 2; ++i) {
    const auto answer = read();
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(text_of(*answer, ResponseType::streamed_xor_chunks),
              healthy_text + "m{n=\"2\"} 2@1000\n");
  }
}

TEST_F(ServeTest, ReadsBeyondTheLimitWaitTheirTurn) {
  const auto gone = std::make_shared<std::atomic<int>>(0);
  ScriptedBackend hung(loop_, hanging(gone));
  serve({hung.url()}, "limits: {concurrent_reads: 1, single_flight: false}\n", "1h");
  std::stop_source first_stop;
  std::stop_source second_stop;
  auto first = std::async(std::launch::async, [&] {
    return net::fetch(read_request(ResponseType::samples), {}, first_stop.get_token());
  });
  wait_until([&] { return hung.requests() == 1; });
  auto second = std::async(std::launch::async, [&] {
    return net::fetch(read_request(ResponseType::samples), {}, second_stop.get_token());
  });
  wait_until([&] { return metric("mread_reads_in_flight{state=\"waiting\"}") == "1"; });
  // A client that leaves the queue leaves its place to the next.
  auto third = std::async(std::launch::async, [&] {
    return net::fetch(read_request(ResponseType::samples), {}, first_stop.get_token());
  });
  wait_until([&] { return metric("mread_reads_in_flight{state=\"waiting\"}") == "2"; });
  second_stop.request_stop();
  EXPECT_FALSE(second.get());
  wait_until([&] { return metric("mread_reads_in_flight{state=\"waiting\"}") == "1"; });
  EXPECT_EQ(hung.requests(), 1);
  first_stop.request_stop();
  EXPECT_FALSE(first.get());
  EXPECT_FALSE(third.get());
  wait_until([&] { return metric("mread_reads_in_flight{state=\"running\"}") == "0"; });
  EXPECT_EQ(metric("mread_reads_in_flight{state=\"waiting\"}"), "0");
}

TEST_F(ServeTest, AFullQueueRefuses) {
  ScriptedBackend hung(loop_, hanging());
  serve({hung.url()},
        "limits: {concurrent_reads: 1, queue: 1, queue_wait: 0s, single_flight: false}\n", "1h");
  std::stop_source stop;
  const auto ask = [&] {
    return net::fetch(read_request(ResponseType::samples), {}, stop.get_token());
  };
  auto first = std::async(std::launch::async, ask);
  wait_until([&] { return hung.requests() == 1; });
  auto second = std::async(std::launch::async, ask);
  wait_until([&] { return metric("mread_reads_in_flight{state=\"waiting\"}") == "1"; });
  const auto refused = read();
  ASSERT_TRUE(refused) << refused.error().to_string();
  EXPECT_EQ(refused->head.status, 429);
  EXPECT_EQ(refused->body,
            "1 reads are under way and 1 wait already (limits.concurrent_reads, limits.queue)\n");
  EXPECT_EQ(refused->head.headers.get("Retry-After"), "1");
  EXPECT_EQ(hung.requests(), 1);
  stop.request_stop();
  EXPECT_FALSE(first.get());
  EXPECT_FALSE(second.get());
}

TEST_F(ServeTest, NoReadWaitsInTheQueueForEver) {
  ScriptedBackend hung(loop_, hanging());
  serve({hung.url()}, "limits: {concurrent_reads: 1, queue_wait: 20ms, single_flight: false}\n",
        "1h");
  std::stop_source stop;
  auto first = std::async(std::launch::async, [&] {
    return net::fetch(read_request(ResponseType::samples), {}, stop.get_token());
  });
  wait_until([&] { return hung.requests() == 1; });
  const auto refused = read();
  ASSERT_TRUE(refused) << refused.error().to_string();
  EXPECT_EQ(refused->head.status, 429);
  EXPECT_EQ(refused->body,
            "the read has waited 20ms for one of 1 places (limits.queue_wait, "
            "limits.concurrent_reads)\n");
  EXPECT_EQ(metric("mread_reads_in_flight{state=\"waiting\"}"), "0");
  stop.request_stop();
  EXPECT_FALSE(first.get());
}

TEST_F(ServeTest, AnswersOnItsOtherPages) {
  serve({"http://127.0.0.1:1/api/v1/read?token=hunter2"});
  EXPECT_EQ(get(request("/-/healthy"))->body, "mread is healthy\n");
  EXPECT_EQ(get(request("/-/ready"))->head.status, 200);
  service_->set_leaving();
  EXPECT_EQ(get(request("/-/ready"))->head.status, 503);
  EXPECT_EQ(get(request("/nowhere?x=y"))->body, "no such page: /nowhere\n");
  EXPECT_EQ(get(request("/nowhere"))->head.status, 404);
  const auto wrong_method = get(request("/api/v1/read"));
  EXPECT_EQ(wrong_method->head.status, 405);
  EXPECT_EQ(wrong_method->head.headers.get("Allow"), "POST");
  auto garbage = request("/api/v1/read", "POST");
  garbage.body = "not snappy";
  EXPECT_EQ(get(garbage)->head.status, 400);
  EXPECT_EQ(metric("mread_reads_total{code=\"400\",end=\"refused\",type=\"none\"}"), "1");
  EXPECT_NE(metric("process_resident_memory_bytes"), "");
  ASSERT_TRUE(read());
  const auto page = get(request("/"));
  EXPECT_EQ(page->head.headers.get("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page->body, HasSubstr("onnection refused"));
  EXPECT_THAT(page->body, testing::Not(HasSubstr("hunter2")));
}

TEST(StatusPageTest, EscapesWhatOthersWrote) {
  const auto config =
      config::Config::parse("remote_read:\n  - {name: \"<b>\", url: \"http://a/\"}\n", "mread.yml");
  std::vector<BackendStanding> standings(1);
  standings[0].last_error = "said \"<script>\" & 'more'";
  standings[0].last_error_at = std::chrono::system_clock::now();
  const std::string page =
      status_page(config, {}, standings, {}, {}, {}, std::chrono::system_clock::now());
  EXPECT_THAT(page, HasSubstr("&lt;b&gt;"));
  EXPECT_THAT(page, HasSubstr("said &quot;&lt;script&gt;&quot; &amp; &#39;more&#39;"));
  EXPECT_THAT(page, testing::Not(HasSubstr("<script>")));
}

TEST(StatusPageTest, ShowsEveryStateAsWhatItIs) {
  using Circuit = merger::Breaker::State;
  std::string text = "remote_read:\n";
  for (const char* name : {"a", "b", "c", "d"})
    text += fmt::format("  - {{name: {}, url: \"http://{}/\"}}\n", name, name);
  const auto config = config::Config::parse(text, "mread.yml");
  std::vector<BackendStanding> standings(4);
  standings[0].circuit = Circuit::open;
  standings[0].state = BackendStanding::State::failing;
  standings[1].circuit = Circuit::half_open;
  standings[1].state = BackendStanding::State::failing;
  standings[2].circuit = Circuit::suspect;
  standings[3].circuit = Circuit::closed;
  standings[3].state = BackendStanding::State::up;
  const std::string page =
      status_page(config, {}, standings, {}, {}, {}, std::chrono::system_clock::now());
  EXPECT_THAT(page, HasSubstr("4 backends: 1 failing, 1 half-open, 1 suspect"));
  EXPECT_THAT(page, HasSubstr("pill failing\">open circuit<"));
  EXPECT_THAT(page, HasSubstr("pill wary\">half-open<"));
  EXPECT_THAT(page, HasSubstr("pill wary\">suspect<"));
  EXPECT_THAT(page, HasSubstr("pill up\">up<"));
  EXPECT_THAT(page, HasSubstr("http-equiv=\"refresh\" content=\"10\""));
  EXPECT_THAT(page, HasSubstr("times of the last answer"));
}

TEST(StatusPageTest, ShowsARefusedReloadWithoutLinesOfTheFile) {
  const auto config =
      config::Config::parse("remote_read:\n  - {name: b, url: \"http://a/\"}\n", "mread.yml");
  const std::vector<BackendStanding> standings(1);
  const auto now = std::chrono::system_clock::now();
  const RefusedReload refused{"mread.yml:3:1: unknown key <x>\n  <x>: line of the file",
                              now - std::chrono::minutes(3)};
  const std::string page = status_page(config, {}, standings, {}, {}, {}, now, refused);
  EXPECT_THAT(page, HasSubstr("mread.yml:3:1: unknown key &lt;x&gt;<"));
  EXPECT_THAT(page, HasSubstr("3m ago"));
  EXPECT_THAT(page, testing::Not(HasSubstr("line of the file")));
}

TEST(StatusPageTest, ShowsNothingThatTurnsALineAround) {
  for (const std::string& text : nasty::texts()) {
    auto config =
        config::Config::parse("remote_read:\n  - {name: b, url: \"http://a/\"}\n", "mread.yml");
    config.backends[0].name = text;
    std::vector<BackendStanding> standings(1);
    standings[0].last_error = text;
    standings[0].last_error_at = std::chrono::system_clock::now();
    standings[0].catalog.emplace();
    standings[0].catalog->last_error = text;
    std::vector<ConflictSighting> conflicts(1);
    conflicts[0].conflict.series = text;
    const std::string page =
        status_page(config, {}, standings, {}, conflicts, {}, std::chrono::system_clock::now(),
                    RefusedReload{text, std::chrono::system_clock::now()});
    EXPECT_TRUE(nasty::is_harmless(page, true)) << page;
  }
}

TEST_F(ServeTest, WhatABackendWroteGoesIntoHeadersPagesAndTheLogPrintable) {
  const std::string text = "disk \xe2\x80\xae on \xc2\x9b fire \x1b[2J";
  const auto failing = [text](net::ServerRequest,
                              net::ResponseWriter& writer) -> asio::awaitable<void> {
    net::ResponseHead head;
    head.status = 500;
    co_await writer.reply(std::move(head), text);
  };
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  ScriptedBackend broken(loop_, failing);
  serve({healthy.url(), broken.url()}, "partial: any\n");
  const auto partial = read();
  ASSERT_TRUE(partial);
  const std::string header(partial->head.headers.get("X-Mread-Partial"));
  EXPECT_THAT(header, HasSubstr("disk"));
  EXPECT_TRUE(nasty::is_harmless(header)) << header;
  EXPECT_TRUE(nasty::is_harmless(get(request("/"))->body, true));
  const auto wrong_path = get(request("/%E2%80%AE\x9b"));
  ASSERT_TRUE(wrong_path);
  EXPECT_TRUE(nasty::is_harmless(wrong_path->body, true)) << wrong_path->body;
}

TEST_F(ServeTest, ALineOfTheQueryLogThatIsLostIsCounted) {
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  serve({healthy.url()}, "query_log_file: /dev/full\n");
  EXPECT_EQ(metric("mread_query_log_lost_total"), "0");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(read_text(), healthy_text);
  EXPECT_EQ(metric("mread_query_log_lost_total"), "3");
}

TEST_F(ServeTest, TheStatusPageShowsTheLastConflicts) {
  const auto with = [](double value) {
    return frame("up{job=\"<x>\"}", samples(1'700'000'000'000, 15'000, {1, value, 3}));
  };
  ScriptedBackend a(loop_, streamed(with(2)));
  ScriptedBackend b(loop_, streamed(with(2.5)));
  serve({a.url(), b.url()});
  EXPECT_THAT(get(request("/"))->body, testing::Not(HasSubstr("conflicts")));
  ASSERT_TRUE(read());
  const auto page = get(request("/"));
  EXPECT_THAT(page->body, HasSubstr("up{job=&quot;&lt;x&gt;&quot;}"));
  EXPECT_THAT(page->body, testing::ContainsRegex("2023-11-14T22:13:35Z<.*2 and 2.5<"));
  EXPECT_EQ(metric("mread_conflicts_total"), "1");
}

TEST(StatusPageTest, DurationsHaveTwoUnits) {
  EXPECT_EQ(rough_duration(0s), "0s");
  EXPECT_EQ(rough_duration(59s), "59s");
  EXPECT_EQ(rough_duration(60s), "1m");
  EXPECT_EQ(rough_duration(3'700s), "1h1m");
  EXPECT_EQ(rough_duration(3'601s), "1h");
  EXPECT_EQ(rough_duration(100'000s), "1d3h");
}

// A Prometheus of 2.42 refuses a whole answer for the dot; others are told of nothing.
TEST_F(ServeTest, LeavesOutWhatTheClientRefuses) {
  const std::string path = fmt::format("{}mread-left-out-{}.log", testing::TempDir(), getpid());
  std::filesystem::remove(path);
  ScriptedBackend plain(loop_, streamed(healthy_body));
  ScriptedBackend dotted(loop_,
                         streamed(frame("m{\"http.method\"=\"GET\"}", samples(1'000, 1'000, {1}))));
  serve({plain.url(), dotted.url()},
        "clients: [{user_agent: my-reader, as: v2.53}]\nquery_log_file: " + path + "\n");
  const std::string left_out = "1 series that Prometheus 2.42 refuses: a label's name";
  auto old = read_request(model::ResponseType::samples);
  old.headers.set("User-Agent", "Prometheus/2.42.0+ds");
  const auto answer = get(old);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->head.status, 200);
  EXPECT_EQ(answer->head.headers.get("X-Mread-Partial"), left_out);
  EXPECT_EQ(text_of(*answer, model::ResponseType::samples), healthy_text);
  EXPECT_EQ(metric("mread_series_left_out_total{client=\"v2.42\",reason=\"label_name\"}"), "1");
  EXPECT_EQ(metric("mread_partial_reads_total"), "0") << "no backend is missing";

  old.headers.set("User-Agent", "my-reader/1.0");
  const auto ruled = get(old);
  ASSERT_TRUE(ruled);
  EXPECT_EQ(ruled->head.headers.get("X-Mread-Partial"),
            "1 series that Prometheus 2.53 refuses: a label's name");

  const auto whole = read(model::ResponseType::samples);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->head.headers.get("X-Mread-Partial"), "");
  EXPECT_NE(text_of(*whole, model::ResponseType::samples), healthy_text);

  std::string text;
  wait_until([&] {
    std::stringstream content;
    content << std::ifstream(path).rdbuf();
    text = content.str();
    return std::count(text.begin(), text.end(), '\n') == 3;
  });
  std::filesystem::remove(path);
  const auto line = boost::json::parse(text.substr(0, text.find('\n'))).as_object();
  EXPECT_EQ(line.at("partial").as_string(), left_out);
  EXPECT_EQ(line.at("series_left_out").as_int64(), 1);
}

TEST_F(ServeTest, TheQueryLogSaysWhatHappened) {
  const std::string path = fmt::format("{}mread-query-{}.log", testing::TempDir(), getpid());
  std::filesystem::remove(path);
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  serve({healthy.url(), "http://127.0.0.1:1/"}, "partial: any\nquery_log_file: " + path + "\n");
  ASSERT_TRUE(read());
  std::string text;
  wait_until([&] {
    std::stringstream content;
    content << std::ifstream(path).rdbuf();
    text = content.str();
    return text.ends_with("\n");
  });
  std::filesystem::remove(path);
  const auto line = boost::json::parse(text).as_object();
  EXPECT_EQ(line.at("queries").at(0).at("selector").as_string(), "m");
  EXPECT_EQ(line.at("queries").at(0).at("end_ms").as_int64(), 10'000'000);
  EXPECT_EQ(line.at("status").as_int64(), 200);
  EXPECT_EQ(line.at("end").as_string(), "complete");
  EXPECT_EQ(line.at("partial").as_string(), "b: connection refused");
  EXPECT_EQ(line.at("backends").at(0).at("state").as_string(), "complete");
  EXPECT_EQ(line.at("backends").at(0).at("bytes").as_int64(),
            static_cast<int64_t>(healthy_body.size()));
  EXPECT_EQ(line.at("backends").at(1).at("reason").as_string(), "refused");
}

TEST_F(ServeTest, ManyFailuresMakeNoLongHeader) {
  const std::string path = fmt::format("{}mread-failures-{}.log", testing::TempDir(), getpid());
  std::filesystem::remove(path);
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  std::string text = "remote_read:\n  - {name: a, url: \"" + healthy.url() + "\"}\n";
  for (int i = 0; i < 100; ++i)
    text += fmt::format("  - {{name: failing-{}, url: \"http://127.0.0.1:1/\"}}\n", i);
  serve_config(text + "partial: any\nquery_log_file: " + path + "\n");
  const auto answer = read();
  ASSERT_TRUE(answer);
  const std::string header(answer->head.headers.get("X-Mread-Partial"));
  EXPECT_LE(header.size(), 1024U);
  EXPECT_NE(header.find("failing-0: connection refused, failing-1"), std::string::npos) << header;
  EXPECT_NE(header.find(" more"), std::string::npos) << header;
  auto ask = read_request(ResponseType::streamed_xor_chunks);
  ask.url.target = "/api/v1/read/warnings";
  const auto warnings = get(ask);
  ASSERT_TRUE(warnings);
  EXPECT_NE(warnings->body.find("failing-99: connection refused"), std::string::npos);
  std::stringstream log;
  wait_until([&] {
    log.str("");
    log << std::ifstream(path).rdbuf();
    return log.str().ends_with("\n");
  });
  std::filesystem::remove(path);
  EXPECT_NE(log.str().find("failing-98: connection refused, failing-99: connection refused\""),
            std::string::npos);
}

TEST(ServiceTest, AQueryLogThatCannotBeOpenedIsNamed) {
  net::Loop loop;
  const auto service = Service::create(
      loop.executor(),
      config::Config::parse("remote_read: [{url: \"http://a/\"}]\nquery_log_file: /nowhere/q.log\n",
                            "mread.yml"),
      nullptr);
  ASSERT_FALSE(service);
  EXPECT_EQ(service.error().to_string(),
            "query_log_file /nowhere/q.log: No such file or directory");
}

}  // namespace
}  // namespace mread::serve
