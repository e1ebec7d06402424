#include "merger/fan_out/stage.h"

#include <set>
#include <utility>

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

using enum Stage;

TEST(Stage, GoesForwardsOnly) {
  const std::set<std::pair<Stage, Stage>> legal = {
      {gathering, merging}, {gathering, refusing}, {gathering, over},
      {merging, draining},  {merging, refusing},   {merging, over},
      {draining, refusing}, {draining, over},      {refusing, over}};
  for (const Stage from : {gathering, merging, draining, refusing, over}) {
    for (const Stage to : {gathering, merging, draining, refusing, over}) {
      EXPECT_EQ(may_follow(from, to), legal.contains({from, to}))
          << static_cast<int>(from) << " to " << static_cast<int>(to);
    }
  }
}

TEST(Progress, BeginsOnceAndKeepsThat) {
  Progress progress;
  EXPECT_EQ(progress.stage(), gathering);
  EXPECT_FALSE(progress.begun());
  progress.enter(merging);
  progress.begin();
  progress.enter(draining);
  EXPECT_TRUE(progress.begun());
  EXPECT_FALSE(is_ended(progress.stage()));
  progress.enter(over);
  EXPECT_TRUE(progress.begun());
  EXPECT_TRUE(is_ended(progress.stage()));
}

TEST(ProgressDeathTest, RefusesToGoBack) {
  Progress progress;
  progress.enter(merging);
  EXPECT_DEBUG_DEATH(progress.enter(gathering), "may_follow");
}

}  // namespace
}  // namespace mread::merger
