#include "cli/typos.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::cli {
namespace {

class Typos : public testing::Test {
 protected:
  Typos() : app_("mread", "mread") {
    app_.set_version_flag("--version", "1");
    app_.add_subcommand("run", "Runs");
    CLI::App* serve = app_.add_subcommand("serve", "Serves");
    serve->add_option("--config", text_, "");
    serve->add_flag("--check-config", flag_, "");
    CLI::App* report = app_.add_subcommand("report", "Reports");
    report->add_subcommand("merge", "Merges")->add_option("--report-dir", text_, "");
  }
  std::string typo(const std::vector<std::string>& arguments) {
    return find_typo(app_, arguments).value_or("");
  }

  CLI::App app_;
  std::string text_;
  bool flag_ = false;
};

TEST_F(Typos, NameTheNearestAndWhereToLook) {
  EXPECT_EQ(typo({"rnu"}),
            "mread: unknown command \"rnu\"; did you mean \"run\"? (see mread --help)");
  EXPECT_EQ(typo({"frobnicate"}), "mread: unknown command \"frobnicate\" (see mread --help)");
  EXPECT_EQ(typo({"--bogus"}), "mread: unknown flag \"--bogus\" (see mread --help)");
  EXPECT_EQ(typo({"--versoin"}),
            "mread: unknown flag \"--versoin\"; did you mean \"--version\"? (see mread --help)");
  EXPECT_EQ(
      typo({"serve", "--confg", "x"}),
      "mread serve: unknown flag \"--confg\"; did you mean \"--config\"? (see mread serve --help)");
  EXPECT_EQ(
      typo({"serve", "--confg=hunter2"}),
      "mread serve: unknown flag \"--confg\"; did you mean \"--config\"? (see mread serve --help)");
}

TEST_F(Typos, AreFoundInACommandOfACommand) {
  EXPECT_EQ(typo({"report", "merg"}),
            "mread report: unknown command \"merg\"; did you mean \"merge\"? (see mread report "
            "--help)");
  EXPECT_EQ(typo({"report", "merge", "a", "--report-dri", "x"}),
            "mread report merge: unknown flag \"--report-dri\"; did you mean \"--report-dir\"? "
            "(see mread report merge --help)");
  EXPECT_EQ(typo({"report", "merge", "a", "--report-dir", "x"}), "");
  EXPECT_EQ(help_for(app_, {"report", "merge", "x"}), "mread report merge --help");
}

TEST_F(Typos, AreNotSeenInWhatIsKnown) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"--help"},
                                             {"--version"},
                                             {"run"},
                                             {"serve", "--config", "x", "--check-config"},
                                             {"serve", "--help"},
                                             {"serve", "--config=x"},
                                             {"run", "-x"},
                                             {"run", "--", "--bogus"}}) {
    EXPECT_EQ(typo(arguments), "");
  }
  EXPECT_EQ(help_for(app_, {"serve", "x"}), "mread serve --help");
  EXPECT_EQ(help_for(app_, {}), "mread --help");
}

}  // namespace
}  // namespace mread::cli
