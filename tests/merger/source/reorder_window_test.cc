#include "merger/source/reorder_window.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "merger/answers.h"

namespace mread::merger {
namespace {

using tests::labels;

// A fragment of ten bytes of the series up{n="NAME"}.
Fragment fragment(const std::string& name) {
  Fragment out;
  out.pin = pin_copy(labels("up{n=\"" + name + "\"}"), out.labels, {});
  out.bytes = 10;
  return out;
}

std::string taken(ReorderWindow& window) {
  std::string out;
  std::vector<Fragment> series;
  while (window.due()) {
    series.clear();
    window.pop_series(series);
    const std::string_view wire = series.front().labels;
    out += std::string(wire.substr(wire.size() - 1)) +
           (series.size() > 1 ? std::to_string(series.size()) : "");
  }
  return out;
}

TEST(ReorderWindow, NothingIsDueBeforeTheWindowIsFull) {
  ReorderWindow window(30);
  ASSERT_TRUE(window.push(fragment("a")));
  ASSERT_TRUE(window.push(fragment("b")));
  EXPECT_EQ(taken(window), "");
  ASSERT_TRUE(window.push(fragment("c")));
  EXPECT_EQ(taken(window), "a");
  window.end();
  EXPECT_EQ(taken(window), "bc");
}

TEST(ReorderWindow, ASeriesIsWholeOnlyWhenAnotherFollows) {
  ReorderWindow window(20);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(window.push(fragment("a")));
  EXPECT_FALSE(window.due());
  ASSERT_TRUE(window.push(fragment("b")));
  EXPECT_EQ(taken(window), "a5");
}

TEST(ReorderWindow, WhatIsLateWithinTheWindowIsPutInItsPlace) {
  ReorderWindow window(30);
  for (const char* name : {"b", "d", "a", "b", "c"})
    ASSERT_TRUE(window.push(fragment(name))) << name;
  EXPECT_TRUE(window.unsorted());
  window.end();
  EXPECT_EQ(taken(window), "ab2cd");
}

TEST(ReorderWindow, WhatIsLaterIsAnError) {
  ReorderWindow window(20);
  for (const char* name : {"b", "c", "d"}) ASSERT_TRUE(window.push(fragment(name)));
  const auto pushed = window.push(fragment("b"));
  ASSERT_FALSE(pushed);
  EXPECT_TRUE(pushed.error().is(Errc::unsorted));
}

TEST(ReorderWindow, ACutOffSeriesCanBeForgotten) {
  ReorderWindow window(1000);
  for (const char* name : {"a", "b", "b"}) ASSERT_TRUE(window.push(fragment(name)));
  window.erase(labels("up{n=\"b\"}"));
  window.end();
  EXPECT_EQ(window.bytes(), 10u);
  EXPECT_EQ(taken(window), "a");
}

// What is accepted, and the order it comes in, must not depend on when series are taken.
TEST(ReorderWindowProperty, TakingEarlyOrLateMakesNoDifference) {
  EXPECT_TRUE(rc::check([] {
    const auto names = *rc::gen::container<std::string>(rc::gen::inRange('a', 'h'));
    const size_t size = *rc::gen::inRange<size_t>(1, 80);
    const auto run = [&](bool early) {
      ReorderWindow window(size);
      std::string out;
      for (const char name : names) {
        if (!window.push(fragment(std::string(1, name))))
          return "error after " + out + taken(window);
        if (early) out += taken(window);
      }
      window.end();
      return out + taken(window);
    };
    RC_ASSERT(run(true) == run(false));
  }));
}

}  // namespace
}  // namespace mread::merger
