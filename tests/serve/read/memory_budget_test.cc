// What all reads may hold together.
#include "serve/read/memory_budget.h"

#include <atomic>
#include <future>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>

#include "serve/serve_fixture.h"

namespace mread::serve {
namespace {

using testing::HasSubstr;

class MemoryBudgetTest : public testing::Test {
 protected:
  std::unique_ptr<MemoryBudget::Share> open(const std::string& name) {
    return memory_budget_.open(context_.get_executor(), [this, name](uint64_t bytes) {
      told_ += name + std::to_string(bytes) + " ";
    });
  }
  /// Who has been told to give up since the last call.
  std::string told() {
    context_.restart();
    context_.poll();
    return std::exchange(told_, "");
  }

  asio::io_context context_;
  MemoryBudget memory_budget_;
  std::string told_;
};

TEST_F(MemoryBudgetTest, WithoutALimitNobodyIsTold) {
  const auto a = open("a");
  a->set(1ULL << 60);
  EXPECT_EQ(told(), "");
  EXPECT_EQ(memory_budget_.held(), 1ULL << 60);
}

TEST_F(MemoryBudgetTest, TheHeaviestMakesWayForTheOthers) {
  memory_budget_.set_limit(100);
  const auto a = open("a");
  auto b = open("b");
  const auto c = open("c");
  a->set(30);
  b->set(60);
  c->set(10);
  EXPECT_EQ(told(), "");
  c->set(11);
  EXPECT_EQ(told(), "b60 ");
  // It is on its way out: what it still takes is nobody else's matter.
  b->set(90);
  c->set(20);
  EXPECT_EQ(told(), "");
  EXPECT_EQ(memory_budget_.held(), 140u);
  b.reset();
  EXPECT_EQ(memory_budget_.held(), 50u);
  c->set(70);
  EXPECT_EQ(told(), "");
  a->set(31);
  EXPECT_EQ(told(), "c70 ");
}

TEST_F(MemoryBudgetTest, OneAloneMayBeTooMuch) {
  memory_budget_.set_limit(100);
  const auto a = open("a");
  a->set(101);
  a->set(102);
  EXPECT_EQ(told(), "a101 ");
}

TEST_F(MemoryBudgetTest, SeveralMakeWayWhereOneIsNotEnough) {
  const auto a = open("a");
  const auto b = open("b");
  const auto c = open("c");
  a->set(80);
  b->set(70);
  c->set(60);
  memory_budget_.set_limit(100);
  c->set(50);
  EXPECT_EQ(told(), "") << "less is no reason";
  c->set(60);
  EXPECT_EQ(told(), "a80 b70 ");
}

// A first read is sent one mebibyte, all others three; then nothing more until the test says so.
class HoldingReads : public ServeTest {
 protected:
  asio::awaitable<void> answer(net::ServerRequest, net::ResponseWriter& writer) {
    const bool first = ++asked_ == 1;
    const std::string body = many_frames("m", 0, first ? 1U << 20 : 3U << 20);
    auto head = streamed_head();
    co_await writer.start(std::move(head));
    co_await writer.write(body);
    co_await wait_for(may_go_on_);
    co_await writer.finish({});
  }

  std::atomic<int> asked_ = 0;
  std::atomic<bool> may_go_on_ = false;
};

TEST_F(HoldingReads, AHeavyReadIsRefusedAndALightOneGoesOn) {
  ScriptedBackend backend(loop_, [this](net::ServerRequest request, net::ResponseWriter& writer) {
    return answer(std::move(request), writer);
  });
  serve({backend.url()}, "limits: {total_bytes_in_flight: 3MiB, single_flight: false}\n", "1h");
  auto light = std::async(std::launch::async, [&] { return read(); });
  wait_until([&] { return std::stod(metric("mread_reads_held_bytes")) >= 1U << 20; });
  EXPECT_THAT(get(request("/"))->body, HasSubstr("1 read under way, 2 MiB held of 3 MiB"));
  const auto heavy = read();
  ASSERT_TRUE(heavy) << heavy.error().to_string();
  EXPECT_EQ(heavy->head.status, 503);
  EXPECT_EQ(heavy->head.headers.get("Retry-After"), "1");
  EXPECT_THAT(
      heavy->body,
      HasSubstr("all reads together hold more than 3145728 bytes (limits.total_bytes_in_flight), "
                "and this one the most of them: "));
  EXPECT_EQ(metric("mread_reads_given_up_total"), "1");
  may_go_on_ = true;
  const auto answered = light.get();
  ASSERT_TRUE(answered) << answered.error().to_string();
  EXPECT_EQ(answered->head.status, 200);
  wait_until([&] { return metric("mread_reads_held_bytes") == "0"; });
}

// The backend of an attack: much, of which each byte asks for much memory; and another that is
// honest.
class AttackedReads : public ServeTest {
 protected:
  void serve_with(const std::string& nasty, const std::string& limits) {
    nasty_ = std::make_unique<ScriptedBackend>(loop_, streamed(nasty));
    honest_ = std::make_unique<ScriptedBackend>(loop_, streamed(healthy_body));
    serve({nasty_->url(), honest_->url()},
          "partial: any\nlimits: {single_flight: false, " + limits + "}\n", "1h");
  }

  std::unique_ptr<ScriptedBackend> nasty_;
  std::unique_ptr<ScriptedBackend> honest_;
};

TEST_F(AttackedReads, FramesThatSayNothingFailTheirBackendAlone) {
  std::string idle;
  for (int i = 0; i < 100'000; ++i) idle += std::string(5, '\0');  // No data: their checksum is 0.
  serve_with(idle, "bytes_in_flight: 32MiB");
  const auto answer = read();
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_EQ(answer->head.headers.get("X-Mread-Partial"),
            "a: frame 10000: more than 10000 frames that say nothing");
  EXPECT_EQ(show(read_streamed(answer->body)), healthy_text);
}

TEST_F(AttackedReads, WhatHoldsTooMuchIsLeftOutAndNothingStaysHeld) {
  // One series in very many frames is held until the next begins.
  std::string one;
  const std::string frame_of_one = frame("m{n=\"x\"}", samples(5000, 1000, {1}));
  while (one.size() < 24U << 20) one += frame_of_one;
  serve_with(one, "bytes_in_flight: 24MiB");
  for (int i = 0; i < 3; ++i) {
    const auto answer = read();
    ASSERT_TRUE(answer) << answer.error().to_string();
    EXPECT_EQ(answer->head.status, 200);
    EXPECT_EQ(answer->head.headers.get("X-Mread-Partial"),
              "a: more than 25165824 bytes held (limits.bytes_in_flight)");
    EXPECT_EQ(show(read_streamed(answer->body)), healthy_text);
  }
  wait_until([&] { return metric("mread_reads_held_bytes") == "0"; });
}

}  // namespace
}  // namespace mread::serve
