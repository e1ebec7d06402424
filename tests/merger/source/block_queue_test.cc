#include "merger/source/block_queue.h"

#include <deque>
#include <memory>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace mread::merger {
namespace {

TEST(BlockQueueProperty, DoesWhatADequeDoes) {
  EXPECT_TRUE(rc::check([] {
    BlockQueue<std::unique_ptr<int>> queue;
    std::deque<int> model;
    const int steps = *rc::gen::inRange(0, 2000);
    for (int i = 0; i < steps; ++i) {
      const int what = *rc::gen::inRange(0, 20);
      if (what < 11) {
        queue.push_back(std::make_unique<int>(i));
        model.push_back(i);
      } else if (what < 15 && !model.empty()) {
        queue.pop_front();
        model.pop_front();
      } else if (what < 19 && !model.empty()) {
        queue.pop_back();
        model.pop_back();
      } else if (what == 19 && i % 7 == 0) {
        queue.clear();
        model.clear();
      }
      RC_ASSERT(queue.size() == model.size());
      RC_ASSERT(queue.empty() == model.empty());
      if (!model.empty()) {
        const auto k = *rc::gen::inRange<size_t>(0, model.size());
        RC_ASSERT(*queue[k] == model[k]);
      }
      if (!model.empty())
        RC_ASSERT(*queue.front() == model.front() && *queue.back() == model.back());
    }
    const BlockQueue<std::unique_ptr<int>> moved(std::move(queue));
    RC_ASSERT(moved.size() == model.size());
  }));
}

}  // namespace
}  // namespace mread::merger
