#include "serve/observe/limited_log.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include "base/manual_clock.h"
#include "base/nasty_texts.h"
#include "serve/observe/log_format.h"

namespace mread::serve {
namespace {

using Kind = LimitedLog::Kind;
using testing::ElementsAre;
using namespace std::chrono_literals;

class LimitedLogTest : public testing::Test {
 protected:
  void write(LimitedLog& log, Kind kind, const std::string& subject, const std::string& line) {
    log.write(kind, subject, spdlog::level::warn, line);
  }
  std::vector<std::string> lines() {
    std::vector<std::string> all;
    std::istringstream in(out_.str());
    for (std::string line; std::getline(in, line);)
      all.push_back(line.substr(line.find("warning ")));
    return all;
  }
  LimitedLog make(unsigned burst, size_t subjects = 100) {
    return LimitedLog(logger_, {1min, burst, subjects}, clock_);
  }

  std::ostringstream out_;
  ManualClock clock_;
  const std::shared_ptr<spdlog::logger> logger_ = [this] {
    auto logger = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out_));
    logger->set_formatter(log_format());
    return logger;
  }();
};

TEST_F(LimitedLogTest, ALineALostQueryThenOneAMinute) {
  LimitedLog log = make(10);
  for (int i = 0; i < 1000; ++i) write(log, Kind::query_log, "", "full");
  clock_.advance(59s);
  write(log, Kind::query_log, "", "full");
  clock_.advance(1s);
  write(log, Kind::query_log, "", "full");
  clock_.advance(1min);
  write(log, Kind::query_log, "", "full");
  clock_.advance(1h);
  for (int i = 0; i < 2; ++i) write(log, Kind::query_log, "", "full");
  EXPECT_THAT(lines(),
              ElementsAre("warning full", "warning full (1000 more like this were left out)",
                          "warning full", "warning full"));
}

TEST_F(LimitedLogTest, OthersComeInBurstsOfTheirOwn) {
  LimitedLog log = make(2);
  for (int i = 0; i < 4; ++i) write(log, Kind::backend, "a", "a" + std::to_string(i));
  write(log, Kind::backend, "b", "b");
  write(log, Kind::circuit, "a", "circuit");
  clock_.advance(1min);
  write(log, Kind::backend, "a", "a4");
  write(log, Kind::backend, "a", "a5");
  EXPECT_THAT(lines(), ElementsAre("warning a0", "warning a1", "warning b", "warning circuit",
                                   "warning a4 (2 more like this were left out)"));
}

TEST_F(LimitedLogTest, OneIsSaidInTheSingular) {
  LimitedLog log = make(1);
  for (int i = 0; i < 2; ++i) write(log, Kind::handshake, "", "x");
  clock_.advance(1min);
  write(log, Kind::handshake, "", "x");
  EXPECT_THAT(lines(), ElementsAre("warning x", "warning x (1 more like this was left out)"));
}

TEST_F(LimitedLogTest, MoreSubjectsThanItKnowsAreOne) {
  LimitedLog log = make(1, 2);
  for (int i = 0; i < 100; ++i) write(log, Kind::backend, std::to_string(i), std::to_string(i));
  EXPECT_THAT(lines(), ElementsAre("warning 0", "warning 1", "warning 2"));
}

TEST_F(LimitedLogTest, WhatIsNotLoggedAtThisLevelCountsNowhere) {
  LimitedLog log = make(1);
  for (int i = 0; i < 5; ++i) log.write(Kind::handshake, "", spdlog::level::debug, "x");
  write(log, Kind::handshake, "", "y");
  EXPECT_THAT(lines(), ElementsAre("warning y"));
}

TEST_F(LimitedLogTest, EachLineIsOneAndPrintable) {
  for (const std::string& text : nasty::texts()) {
    out_.str("");
    logger_->warn("backend {} fails", text);
    EXPECT_TRUE(out_.str().ends_with("fails\n"));
    EXPECT_TRUE(nasty::is_harmless(std::string_view(out_.str()).substr(0, out_.str().size() - 1)))
        << out_.str();
  }
}

TEST_F(LimitedLogTest, NoLineIsLongerThanItShould) {
  logger_->warn("{}", std::string(1 << 20, 'x'));
  EXPECT_LT(out_.str().size(), 17U << 10);
  EXPECT_TRUE(out_.str().ends_with("x… (1032192 bytes cut)\n"));
}

}  // namespace
}  // namespace mread::serve
