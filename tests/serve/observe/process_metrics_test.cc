#include "serve/observe/process_metrics.h"

#include <chrono>
#include <map>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace mread::serve {
namespace {

std::map<std::string, double> collect() {
  std::map<std::string, double> values;
  for (const prometheus::MetricFamily& family : ProcessMetrics().Collect()) {
    EXPECT_EQ(family.metric.size(), 1u) << family.name;
    const bool counts = family.type == prometheus::MetricType::Counter;
    EXPECT_EQ(counts, family.name.ends_with("_total")) << family.name;
    values[family.name] = counts ? family.metric[0].counter.value : family.metric[0].gauge.value;
  }
  return values;
}

TEST(ProcessMetrics, CountsOpenDescriptors) {
  const double before = collect().at("process_open_fds");
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(collect().at("process_open_fds"), before + 1);
  ::close(fd);
  EXPECT_EQ(collect().at("process_open_fds"), before);
}

TEST(ProcessMetrics, TellsTheLimitOfDescriptors) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(collect().at("process_max_fds"), static_cast<double>(limit.rlim_cur));
}

TEST(ProcessMetrics, MemoryIsInBytes) {
  const auto values = collect();
  const double resident = values.at("process_resident_memory_bytes");
  EXPECT_GT(resident, 1 << 20);
  EXPECT_GE(values.at("process_virtual_memory_bytes"), resident);
}

TEST(ProcessMetrics, TheStartIsInThePast) {
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  const double started = collect().at("process_start_time_seconds");
  EXPECT_LT(started, now + 2) << "the boot time is of whole seconds";
  EXPECT_GT(started, now - 24 * 3600);
}

TEST(ProcessMetrics, CpuTimeOnlyGrows) {
  const double before = collect().at("process_cpu_seconds_total");
  EXPECT_GE(before, 0);
  volatile double work = 0;
  while (collect().at("process_cpu_seconds_total") <= before) {
    for (int i = 0; i < 1'000'000; ++i) work = work + i;
  }
  SUCCEED() << "a hundredth of a second of work is seen";
}

}  // namespace
}  // namespace mread::serve
