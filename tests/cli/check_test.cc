#include <iterator>
#include <sstream>

#include <gmock/gmock.h>

#include "base/temporary_folder.h"
#include "cli/run_command.h"

namespace mread::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

// Arguments are separated by blanks.
Ran run_check(const std::string& arguments) {
  std::istringstream words(arguments);
  return run_command(add_check, "check", {std::istream_iterator<std::string>(words), {}});
}

class CheckCommandTest : public testing::Test {
 protected:
  CheckCommandTest()
      : file_(folder_.write("prometheus.yml",
                            "remote_read:\n"
                            "  - url: http://a:9090\n"
                            "    read_recent: true\n")) {}

  const TemporaryFolder folder_;
  const std::string file_;
};

TEST_F(CheckCommandTest, ErrorsAreExitCodeOne) {
  const Ran ran = run_check(file_);
  EXPECT_EQ(ran.exit_code, 1);
  EXPECT_THAT(ran.out, HasSubstr("\n" + file_ + ":2:10: error MR010 "));
  EXPECT_THAT(ran.err, IsEmpty());
}

TEST_F(CheckCommandTest, FailOnSaysFromWhichSeverityOn) {
  EXPECT_EQ(run_check(file_ + " --fail-on never").exit_code, 0);
  const std::string good = folder_.write("good.yml",
                                         "remote_read:\n"
                                         "  - url: http://a:9090/api/v1/read\n"
                                         "    read_recent: true\n");
  EXPECT_EQ(run_check(good).exit_code, 0);
  EXPECT_EQ(run_check(good + " --fail-on warning").exit_code, 0);
  EXPECT_EQ(run_check(good + " --fail-on info").exit_code, 1);
}

TEST_F(CheckCommandTest, EachFormatIsOneOutput) {
  for (const auto& [format, begin] :
       std::vector<std::pair<std::string, std::string>>{{"json", "{\"format\":1,"},
                                                        {"sarif", "{\"$schema\":"},
                                                        {"checkstyle", "<?xml"},
                                                        {"github", "::notice file="},
                                                        {"gitlab", "[{\"description\":\"MR0"}}) {
    const Ran ran = run_check(file_ + " --format " + format);
    EXPECT_EQ(ran.exit_code, 1);
    EXPECT_THAT(ran.out, StartsWith(begin));
  }
  EXPECT_EQ(run_check(file_ + " --format xml").exit_code, ExitCode::invalid);
}

TEST_F(CheckCommandTest, FixPrintsADiffAndChangesNothing) {
  const Ran ran = run_check(file_ + " --fix");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, HasSubstr("@@ -2,1 +2,1 @@\n-  - url: http://a:9090\n"
                                 "+  - url: http://a:9090/api/v1/read\n"));
  EXPECT_THAT(run_check(file_).out, HasSubstr("MR010"));
}

TEST_F(CheckCommandTest, FixSaysThatThereIsNothingToFix) {
  const std::string good =
      folder_.write("good.yml", "remote_read: [{url: 'http://a/api/v1/read'}]\n");
  const Ran ran = run_check(good + " --fix");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, HasSubstr("no finding has a mechanical mend"));
}

TEST_F(CheckCommandTest, ExplainsARuleOrListsAll) {
  EXPECT_THAT(run_check("--explain mr003").out, StartsWith("MR003 hung-backend-hides-others"));
  EXPECT_THAT(run_check("--explain all").out, HasSubstr("\nMR036  info    "));
  const Ran ran = run_check("--explain MR040");
  EXPECT_EQ(ran.exit_code, ExitCode::invalid);
  EXPECT_THAT(ran.err, HasSubstr("there is no rule \"MR040\""));
}

TEST_F(CheckCommandTest, NamesWhatIsMissingOrWrong) {
  EXPECT_THAT(run_check("").err, HasSubstr("name the query node's file"));
  EXPECT_THAT(run_check("/nowhere/p.yml").err, HasSubstr("/nowhere/p.yml: cannot be read"));
  EXPECT_EQ(run_check("/nowhere/p.yml").exit_code, ExitCode::invalid);
  EXPECT_THAT(run_check(file_ + " --version new").err, HasSubstr("--version"));
}

}  // namespace
}  // namespace mread::cli
