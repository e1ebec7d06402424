#include "base/memory_limit.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace mread {
namespace {

namespace fs = std::filesystem;

class MemoryLimitTest : public testing::Test {
 protected:
  MemoryLimitTest()
      : root_(fs::temp_directory_path() / ("mread_memory_" + std::to_string(::getpid()))) {
    files_ = {write("limits",
                    "Limit                     Soft Limit           Hard Limit           Units\n"
                    "Max data size             unlimited            unlimited            bytes\n"
                    "Max address space         unlimited            unlimited            bytes\n"),
              write("cgroup", "0::/\n"), (root_ / "fs").string(),
              write("meminfo", "MemTotal:       16384 kB\n")};
  }
  ~MemoryLimitTest() override { fs::remove_all(root_); }

  std::string write(const std::string& name, const std::string& text) {
    const fs::path path = root_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  void expect(uint64_t bytes, const std::string& source) {
    const MemoryLimit found = memory_limit(files_);
    EXPECT_EQ(found.bytes, bytes);
    EXPECT_EQ(found.source, source);
  }

  fs::path root_;
  MemoryLimitFiles files_;
};

TEST_F(MemoryLimitTest, TheMachinesMemoryWhereNothingElseSays) {
  expect(16384ULL << 10, "the machine's memory");
}

TEST_F(MemoryLimitTest, WithoutAnyFileThereIsNone) {
  const MemoryLimit found = memory_limit({"/none", "/none", "/none", "/none"});
  EXPECT_EQ(found.bytes, UINT64_MAX);
  EXPECT_EQ(found.source, "");
}

TEST_F(MemoryLimitTest, TheLimitsOfTheProcessAreTheSoftOnes) {
  write("limits", "Max address space         1048576              unlimited            bytes\n");
  expect(1048576, "RLIMIT_AS");
  write("limits",
        "Max data size             4096                 8192                 bytes\n"
        "Max address space         1048576              unlimited            bytes\n");
  expect(4096, "RLIMIT_DATA");
}

TEST_F(MemoryLimitTest, AnyGroupAboveHoldsForTheProcess) {
  write("cgroup", "0::/a.slice/b.service\n");
  write("fs/a.slice/b.service/memory.max", "max\n");
  write("fs/a.slice/b.service/memory.high", "9000\n");
  expect(9000, (root_ / "fs/a.slice/b.service/memory.high").string());
  write("fs/a.slice/memory.max", "8000\n");
  expect(8000, (root_ / "fs/a.slice/memory.max").string());
  // In a container the root is the group itself.
  write("fs/memory.max", "7000\n");
  expect(7000, (root_ / "fs/memory.max").string());
}

TEST_F(MemoryLimitTest, TheFirstVersionOfGroups) {
  write("cgroup", "12:cpu,cpuacct:/x\n9:memory:/docker/1\n0::/other\n");
  write("fs/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("fs/memory/docker/1/memory.limit_in_bytes", "5000\n");
  expect(5000, (root_ / "fs/memory/docker/1/memory.limit_in_bytes").string());
}

TEST_F(MemoryLimitTest, WhatIsNoNumberSaysNothing) {
  write("cgroup", "nonsense\n0:\n0::/../../etc\n");
  write("fs/memory.max", "much\n");
  write("limits", "Max address space\nMax data size   \n");
  expect(16384ULL << 10, "the machine's memory");
}

}  // namespace
}  // namespace mread
