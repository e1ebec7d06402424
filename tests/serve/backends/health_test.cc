#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gmock/gmock.h>

#include "serve/serve_fixture.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// A backend that answers probes and reads, or neither, as a test says.
struct Moody {
  std::atomic<bool> probes_hang = true;
  std::atomic<bool> reads_hang = true;
  std::atomic<int> status = 200;
  std::atomic<int> reads = 0;
  std::atomic<int> probes = 0;
  std::mutex mutex;
  std::string probed;  // The last probe's target.

  net::Handler handler() {
    return
        [this](net::ServerRequest request, net::ResponseWriter& writer) -> asio::awaitable<void> {
          const bool probe = request.head.method == "GET";
          if (probe) {
            const std::lock_guard lock(mutex);
            probed = request.head.target + " " + std::string(request.head.headers.get("X-Tenant"));
          }
          ++(probe ? probes : reads);
          if (probe ? probes_hang : reads_hang) {
            co_await writer.client_gone();
            writer.abort(false);
            co_return;
          }
          auto head = streamed_head();
          head.status = status;
          std::string body = probe ? "" : healthy_body;
          co_await writer.reply(std::move(head), std::move(body));
        };
  }
};

// Some time after the backend has had so many reads, however long these took to get there.
asio::awaitable<void> some_time_after(const std::atomic<int>& reads, int count) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (bool last = false; !last;) {
    last = reads >= count;
    timer.expires_after(5ms);
    const auto [code] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (code) co_return;
  }
}

// A client that is gone some time after the backend has been asked; true where the answer came
// before.
asio::awaitable<bool> ask_and_leave(net::Client& client, net::ClientRequest request,
                                    const std::atomic<int>& reads, int count) {
  using namespace asio::experimental::awaitable_operators;
  const auto first = co_await (client.open(std::move(request)) || some_time_after(reads, count));
  co_return first.index() == 0;
}

// Half of a body, and then the end of the connection.
asio::awaitable<void> break_at_half(const std::string& body, net::ResponseWriter& writer) {
  auto head = streamed_head();
  const auto started = co_await writer.start(std::move(head));
  if (started) co_await writer.write(std::string_view(body).substr(0, body.size() / 2));
  writer.abort(false);
}

class HealthTest : public ServeTest {
 protected:
  std::string partial() {
    const auto answer = read();
    EXPECT_TRUE(answer) << answer.error().to_string();
    if (!answer) return "";
    EXPECT_EQ(answer->head.status, 200) << answer->body;
    return std::string(answer->head.headers.get("X-Mread-Partial"));
  }
  std::string circuit_of(const std::string& backend, const std::string& state) {
    return metric("mread_backend_circuit{backend=\"" + backend + "\",group=\"" + backend +
                  "\",state=\"" + state + "\"}");
  }
  std::string circuit(const std::string& state) { return circuit_of("b", state); }

  Moody moody_;
};

TEST_F(HealthTest, AHungBackendCostsOneReadItsTimeAndNoOther) {
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  ScriptedBackend hung(loop_, moody_.handler());
  serve({healthy.url(), hung.url()}, "partial: any\nhealth: {probe: 50ms, open_after: 2}\n");
  EXPECT_EQ(partial(), "b: deadline 200ms");
  wait_until([&] { return circuit("open") == "1"; });
  for (int i = 0; i < 5; ++i) EXPECT_EQ(partial(), "b: open circuit");
  EXPECT_EQ(moody_.reads, 1);
  EXPECT_GE(moody_.probes, 1);
  EXPECT_EQ(circuit("closed"), "0");
  EXPECT_EQ(circuit("suspect"), "0");
  EXPECT_EQ(metric("mread_backend_circuit_opened_total{backend=\"b\",group=\"b\"}"), "1");
  EXPECT_EQ(metric("mread_backend_failures_total{backend=\"b\",reason=\"open_circuit\"}"), "5");
  EXPECT_EQ(metric("mread_backend_requests_total{backend=\"b\",group=\"b\"}"), "1");
  EXPECT_THAT(get(request("/"))->body, HasSubstr("open circuit"));
}

TEST_F(HealthTest, ABackendThatAnswersProbesComesBackWithTheNextRead) {
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  ScriptedBackend hung(loop_, moody_.handler());
  serve({healthy.url(), hung.url()},
        "partial: any\nhealth: {probe: 10ms, open_after: 1, path: \"/ping?x=1\"}\n");
  EXPECT_EQ(partial(), "b: deadline 200ms");
  wait_until([&] { return circuit("open") == "1"; });
  wait_until([&] { return moody_.probes >= 2; });
  EXPECT_EQ(partial(), "b: open circuit");
  moody_.reads_hang = false;
  moody_.probes_hang = false;
  wait_until([&] { return circuit("half_open") == "1"; });
  EXPECT_EQ(moody_.reads, 1);
  EXPECT_EQ(partial(), "");
  EXPECT_EQ(circuit("closed"), "1");
  EXPECT_EQ(metric("mread_backend_probes_total{backend=\"b\",group=\"b\",result=\"answered\"}"),
            "1");
  const std::lock_guard lock(moody_.mutex);
  EXPECT_EQ(moody_.probed, "/ping?x=1 ");
}

TEST_F(HealthTest, ABackendThatAnswersItsProbesIsNeverTakenAway) {
  // The last member of its group. Reads of one client hang; a probe is answered, so the next read
  // asks it all the same.
  ScriptedBackend backend(loop_, moody_.handler());
  moody_.probes_hang = false;
  moody_.status = 404;  // It does not know the path: an answer all the same.
  serve({backend.url()}, "health: {probe: 10ms, open_after: 1}\n");
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(read()->body, "a: deadline 200ms\n");
    wait_until([&] { return moody_.probes >= i; });
  }
  moody_.reads_hang = false;
  moody_.status = 200;
  for (int i = 0; i < 25; ++i) EXPECT_EQ(read()->head.status, 200);
  EXPECT_EQ(moody_.reads, 28);
  EXPECT_EQ(metric("mread_backend_circuit_opened_total{backend=\"a\",group=\"a\"}"), "0");
}

struct BadRead {
  const char* name;
  std::function<asio::awaitable<void>(net::ResponseWriter&)> answer;
};

asio::awaitable<void> answer_with(int status, net::ResponseWriter& writer) {
  auto head = streamed_head();
  head.status = status;
  std::string body = "too much\n";
  co_await writer.reply(std::move(head), std::move(body));
}

asio::awaitable<void> add_text(net::ResponseWriter& writer) {
  auto head = streamed_head();
  std::string body = healthy_body + "internal error\n";
  co_await writer.reply(std::move(head), std::move(body));
}

asio::awaitable<void> reset(net::ResponseWriter& writer) {
  writer.abort(true);
  co_return;
}

class BadReads : public HealthTest, public testing::WithParamInterface<BadRead> {};

TEST_P(BadReads, OfOneClientCostTheOthersNothing) {
  std::atomic<bool> bad = true;
  ScriptedBackend backend(
      loop_, [&](net::ServerRequest request, net::ResponseWriter& writer) -> asio::awaitable<void> {
        if (bad && request.head.method == "POST") {
          co_await GetParam().answer(writer);
          co_return;
        }
        auto head = streamed_head();
        std::string body = healthy_body;
        co_await writer.reply(std::move(head), std::move(body));
      });
  serve({backend.url()}, "health: {}\n");
  for (int i = 0; i < 5; ++i) {
    const auto answer = read();
    EXPECT_TRUE(!answer || answer->head.status == 503);
  }
  bad = false;
  for (int i = 0; i < 25; ++i) {
    const auto answer = read();
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(answer->head.status, 200) << answer->body;
  }
  EXPECT_EQ(metric("mread_backend_circuit_opened_total{backend=\"a\",group=\"a\"}"), "0");
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BadReads,
    testing::Values(BadRead{"Status500", [](auto& writer) { return answer_with(500, writer); }},
                    BadRead{"Status504", [](auto& writer) { return answer_with(504, writer); }},
                    BadRead{"BrokenOff",
                            [](auto& writer) { return break_at_half(healthy_body, writer); }},
                    BadRead{"TextAfterFrames", [](auto& writer) { return add_text(writer); }},
                    BadRead{"Reset", [](auto& writer) { return reset(writer); }}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(HealthTest, WithoutProbesDifferentReadsOfDifferentClientsHaveToFail) {
  ScriptedBackend backend(loop_, moody_.handler());
  serve({backend.url()}, "health: {path: none, open_after: 2, probe: 1h}\n", "20ms");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(read()->body, "a: deadline 20ms\n");
  EXPECT_EQ(circuit_of("a", "suspect"), "1");
  EXPECT_EQ(moody_.probes, 0);
}

TEST_F(HealthTest, WithoutHealthEveryReadAsks) {
  ScriptedBackend hung(loop_, moody_.handler());
  serve({hung.url()}, "", "20ms");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(read()->body, "a: deadline 20ms\n");
  EXPECT_EQ(moody_.reads, 5);
  EXPECT_EQ(get(request("/metrics"))->body.find("mread_backend_circuit{"), std::string::npos);
}

TEST_F(HealthTest, AClientThatIsLessPatientThanTheTimeoutStillOpensTheCircuit) {
  ScriptedBackend hung(loop_, moody_.handler());
  serve({hung.url()}, "health: {probe: 1h, open_after: 3, hung_after: 1ms}\n", "1h");
  for (int i = 1; i <= 2; ++i) {
    EXPECT_EQ(loop_.run(ask_and_leave(client_, read_request(model::ResponseType::samples),
                                      moody_.reads, i)),
              false);
    wait_until([&] {
      return metric("mread_reads_total{code=\"0\",end=\"client_gone\",type=\"samples\"}") ==
             std::to_string(i);
    });
  }
  wait_until([&] { return circuit_of("a", "open") == "1"; });
  EXPECT_EQ(read()->body, "a: open circuit\n");
  EXPECT_EQ(moody_.reads, 2);
}

TEST_F(HealthTest, TheMemberThatWouldTakeOverIsPassedByWhereItsCircuitIsOpen) {
  // b's circuit opens. Then a breaks in mid-stream: c goes on, and b is not asked.
  const std::string body = many_frames("m", 0, 12U << 20);
  const auto broken = [&body](net::ServerRequest, net::ResponseWriter& writer) {
    return break_at_half(body, writer);
  };
  ScriptedBackend first(loop_, broken);
  ScriptedBackend second(loop_, moody_.handler());
  ScriptedBackend third(loop_, streamed(body));
  serve({first.url(), second.url(), third.url()},
        "groups: [{name: g, members: [a, b, c], wait: need, hedge_after: 1h}]\nhealth: {probe: 1h, "
        "open_after: 1}\n",
        "1m");
  {
    // What a read has shown in which b did not answer.
    const auto generation = service_->generation();
    const auto now = std::chrono::steady_clock::now();
    Circuits::Admission admission(generation->circuits(), now);
    merger::Outcome outcome;
    outcome.backends.resize(3);
    outcome.backends[1].backend = 1;
    outcome.backends[1].state = merger::BackendOutcome::State::failed;
    outcome.backends[1].error = Error(Errc::deadline, "deadline 1m");
    admission.settle(outcome, now);
    generation->circuits().probe_ended(1, false, now);
  }
  const auto answer = read();
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->head.status, 200);
  EXPECT_EQ(answer->head.headers.get("X-Mread-Partial"), "b: open circuit");
  EXPECT_EQ(answer->trailers.get("X-Mread-Partial"),
            "a: connection closed inside the body, b: open circuit");
  EXPECT_TRUE(answer->body == body);
  EXPECT_EQ(moody_.reads, 0);
  EXPECT_EQ(metric("mread_failovers_total"), "1");
}

TEST_F(HealthTest, StopEndsAProbeUnderWay) {
  ScriptedBackend hung(loop_, moody_.handler());
  serve({hung.url()}, "health: {probe: 10ms, open_after: 1}\n", "1h");
  moody_.reads_hang = false;
  moody_.status = 503;
  EXPECT_EQ(read()->head.status, 503);
  wait_until([&] { return moody_.probes >= 1; });
  loop_.run(service_->stop());
}

}  // namespace
}  // namespace mread::serve
