#include "rehearse/twin/twin.h"

#include <set>

#include <gmock/gmock.h>

#include "config/config.h"
#include "scenarios/loading/load_scenario.h"

namespace mread::rehearse {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

NodeSetup three_backends() {
  NodeSetup setup;
  setup.file = "prometheus.yml";
  setup.backends = {{"a", "http://a:9090/api/v1/read", 1min, 0},
                    {"b", "http://b:9090/api/v1/read", 1min, 0},
                    {"c", "http://c:9090/api/v1/read", 30s, 1}};
  setup.entries = {{0, "", 1min, {}}, {1, "bee", 1min, {}}, {2, "", 30s, {}}, {2, "", 10s, {}}};
  setup.entries[0].options["read_recent"] = true;
  setup.external_labels["region"] = "us";
  setup.groups = 2;
  setup.questions = {{"up == 0", "Down ${x}", "rules.yml:1", Question::Kind::alert},
                     {"sum(up)", "sum(up)", "--query", Question::Kind::query}};
  return setup;
}

scenarios::Test load(const std::string& text) {
  scenarios::LoadOptions options;
  options.now_ms = 1'800'000'000'000;
  return scenarios::parse_scenario(text, "twin.yaml", options).at(0);
}

TEST(TwinScenario, CanBeRunInEveryForm) {
  const NodeSetup setup = three_backends();
  const ExampleData data = make_example_data(setup.questions, setup.groups);
  for (const Reader reader : {Reader::direct, Reader::served}) {
    TwinOptions options;
    options.reader = reader;
    const auto whole = load(twin_scenario(setup, data, setup.questions, options));
    EXPECT_EQ(whole.nodes.size(), reader == Reader::served ? 5U : 4U);
    ASSERT_EQ(whole.checks.size(), 2U);
    EXPECT_EQ(whole.checks[0].name, "Down ${x}") << "no variable of the scenario";
    std::set<std::string> ids{whole.scenario};
    for (const Failure& failure : failures(1s)) {
      const auto cell =
          load(twin_scenario(setup, data, setup.questions, options, {Broken{2, failure}}));
      ASSERT_EQ(cell.timeline.size(), 1U) << failure.word;
      EXPECT_EQ(cell.timeline[0].node, "c");
      EXPECT_TRUE(ids.insert(cell.scenario).second);
    }
  }
}

TEST(TwinScenario, APairBreaksBothAtTheSameTime) {
  const NodeSetup setup = three_backends();
  const ExampleData data = make_example_data(setup.questions, setup.groups);
  const auto all = failures(1s);
  const auto test =
      load(twin_scenario(setup, data, setup.questions, {}, {Broken{0, all[0]}, Broken{1, all[1]}}));
  EXPECT_EQ(test.scenario, "twin-a-hung-b-down");
  EXPECT_EQ(test.description, "a: hung, b: down");
  ASSERT_EQ(test.timeline.size(), 2U);
  EXPECT_EQ(test.timeline[0].at, test.timeline[1].at);
}

TEST(TwinScenario, ReplicasHoldTheSameAndOthersDoNot) {
  const NodeSetup setup = three_backends();
  const ExampleData data = make_example_data(setup.questions, setup.groups);
  const auto test = load(twin_scenario(setup, data, setup.questions, {}));
  const auto labels = [&test](const std::string& node) {
    std::set<std::string> out;
    for (const auto& series : test.find(node)->node->input_series())
      out.insert(series.labels(0).to_string());
    return out;
  };
  EXPECT_EQ(labels("a"), labels("b"));
  std::vector<std::string> both;
  const auto a = labels("a");
  const auto c = labels("c");
  std::ranges::set_intersection(a, c, std::back_inserter(both));
  EXPECT_TRUE(both.empty());
  EXPECT_EQ(a.size() + c.size(), data.series.size());
}

// Prometheus refuses two entries that are the same.
TEST(TwinScenario, EntriesOfOneStoreHaveNamesThatTellThemApart) {
  NodeSetup setup = three_backends();
  setup.entries[3] = setup.entries[2];
  const YAML::Node root = YAML::Load(twin_scenario(setup, {}, setup.questions, {}));
  const YAML::Node entries = root["nodes"]["query"]["config"]["remote_read"];
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_FALSE(entries[2]["name"]);
  EXPECT_EQ(entries[3]["name"].as<std::string>(), "c-2");
}

TEST(TwinTime, ScalesAllTimesAlikeAndOnlyDown) {
  NodeSetup setup = three_backends();
  TwinOptions options;
  options.longest_timeout = 2s;
  EXPECT_EQ(twin_time(setup, options, 1min), 2s);
  EXPECT_EQ(twin_time(setup, options, 30s), 1s);
  EXPECT_EQ(twin_time(setup, options, 2min), 4s);
  EXPECT_EQ(twin_time(setup, options, 1ms), 100ms);
  for (Backend& one : setup.backends) one.timeout = 1s;
  EXPECT_EQ(twin_time(setup, options, 1s), 1s);
}

TEST(TwinScenario, MendsChangeTheQueryNodeOnly) {
  const NodeSetup setup = three_backends();
  TwinOptions options;
  const std::string before = twin_scenario(setup, {}, setup.questions, options);
  EXPECT_THAT(before, Not(HasSubstr("filter_external_labels")));
  options.mends = {true, true};
  const std::string after = twin_scenario(setup, {}, setup.questions, options);
  EXPECT_THAT(after, HasSubstr("filter_external_labels: false"));
  EXPECT_THAT(after, HasSubstr("region: us"));
}

TEST(MreadYml, IsOneWithTheSetUpsOwnAddresses) {
  const std::string text = mread_yml(three_backends());
  const config::Config config = config::Config::parse(text, "mread.yml");
  EXPECT_THAT(text, HasSubstr("url: http://c:9090/api/v1/read"));
  EXPECT_THAT(text, HasSubstr("remote_timeout: 10s"));
  EXPECT_THAT(text, HasSubstr("name: c-2"));
  EXPECT_THAT(config.describe(), HasSubstr("replicas-1"));
  NodeSetup setup = three_backends();
  EXPECT_THAT(served_remote_read(setup, 2min), HasSubstr("remote_timeout: 2m"));
  EXPECT_THAT(served_remote_read(setup, 2min), Not(HasSubstr("filter_external_labels")));
  setup.entries[1].options["filter_external_labels"] = false;
  EXPECT_THAT(served_remote_read(setup, 2min), HasSubstr("filter_external_labels: false"));
}

}  // namespace
}  // namespace mread::rehearse
