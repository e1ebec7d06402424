#include "base/file.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/temporary_folder.h"
#include "base/yaml.h"

namespace mread {
namespace {

using testing::HasSubstr;

std::string error_of(const std::string& path, uint64_t limit_bytes = 100) {
  const auto text = read_file(path, limit_bytes);
  return text ? "read: " + *text : text.error().to_string();
}

TEST(ReadFile, TakesEveryByteUpToTheLimit) {
  TemporaryFolder folder;
  const std::string bytes("a\0\r\nb", 5);
  EXPECT_EQ(read_file(folder.write("bytes", bytes), 5).value(), bytes);
  EXPECT_EQ(read_file(folder.write("empty", ""), 5).value(), "");
  EXPECT_EQ(read_file(folder.write("empty", ""), 0).value(), "");
  EXPECT_TRUE(read_file(folder.write("bytes", bytes), 4).error().is(Errc::limit));
  EXPECT_THAT(error_of(folder.write("large", std::string(3000, 'x')), 2048),
              HasSubstr("large: more than 2 KiB"));
}

TEST(ReadFile, AFileWithoutASizeIsReadToItsEnd) {
  // Files of /proc are regular, and say that they are empty.
  EXPECT_THAT(read_file("/proc/self/status", 1U << 20).value(), HasSubstr("VmPeak"));
  EXPECT_TRUE(read_file("/proc/self/status", 10).error().is(Errc::limit));
}

TEST(ReadFile, WhatIsNoRegularFileIsRefusedWithoutWaiting) {
  TemporaryFolder folder;
  const std::string pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(error_of(pipe), pipe + ": not a regular file");
  EXPECT_EQ(error_of(folder.path()), folder.path().string() + ": not a regular file");
  EXPECT_EQ(error_of("/dev/zero"), "/dev/zero: not a regular file");
  EXPECT_EQ(error_of("/dev/null"), "/dev/null: not a regular file");
  const std::string path = folder.path() / "socket";
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(error_of(path), path + ": No such device or address");
  ::close(listener);
}

TEST(ReadFile, AMissingFileIsTheSystemsError) {
  EXPECT_EQ(error_of("/nowhere/x"), "/nowhere/x: No such file or directory");
}

TEST(ReadFirstLine, ReadsFilesThatClaimToBeEmpty) {
  TemporaryFolder folder;
  EXPECT_EQ(read_first_line(folder.write("lines", "one\ntwo\n")), "one");
  EXPECT_EQ(read_first_line("/proc/self/stat").substr(0, 3),
            (std::to_string(::getpid()) + " (").substr(0, 3));
  EXPECT_EQ(read_first_line("/nowhere/x"), "");
}

TEST(ReadFile, AConfigurationIsReadFromRegularFilesOnly) {
  TemporaryFolder folder;
  const std::string pipe = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto refusal = [](const std::string& path) {
    try {
      yaml::Node::load(path);
    } catch (const yaml::ConfigError& error) {
      return std::string(error.what());
    }
    return std::string("read");
  };
  EXPECT_EQ(refusal(pipe), pipe + ": cannot be read: it is not a regular file");
  EXPECT_EQ(refusal("/dev/zero"), "/dev/zero: cannot be read: it is not a regular file");
  const std::string large = folder.write("large", "");
  ASSERT_EQ(::truncate(large.c_str(), (16 << 20) + 1), 0);
  EXPECT_EQ(refusal(large), large + ": cannot be read: it holds more than 16 MiB");
}

}  // namespace
}  // namespace mread
