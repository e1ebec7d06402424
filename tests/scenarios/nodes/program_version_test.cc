#include "scenarios/nodes/program_version.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/temporary_folder.h"

namespace mread::scenarios {
namespace {

class FindVersion : public testing::Test {
 protected:
  void add(const std::string& version) {
    std::filesystem::create_directories(cache.path() / "prometheus" / version);
    std::ofstream(cache.path() / "prometheus" / version / "prometheus") << "x";
  }
  std::string find(const std::string& wanted) {
    const auto found = find_version(cache.path(), "prometheus", wanted);
    return found ? *found : found.error().context;
  }

  TemporaryFolder cache;
};

TEST_F(FindVersion, TheNewestThatItStandsFor) {
  for (const char* version : {"2.42.0", "3.5.3", "3.5.12", "3.10.0", "2.53.3"}) add(version);
  EXPECT_EQ(find("v3.5"), "3.5.12");
  EXPECT_EQ(find("3.5.3"), "3.5.3");
  EXPECT_EQ(find("v2"), "2.53.3");
  EXPECT_EQ(find("v3"), "3.10.0");
  EXPECT_EQ(find(""), "3.10.0");
}

TEST_F(FindVersion, AMissingOneNamesThoseThere) {
  for (const char* version : {"3.5.3", "2.42.0"}) add(version);
  EXPECT_EQ(find("v2.40"), "no prometheus v2.40 on this machine; there is 2.42.0, 3.5.3");
  EXPECT_EQ(find("3.5.3.1"), "no prometheus 3.5.3.1 on this machine; there is 2.42.0, 3.5.3");
  EXPECT_TRUE(find_version(cache.path(), "prometheus", "v1").error().is(Errc::environment));
}

TEST_F(FindVersion, OtherFoldersDoNotCount) {
  add("latest");
  std::filesystem::create_directories(cache.path() / "prometheus" /
                                      "3.5.3");  // Without the program.
  EXPECT_EQ(find(""), "no prometheus in " + (cache.path() / "prometheus").string() +
                          "; ci/setup puts it there");
}

TEST_F(FindVersion, TextThatIsNoVersion) {
  add("3.5.3");
  EXPECT_EQ(find("newest"), "\"newest\" is no version; write v3.5 or 3.5.3");
}

}  // namespace
}  // namespace mread::scenarios
