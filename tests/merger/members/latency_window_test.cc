#include "merger/members/latency_window.h"

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

using namespace std::chrono_literals;

TEST(LatencyWindow, SaysNothingOfAFew) {
  LatencyWindow window;
  for (size_t i = 1; i < LatencyWindow::enough; ++i) window.add(1ms);
  EXPECT_FALSE(window.quantile(0.5));
  window.add(1ms);
  EXPECT_EQ(window.quantile(0.5), 1ms);
}

TEST(LatencyWindow, QuantilesAreByNearestRank) {
  LatencyWindow window;
  // In an order that is no order.
  for (int i = 0; i < 100; ++i) window.add(std::chrono::milliseconds(1 + (i * 37) % 100));
  EXPECT_EQ(window.quantile(0.5), 50ms);
  EXPECT_EQ(window.quantile(0.9), 90ms);
  EXPECT_EQ(window.quantile(0.95), 95ms);
  EXPECT_EQ(window.quantile(0.99), 99ms);
  EXPECT_EQ(window.quantile(1), 100ms);
  EXPECT_EQ(window.quantile(0.001), 1ms);
}

TEST(LatencyWindow, ForgetsWhatIsOld) {
  LatencyWindow window;
  for (size_t i = 0; i < LatencyWindow::kept; ++i) window.add(1h);
  for (size_t i = 0; i < LatencyWindow::kept; ++i) window.add(1ms);
  EXPECT_EQ(window.quantile(1), 1ms);
}

}  // namespace
}  // namespace mread::merger
