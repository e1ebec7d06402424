#include "cli/stop_on_signal.h"

#include <chrono>
#include <csignal>
#include <future>
#include <optional>

#include <gtest/gtest.h>

namespace mread::cli {
namespace {

using namespace std::chrono_literals;

void ignore(int) {}

TEST(StopOnSignal, RequestsAStopAndPutsTheOldHandlersBack) {
  for (const int signal : {SIGINT, SIGTERM}) {
    std::signal(signal, ignore);
    {
      const StopOnSignal stop;
      std::promise<void> stopped;
      const std::stop_callback callback(stop.token(), [&] { stopped.set_value(); });
      EXPECT_FALSE(stop.token().stop_requested());
      std::raise(signal);
      EXPECT_EQ(stopped.get_future().wait_for(10s), std::future_status::ready);
    }
    EXPECT_EQ(std::signal(signal, SIG_DFL), ignore);
  }
}

}  // namespace
}  // namespace mread::cli
