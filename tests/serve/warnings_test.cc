#include "serve/warnings.h"

#include <gmock/gmock.h>

#include "base/manual_clock.h"
#include "serve/serve_fixture.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using model::ResponseType;
using Warning = std::optional<std::string>;

class DeskTest : public testing::Test {
 protected:
  std::future<Warning> ask(const std::string& key) {
    const size_t before = desk_.waiting();
    auto asked = loop_.start(desk_.warning(key));
    wait_until([&] {
      return desk_.waiting() > before || asked.wait_for(0s) == std::future_status::ready;
    });
    return asked;
  }

  net::Loop loop_;
  Warnings desk_{{1h, 1h}};
};

TEST_F(DeskTest, TheReadMayComeFirst) {
  const auto read = desk_.announce("k");
  auto asked = ask("k");
  read->decide("partial: b");
  EXPECT_EQ(asked.get(), "partial: b");
}

TEST_F(DeskTest, TheRequestMayComeFirst) {
  auto asked = ask("k");
  desk_.announce("other")->decide("not this one");
  const auto read = desk_.announce("k");
  EXPECT_EQ(asked.wait_for(0s), std::future_status::timeout);
  read->decide("");
  read->decide("too late");
  EXPECT_EQ(asked.get(), "");
}

TEST_F(DeskTest, TheReadMayBeDecidedAlready) {
  desk_.announce("k")->decide("first");
  desk_.announce("k")->decide("second");
  EXPECT_EQ(ask("k").get(), "second") << "the newest";
  EXPECT_EQ(ask("k").get(), "first");
}

TEST_F(DeskTest, OneUnderWayIsBetterThanOneThatIsDecided) {
  const auto under_way = desk_.announce("k");
  desk_.announce("k")->decide("decided");
  auto asked = ask("k");
  under_way->decide("under way");
  EXPECT_EQ(asked.get(), "under way");
}

TEST_F(DeskTest, EachReadServesOneRequest) {
  const auto one = desk_.announce("k");
  auto first = ask("k");
  auto second = ask("k");
  one->decide("one");
  EXPECT_EQ(first.get(), "one");
  EXPECT_EQ(second.wait_for(0s), std::future_status::timeout);
  desk_.announce("k")->decide("two");
  EXPECT_EQ(second.get(), "two");
}

TEST_F(DeskTest, AReadThatIsGivenUpSaysSo) {
  auto read = desk_.announce("k");
  auto asked = ask("k");
  read.reset();
  EXPECT_EQ(asked.get(), "the read was given up");
}

TEST(DeskLimits, NothingIsKeptAndNothingIsWaitedFor) {
  net::Loop loop;
  Warnings desk({0ms, 0ms});
  desk.announce("k")->decide("old");
  EXPECT_EQ(loop.run(desk.warning("k")), std::nullopt);
  EXPECT_EQ(desk.waiting(), 0u);
}

TEST(DeskLimits, ADecidedReadIsKeptForItsTimeAndNoLonger) {
  ManualClock clock;
  net::Loop loop;
  Warnings desk({2s, 0ms}, clock);
  desk.announce("k")->decide("kept");
  clock.advance(2s - 1ns);
  EXPECT_EQ(loop.run(desk.warning("k")), "kept");
  desk.announce("k")->decide("old");
  clock.advance(2s);
  EXPECT_EQ(loop.run(desk.warning("k")), std::nullopt);
}

TEST(DeskLimits, AReadUnderWayIsKeptHoweverLongItTakes) {
  ManualClock clock;
  net::Loop loop;
  Warnings desk({2s, 1h}, clock);
  const auto read = desk.announce("k");
  clock.advance(24h);
  desk.announce("other")->decide("");  // What is old is forgotten now.
  auto asked = loop.start(desk.warning("k"));
  wait_until([&] { return desk.waiting() == 1; });
  read->decide("still there");
  EXPECT_EQ(asked.get(), "still there");
}

class WarningsEndpoint : public ServeTest, public testing::WithParamInterface<ResponseType> {
 protected:
  // However slow the machine is, no pair is missed.
  WarningsEndpoint() { warnings_ = {1h, 1h}; }
  net::ClientRequest warnings_request() const {
    auto out = read_request(GetParam());
    out.url.target += "/warnings";
    return out;
  }
  bool is_empty(const Answer& answer) const {
    if (answer.head.headers.get("Content-Type").starts_with("application/x-streamed-protobuf")) {
      return GetParam() == ResponseType::streamed_xor_chunks && answer.body.empty();
    }
    const auto results = read_samples(answer.body);
    return GetParam() == ResponseType::samples && results.size() == 1 && results[0].empty();
  }
  std::string answered(const std::string& result) {
    return metric("mread_warnings_requests_total{result=\"" + result + "\"}");
  }
};

TEST_P(WarningsEndpoint, FailsWhereTheReadWasPartialAndAsksNobody) {
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  ScriptedBackend hung(loop_, hanging());
  serve({healthy.url(), hung.url()}, "partial: any\n");
  for (const bool warnings_first : {true, false}) {
    auto first = std::async(std::launch::async, [&] {
      return get(warnings_first ? warnings_request() : read_request(GetParam()));
    });
    auto second = std::async(std::launch::async, [&] {
      return get(warnings_first ? read_request(GetParam()) : warnings_request());
    });
    const auto one = first.get();
    const auto other = second.get();
    ASSERT_TRUE(one && other);
    const Answer& warnings = warnings_first ? *one : *other;
    const Answer& data = warnings_first ? *other : *one;
    EXPECT_EQ(data.head.status, 200);
    EXPECT_EQ(warnings.head.status, 503);
    EXPECT_EQ(warnings.body, "partial: b: deadline 200ms\n");
  }
  EXPECT_EQ(healthy.requests(), 2);
  EXPECT_EQ(answered("partial"), "2");
}

TEST_P(WarningsEndpoint, IsEmptyWhereNothingWasLeftOut) {
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  serve({healthy.url()});
  ASSERT_TRUE(read(GetParam()));
  const auto warnings = get(warnings_request());
  ASSERT_TRUE(warnings);
  EXPECT_EQ(warnings->head.status, 200);
  EXPECT_TRUE(is_empty(*warnings));
  EXPECT_EQ(healthy.requests(), 1);
  EXPECT_EQ(answered("complete"), "1");
}

TEST_P(WarningsEndpoint, IsEmptyWhereNoReadComes) {
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  warnings_ = {0ms, 0ms};
  serve({healthy.url()});
  const auto warnings = get(warnings_request());
  ASSERT_TRUE(warnings);
  EXPECT_TRUE(is_empty(*warnings));
  EXPECT_EQ(healthy.requests(), 0);
  EXPECT_EQ(answered("unmatched"), "1");
}

TEST_P(WarningsEndpoint, SaysThatTheReadFailed) {
  ScriptedBackend refusing(loop_, streamed(""));
  ASSERT_TRUE(refusing.server().set_accepting(false));
  serve({refusing.url()});
  EXPECT_EQ(read(GetParam())->head.status, 503);
  EXPECT_EQ(get(warnings_request())->body,
            "the read failed with status 503: a: connection refused\n");
}

TEST_P(WarningsEndpoint, RefusesWhatIsNoRead) {
  serve({"http://127.0.0.1:1/"});
  EXPECT_EQ(get(request("/api/v1/read/warnings"))->head.status, 405);
  auto garbage = request("/api/v1/read/warnings", "POST");
  garbage.body = "no snappy";
  EXPECT_EQ(get(garbage)->head.status, 400);
}

TEST_P(WarningsEndpoint, AClientThatLeavesIsNotWaitedFor) {
  serve({"http://127.0.0.1:1/"});
  std::stop_source stop;
  auto asked = std::async(std::launch::async,
                          [&] { return net::fetch(warnings_request(), {}, stop.get_token()); });
  wait_until([&] { return service_->warnings_waiting() == 1; });
  stop.request_stop();
  EXPECT_FALSE(asked.get());
  wait_until([&] { return service_->warnings_waiting() == 0; });
}

INSTANTIATE_TEST_SUITE_P(Types, WarningsEndpoint,
                         testing::Values(ResponseType::samples, ResponseType::streamed_xor_chunks),
                         [](const auto& param_info) {
                           return std::string(to_string(param_info.param));
                         });

}  // namespace
}  // namespace mread::serve
