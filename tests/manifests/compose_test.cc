#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include "manifests/plan.h"
#include "manifests/scenario.h"

namespace mread::manifests {
namespace {

using testing::Contains;
using testing::ElementsAre;

class ComposeTest : public ManifestsTest {};

std::vector<std::string> strings(const YAML::Node& list) {
  return list.as<std::vector<std::string>>();
}

TEST_F(ComposeTest, ANodeIsAServiceWithItsNameFilesAndVolume) {
  const auto files = compose_files(plan(pair_scenario));
  ASSERT_EQ(files.front().path, "compose.yaml");
  const YAML::Node root = YAML::Load(files.front().text);
  EXPECT_EQ(root["services"].size(), 4u);
  const YAML::Node query = root["services"]["query"];
  EXPECT_EQ(query["image"].Scalar(), "quay.io/prometheus/prometheus:v3.5.3");
  EXPECT_THAT(strings(query["volumes"]),
              ElementsAre("query-data:/mread", "./query/prometheus.yml:/mread/prometheus.yml:ro",
                          "./query/rules.yml:/mread/rules.yml:ro"));
  EXPECT_THAT(strings(query["ports"]), ElementsAre("127.0.0.1:19090:9090"));
  EXPECT_THAT(strings(query["depends_on"]), ElementsAre("merge"));
  EXPECT_FALSE(root["services"]["a"]["ports"]) << "nobody but the query node asks it";
  EXPECT_TRUE(root["volumes"]["merge-data"]);
}

TEST_F(ComposeTest, EveryFileThatAServiceMountsIsThere) {
  const auto files = compose_files(plan(pair_scenario));
  std::vector<std::string> paths;
  paths.reserve(files.size());
  for (const OutputFile& file : files) paths.push_back("./" + file.path);
  const YAML::Node root = YAML::Load(files.front().text);
  for (const auto& service : root["services"]) {
    for (const std::string& volume : strings(service.second["volumes"])) {
      if (volume.starts_with("./")) {
        EXPECT_THAT(paths, Contains(volume.substr(0, volume.find(':'))));
      }
    }
  }
}

TEST_F(ComposeTest, OnlyFilesWithSecretsAreSecret) {
  for (const OutputFile& file : compose_files(plan(pair_scenario)))
    EXPECT_EQ(file.is_secret, file.path == "query/prometheus.yml") << file.path;
}

}  // namespace
}  // namespace mread::manifests
