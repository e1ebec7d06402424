#include "serve/file_watch.h"

#include <atomic>
#include <mutex>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "net/loop.h"
#include "serve/serve_fixture.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;

TEST(FileWatchTest, WhateverIsThrownIsToldAndTheWatchGoesOn) {
  TemporaryFolder folder;
  const std::string path = folder.write("file", "1");
  net::Loop loop;
  std::atomic<int> looks = 0;
  std::atomic<int> changes = 0;
  std::atomic<int> failures = 0;
  const auto watch = std::make_shared<FileWatch>(
      loop.executor(),
      [&]() -> FileWatch::Subject {
        // It is asked before each wait and at each look: this is the second look.
        if (++looks == 4) throw std::runtime_error("no subject");
        return {path, 1ms};
      },
      [&] {
        const int change = ++changes;
        if (change == 1) throw std::bad_alloc();
        if (change == 2) throw 1;  // NOLINT(hicpp-exception-baseclass): anything at all
      },
      [&](const std::string&) { ++failures; });
  watch->start();
  wait_until([&] { return changes == 1 && failures >= 1; });
  folder.write("file", "22");
  wait_until([&] { return changes == 2 && failures == 3; });
  folder.write("file", "333");
  wait_until([&] { return changes == 3; });
  loop.run(watch->stop());
  EXPECT_EQ(failures, 3);
}

}  // namespace
}  // namespace mread::serve
