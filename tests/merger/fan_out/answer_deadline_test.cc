#include "merger/fan_out/answer_deadline.h"

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

using namespace std::chrono_literals;

TEST(AnswerDeadline, CountsOnlyTheTimeOfWaiting) {
  const TimePoint start{1h};
  AnswerDeadline deadline(8s);
  EXPECT_EQ(deadline.at(), std::nullopt);
  deadline.wait(start);
  EXPECT_EQ(deadline.at(), start + 8s);
  deadline.stop(start + 3s);
  EXPECT_FALSE(deadline.is_waiting());
  EXPECT_EQ(deadline.at(), std::nullopt);
  deadline.wait(start + 100s);
  EXPECT_EQ(deadline.at(), start + 105s);
}

TEST(AnswerDeadline, AnInterruptedWaitGoesOnFromItsBegin) {
  const TimePoint start{1h};
  AnswerDeadline deadline(8s);
  deadline.wait(start);
  deadline.interrupt();
  EXPECT_FALSE(deadline.is_waiting());
  EXPECT_EQ(deadline.at(), start + 8s);
  deadline.wait(start + 5s);
  EXPECT_EQ(deadline.at(), start + 8s);
}

TEST(AnswerDeadline, ARestForgetsAnInterruptedWait) {
  const TimePoint start{1h};
  AnswerDeadline deadline(8s);
  deadline.wait(start);
  deadline.interrupt();
  deadline.rest();
  EXPECT_EQ(deadline.at(), std::nullopt);
  deadline.wait(start + 5s);
  EXPECT_EQ(deadline.at(), start + 13s);
}

}  // namespace
}  // namespace mread::merger
