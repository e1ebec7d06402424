#include "scenarios/engine/node_usage.h"

#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/temporary_folder.h"

namespace mread::scenarios {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using std::chrono::milliseconds;

class ProcessUsage : public testing::Test {
 protected:
  // Files of a process 7, as the kernel writes them.
  std::optional<NodeUsage> read(const std::string& stat, const std::string& statm) {
    fs::create_directories(folder_.path() / "7");
    std::ofstream(folder_.path() / "7/stat") << stat;
    std::ofstream(folder_.path() / "7/statm") << statm;
    return read_process_usage(7, folder_.path());
  }
  TemporaryFolder folder_;
};

TEST_F(ProcessUsage, AddsUserAndSystemTime) {
  const long ticks = sysconf(_SC_CLK_TCK);
  const auto usage =
      read("7 (a) b) (c) S 1 7 7 0 -1 4194304 100 0 0 0 " + std::to_string(2 * ticks) + " " +
               std::to_string(ticks) + " 50 60 20 0 9 0 1 2 3\n",
           "1000 25 10 1 0 50 0\n");
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->cpu, std::chrono::seconds(3));
  EXPECT_EQ(usage->memory_bytes, 25U * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
}

TEST_F(ProcessUsage, IsNoneOfWhatHasEnded) {
  EXPECT_FALSE(read_process_usage(8, folder_.path()));
  EXPECT_FALSE(read("7 (zombie) Z 1 7 7 0 -1 4194304 100 0 0 0 2 1 0 0", "0 0 0 0 0 0 0\n"));
  EXPECT_FALSE(read("7 (short) S 1", "1 1"));
  EXPECT_FALSE(read("", ""));
}

TEST_F(ProcessUsage, OfThisProcessGrows) {
  const auto before = read_process_usage(getpid());
  ASSERT_TRUE(before);
  EXPECT_GT(before->memory_bytes, 1U << 20);
  // Works until the kernel has counted a tick.
  std::optional<NodeUsage> after = before;
  for (int i = 0; after && after->cpu == before->cpu && i < 1000000; ++i)
    after = read_process_usage(getpid());
  ASSERT_TRUE(after);
  EXPECT_GT(after->cpu, before->cpu);
}

TEST_F(ProcessUsage, BelongsToTheContainerOfItsControlGroup) {
  fs::create_directories(folder_.path() / "7");
  std::ofstream(folder_.path() / "7/cgroup")
      << "12:memory:/docker/0a1b2c\n1:name=systemd:/docker/0a1b2c\n";
  EXPECT_TRUE(is_in_container(7, "0a1b2c", folder_.path()));
  EXPECT_FALSE(is_in_container(7, "ffffff", folder_.path()));
  EXPECT_FALSE(is_in_container(7, "", folder_.path()));
  EXPECT_FALSE(is_in_container(8, "0a1b2c", folder_.path()));
  EXPECT_FALSE(is_in_container(0, "0a1b2c", folder_.path()));
  EXPECT_FALSE(is_in_container(getpid(), "0a1b2c0a1b2c0a1b2c"));
}

TEST(ContainerUsage, LeavesOutFilesThatTheKernelCanDrop) {
  for (const char* name : {"inactive_file", "total_inactive_file"}) {
    const json::value stats = json::parse(
        R"({"cpu_stats": {"cpu_usage": {"total_usage": 1500000000}}, "memory_stats": {"usage": 1000,
            "stats": {")" +
        std::string(name) + R"(": 300}}})");
    const auto usage = usage_in_stats(stats);
    ASSERT_TRUE(usage);
    EXPECT_EQ(usage->cpu, milliseconds(1500));
    EXPECT_EQ(usage->memory_bytes, 700U);
  }
}

TEST(ContainerUsage, IsNoneOfWhatDoesNotRun) {
  EXPECT_FALSE(usage_in_stats(
      json::parse(R"({"cpu_stats": {"cpu_usage": {"total_usage": 0}}, "memory_stats": {}})")));
  EXPECT_FALSE(usage_in_stats(json::parse("[]")));
}

}  // namespace
}  // namespace mread::scenarios
