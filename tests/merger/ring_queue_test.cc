#include "merger/ring_queue.h"

#include <deque>
#include <memory>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace mread::merger {
namespace {

TEST(RingQueueProperty, DoesWhatADequeDoes) {
  EXPECT_TRUE(rc::check([] {
    RingQueue<std::unique_ptr<int>> queue;
    std::deque<int> model;
    const int steps = *rc::gen::inRange(0, 300);
    for (int i = 0; i < steps; ++i) {
      const int what = *rc::gen::inRange(0, 20);
      if (what < 10) {
        queue.push_back(std::make_unique<int>(i));
        model.push_back(i);
      } else if (what < 15 && !model.empty()) {
        queue.pop_front();
        model.pop_front();
      } else if (what < 19 && !model.empty()) {
        queue.pop_back();
        model.pop_back();
      } else if (what == 19) {
        queue.clear();
        model.clear();
      }
      RC_ASSERT(queue.size() == model.size());
      RC_ASSERT(queue.empty() == model.empty());
      for (size_t k = 0; k < model.size(); ++k) RC_ASSERT(*queue[k] == model[k]);
      if (!model.empty()) RC_ASSERT(*queue.front() == model.front() && *queue.back() == model.back());
    }
    const RingQueue<std::unique_ptr<int>> moved(std::move(queue));
    RC_ASSERT(moved.size() == model.size());
    RC_ASSERT(queue.empty());
  }));
}

}  // namespace
}  // namespace mread::merger
