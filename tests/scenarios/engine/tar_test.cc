#include "scenarios/engine/tar.h"

#include <filesystem>

#include <gmock/gmock.h>

#include "base/temporary_folder.h"

namespace mread::scenarios {
namespace {

using testing::HasSubstr;

// Numbers of the header that begins at `at`, as the ustar format has them: octal text.
long octal(const std::string& archive, size_t at, size_t field, size_t digits = 6) {
  return std::stol(archive.substr(at + field, digits), nullptr, 8);
}
constexpr size_t mode_field = 100;
constexpr size_t owner_field = 108;
constexpr size_t size_field = 124;

TEST(TarWriter, EntriesHaveTheirModeAndBelongToRoot) {
  TarWriter writer;
  writer.add_file("bin/program", "text", 0755);
  writer.add_file("file", "more");
  const std::string archive = writer.finish();
  ASSERT_GE(archive.size(), 2048u);
  EXPECT_EQ(archive.substr(0, 12), std::string("bin/program\0", 12));
  EXPECT_EQ(octal(archive, 0, mode_field), 0755);
  EXPECT_EQ(octal(archive, 0, owner_field), 0);
  EXPECT_EQ(octal(archive, 0, size_field, 11), 4);
  EXPECT_EQ(archive.substr(512, 4), "text");
  EXPECT_EQ(archive.substr(1024, 5), std::string("file\0", 5));
  EXPECT_EQ(octal(archive, 1024, mode_field), 0644);
}

TEST(TarWriter, ATreeIsPutBelowItsPrefixWithItsModes) {
  const TemporaryFolder folder;
  const auto script = folder.write("script", "#!/bin/sh\n");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  TarWriter writer;
  ASSERT_TRUE(writer.add_tree(folder.path(), "etc/app"));
  const std::string archive = writer.finish();
  const size_t at = archive.find("etc/app/script");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(octal(archive, at, mode_field), 0700);
  EXPECT_EQ(first_file_of_tar(archive), "#!/bin/sh\n");
}

TEST(TarWriter, AFileThatIsNotThereIsNamed) {
  TarWriter writer;
  const auto added = writer.add_copy("/nowhere/at/all", "file", 0644);
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().to_string(), HasSubstr("/nowhere/at/all"));
  const auto tree = writer.add_tree("/nowhere/at/all", "etc");
  ASSERT_FALSE(tree);
  EXPECT_THAT(tree.error().to_string(), HasSubstr("/nowhere/at/all"));
}

TEST(FirstFileOfTar, IsTheFirstThatIsNoFolder) {
  TarWriter writer;
  writer.add_folder("data");
  writer.add_file("data/a", "first");
  writer.add_file("data/b", "second");
  const std::string archive = writer.finish();
  EXPECT_EQ(first_file_of_tar(archive), "first");
  EXPECT_EQ(first_file_of_tar(archive, 5), "first");
  const auto large = first_file_of_tar(archive, 4);
  ASSERT_FALSE(large);
  EXPECT_TRUE(large.error().is(Errc::limit));
}

TEST(FirstFileOfTar, AnEmptyFileIsOne) {
  TarWriter writer;
  writer.add_file("empty", "");
  EXPECT_EQ(first_file_of_tar(writer.finish()), "");
}

TEST(FirstFileOfTar, WithoutAFileItSaysSo) {
  TarWriter writer;
  writer.add_folder("data");
  const auto found = first_file_of_tar(writer.finish());
  ASSERT_FALSE(found);
  EXPECT_TRUE(found.error().is(Errc::not_found)) << found.error().to_string();
}

TEST(FirstFileOfTar, WhatIsNoArchiveOrEndsTooEarlyIsAnError) {
  EXPECT_FALSE(first_file_of_tar(std::string(1024, 'x')));
  TarWriter writer;
  writer.add_file("large", std::string(10'000, 'y'));
  const std::string archive = writer.finish();
  EXPECT_FALSE(first_file_of_tar(std::string_view(archive).substr(0, 5'000)));
}

}  // namespace
}  // namespace mread::scenarios
