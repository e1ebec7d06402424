#include <map>

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include "manifests/plan.h"
#include "manifests/scenario.h"

namespace mread::manifests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class KubernetesTest : public ManifestsTest {
 protected:
  // Documents by kind and name.
  std::map<std::string, YAML::Node> manifests(const std::string& scenario) {
    std::map<std::string, YAML::Node> out;
    files_ = kubernetes_files(plan(scenario));
    for (const OutputFile& file : files_) {
      if (file.path == "kustomization.yaml") continue;
      for (const YAML::Node& document : YAML::LoadAll(file.text)) {
        if (document.IsMap())
          out[document["kind"].Scalar() + " " + document["metadata"]["name"].Scalar()] = document;
      }
    }
    return out;
  }

  std::vector<OutputFile> files_;
};

TEST_F(KubernetesTest, CollectorsAreStatefulAndOthersAreNot) {
  const auto all = manifests(pair_scenario);
  ASSERT_TRUE(all.contains("StatefulSet a"));
  EXPECT_TRUE(all.contains("StatefulSet b"));
  EXPECT_TRUE(all.contains("Deployment merge"));
  EXPECT_TRUE(all.contains("Deployment query"));
  const YAML::Node& set = all.at("StatefulSet a");
  EXPECT_EQ(set["spec"]["serviceName"].Scalar(), "a");
  EXPECT_EQ(set["spec"]["volumeClaimTemplates"][0]["metadata"]["name"].Scalar(), "data");
  EXPECT_FALSE(set["spec"]["template"]["spec"]["volumes"][0]["emptyDir"]);
  EXPECT_TRUE(all.at("Deployment query")["spec"]["template"]["spec"]["volumes"][0]["emptyDir"]);
}

TEST_F(KubernetesTest, AHeadlessServiceKeepsTheNameAndPortsOfTheNode) {
  const auto all = manifests(pair_scenario);
  const YAML::Node& service = all.at("Service merge");
  EXPECT_EQ(service["spec"]["clusterIP"].Scalar(), "None");
  EXPECT_EQ(service["spec"]["ports"][0]["port"].as<int>(), 9095);
  const YAML::Node& deployment = all.at("Deployment merge");
  for (const auto& label : service["spec"]["selector"]) {
    EXPECT_EQ(deployment["spec"]["template"]["metadata"]["labels"][label.first.Scalar()].Scalar(),
              label.second.Scalar());
    EXPECT_EQ(deployment["spec"]["selector"]["matchLabels"][label.first.Scalar()].Scalar(),
              label.second.Scalar());
  }
}

TEST_F(KubernetesTest, ReplicasOfTheSameDataKeepApart) {
  const auto all = manifests(pair_scenario);
  const YAML::Node budget = all.at("PodDisruptionBudget data-1");
  EXPECT_EQ(budget["spec"]["maxUnavailable"].as<int>(), 1);
  for (const std::string name : {"a", "b"}) {
    const YAML::Node pod = all.at("StatefulSet " + name)["spec"]["template"];
    EXPECT_EQ(pod["metadata"]["labels"]["mread/holds-same-data"].Scalar(), "data-1");
    const YAML::Node rule = pod["spec"]["affinity"]["podAntiAffinity"]
                               ["requiredDuringSchedulingIgnoredDuringExecution"][0];
    EXPECT_EQ(rule["topologyKey"].Scalar(), "kubernetes.io/hostname");
    EXPECT_EQ(rule["labelSelector"]["matchLabels"]["mread/holds-same-data"].Scalar(), "data-1");
  }
  EXPECT_FALSE(all.at("Deployment query")["spec"]["template"]["spec"]["affinity"]);
}

TEST_F(KubernetesTest, SecretsAreNoConfigMaps) {
  const auto all = manifests(pair_scenario);
  ASSERT_TRUE(all.contains("Secret query-secrets"));
  EXPECT_THAT(all.at("Secret query-secrets")["stringData"]["prometheus.yml"].Scalar(),
              HasSubstr("geheim"));
  EXPECT_TRUE(all.at("ConfigMap query-config")["data"]["rules.yml"]);
  EXPECT_FALSE(all.at("ConfigMap query-config")["data"]["prometheus.yml"]);
  for (const OutputFile& file : files_) {
    if (file.path != "query.yaml") {
      EXPECT_THAT(file.text, Not(HasSubstr("geheim"))) << file.path;
    }
  }
}

TEST_F(KubernetesTest, EveryFileIsMountedWhereTheProgramLooksForIt) {
  const auto all = manifests(pair_scenario);
  const YAML::Node mounts =
      all.at("Deployment query")["spec"]["template"]["spec"]["containers"][0]["volumeMounts"];
  std::vector<std::string> paths;
  for (const YAML::Node& mount : mounts) paths.push_back(mount["mountPath"].Scalar());
  EXPECT_THAT(paths, ElementsAre("/mread", "/mread/prometheus.yml", "/mread/rules.yml"));
  EXPECT_EQ(mounts[1]["subPath"].Scalar(), "prometheus.yml");
  EXPECT_EQ(mounts[1]["name"].Scalar(), "secrets");
}

TEST_F(KubernetesTest, KustomizationListsEveryFile) {
  manifests(pair_scenario);
  const YAML::Node root = YAML::Load(files_.front().text);
  ASSERT_EQ(root["resources"].size(), files_.size() - 1);
  for (size_t i = 1; i < files_.size(); ++i)
    EXPECT_EQ(root["resources"][i - 1].Scalar(), files_[i].path);
}

}  // namespace
}  // namespace mread::manifests
