#include "merger/fan_out/request_phase.h"

#include <map>
#include <set>

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

using enum RequestPhase;

const std::set<RequestPhase> all = {standing_by, asked,          answering,    complete,
                                    never_asked, unavailable,    dropped,      failed_early,
                                    failed_late, left_out_early, left_out_late};

// What is not listed is illegal.
const std::map<RequestPhase, std::set<RequestPhase>> legal = {
    {standing_by, {asked, never_asked, unavailable}},
    {asked, {answering, dropped, failed_early, failed_late}},
    {answering, {complete, dropped, failed_early, failed_late, left_out_early, left_out_late}},
    {complete, {failed_early, failed_late, left_out_late}},
    {dropped, {left_out_late}},
    {failed_late, {left_out_late}},
    {failed_early, {left_out_early}},
    {never_asked, {}},
    {unavailable, {}},
    {left_out_early, {}},
    {left_out_late, {}}};

TEST(RequestPhase, FollowsTheTable) {
  ASSERT_EQ(legal.size(), all.size());
  for (const RequestPhase from : all) {
    for (const RequestPhase to : all) {
      EXPECT_EQ(may_follow(from, to), legal.at(from).contains(to))
          << static_cast<int>(from) << " to " << static_cast<int>(to);
    }
  }
}

TEST(RequestPhase, NothingIsAskedTwiceOrOpenedAgain) {
  for (const RequestPhase from : all) {
    EXPECT_FALSE(may_follow(from, from));
    EXPECT_FALSE(may_follow(from, standing_by));
    EXPECT_EQ(may_follow(from, asked), from == standing_by);
    EXPECT_EQ(may_follow(from, answering), from == asked);
    EXPECT_EQ(may_follow(from, complete), from == answering);
  }
}

}  // namespace
}  // namespace mread::merger
