#include "base/secret_file.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/temporary_folder.h"

namespace mread {
namespace {

using testing::HasSubstr;

struct Case {
  const char* name;
  std::string contents;
  std::string secret;
};

class SecretFile : public testing::TestWithParam<Case> {
 protected:
  TemporaryFolder folder_;
};

TEST_P(SecretFile, IsReadWithoutTheWhiteSpaceAroundIt) {
  const auto secret = read_secret_file(folder_.write("secret", GetParam().contents));
  ASSERT_TRUE(secret) << secret.error().to_string();
  EXPECT_EQ(*secret, GetParam().secret);
}

INSTANTIATE_TEST_SUITE_P(
    Contents, SecretFile,
    testing::Values(Case{"Plain", "s3cret", "s3cret"},
                    Case{"TrailingNewline", "s3cret\n", "s3cret"},
                    Case{"WindowsNewline", "s3cret\r\n", "s3cret"},
                    Case{"Around", " \n\ts3cret\v\f ", "s3cret"},
                    Case{"InsideStays", "two words\nand a line\n", "two words\nand a line"},
                    Case{"Empty", "", ""}, Case{"OnlyWhiteSpace", "\n\n", ""},
                    Case{"AtTheLimit", std::string(64U << 10, 'x'), std::string(64U << 10, 'x')}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(SecretFileErrors, NameThePathAndNothingElse) {
  TemporaryFolder folder;
  const auto missing = read_secret_file(folder.path() / "missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().to_string(),
            (folder.path() / "missing").string() + ": No such file or directory");
  const auto large = read_secret_file(folder.write("large", std::string((64U << 10) + 1, 'x')));
  ASSERT_FALSE(large);
  EXPECT_THAT(large.error().to_string(), HasSubstr("large: more than 64 KiB"));
  EXPECT_THAT(read_secret_file(folder.path()).error().to_string(), HasSubstr("not a regular file"));
}

TEST(SecretFileErrors, APipeThatNobodyWritesIntoHoldsNothingUp) {
  TemporaryFolder folder;
  const std::string path = folder.path() / "pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_THAT(read_secret_file(path).error().to_string(), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace mread
