// `mread rehearse` on real Prometheus: what is known to happen to two replicas stands in its table.
// MREAD_PROGRAM is its path.

#include <cstdlib>
#include <filesystem>
#include <set>

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "base/temporary_folder.h"
#include "integration/program.h"

namespace mread {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

constexpr const char* query_node_config = R"(
global: {external_labels: {role: query}}
rule_files: [rules.yml]
remote_read:
  - {url: 'http://collector-a.example.com:9090/api/v1/read', read_recent: true, filter_external_labels: false}
  - {url: 'http://collector-b.example.com:9090/api/v1/read', read_recent: true, filter_external_labels: false}
)";
constexpr const char* rules = R"(
groups:
  - name: g
    rules:
      - {alert: InstanceDown, expr: up == 0}
      - {record: 'job:load:avg', expr: avg by (job) (node_load1)}
)";

class RehearseTest : public testing::Test {
 protected:
  RehearseTest() {
    folder_.write("prometheus.yml", query_node_config);
    folder_.write("rules.yml", rules);
  }

  int run(std::vector<std::string> arguments) {
    const char* program = std::getenv("MREAD_PROGRAM");
    arguments.insert(arguments.begin(),
                     {program != nullptr ? program : "mread", "rehearse", "prometheus.yml"});
    Program started(arguments, folder_.path());
    const int code = started.wait();
    output_ = started.output();
    return code;
  }

  json::array tables(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--format", "json", "--query", "count(up)"});
    EXPECT_EQ(run(arguments), 0) << output_;
    return json::parse(output_).at("tables").as_array();
  }

  // The states of all questions in the cells of a failure.
  static std::set<std::string> states(const json::value& table, const std::string& failure,
                                      const char* when = "questions") {
    std::set<std::string> out;
    for (const json::value& cell : table.at("cells").as_array()) {
      if (cell.at("failure").as_string() != failure) continue;
      for (const json::value& state : cell.at(when).as_array())
        out.insert(std::string(state.as_string()));
    }
    return out;
  }

  TemporaryFolder folder_;
  std::string output_;
};

const std::vector<std::string> two_replicas{
    "--replicas", "collector-a,collector-b", "--failure", "hung", "--failure", "down"};

TEST_F(RehearseTest, AHungReplicaCostsTheOthersDataOn3AndNotOn2) {
  for (const std::string version : {"v3.5", "v2.53", "v2.42"}) {
    std::vector<std::string> arguments = two_replicas;
    arguments.insert(arguments.end(), {"--version", version});
    const json::array both = tables(arguments);
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(states(both[0], "down"), std::set<std::string>{"same"}) << version;
    const auto hung = states(both[0], "hung");
    if (version == "v3.5")
      EXPECT_TRUE(hung.contains("silent") || hung.contains("failed")) << output_;
    else
      EXPECT_EQ(hung, std::set<std::string>{"slow"}) << version << output_;
    // With mread serve nothing is lost, and the circuit breaker makes it quick.
    EXPECT_EQ(states(both[1], "hung"), std::set<std::string>{"slow"}) << version << output_;
    EXPECT_EQ(states(both[1], "hung", "later"), std::set<std::string>{"same"}) << output_;
  }
}

TEST_F(RehearseTest, RulesEvaluateOnPartialDataInSilence) {
  for (const std::string version : {"v3.5", "v2.42"}) {
    const json::array direct =
        tables({"--failure", "down", "--without-serve", "--version", version});
    ASSERT_EQ(direct.size(), 1U);
    for (const json::value& cell : direct[0].at("cells").as_array()) {
      const auto& questions = cell.at("questions").as_array();
      ASSERT_EQ(questions.size(), 3U);
      EXPECT_EQ(questions[0].as_string(), "silent") << version;
      EXPECT_EQ(questions[1].as_string(), "silent") << version;
      EXPECT_EQ(questions[2].as_string(), "told") << version << ": who asks sees the warning";
      EXPECT_EQ(cell.at("not_firing").as_array().size(), 1U);
    }
  }
}

TEST_F(RehearseTest, FindsWhatIsWrongWithNothingBrokenAndTriesTheMend) {
  folder_.write("prometheus.yml",
                "rule_files: [rules.yml]\n"
                "remote_read: [{url: 'http://a:9090/api/v1/read'}, {url: "
                "'http://b:9090/api/v1/read'}]\n");
  EXPECT_EQ(run({"--failure", "down", "--without-serve", "--require", "told"}), 1);
  EXPECT_THAT(output_, HasSubstr("read_recent: true"));
  EXPECT_THAT(output_, HasSubstr("This was tried: all answers are then right."));
  EXPECT_THAT(output_, HasSubstr("not told: nothing is broken: silent"));
}

TEST_F(RehearseTest, RequirementsSetTheExitCode) {
  std::vector<std::string> arguments = two_replicas;
  arguments.insert(arguments.end(),
                   {"--version", "v2.42", "--without-serve", "--require", "told,complete:replica"});
  EXPECT_EQ(run(arguments), 0) << output_;
  arguments.back() = "complete";
  EXPECT_EQ(run(arguments), 0) << output_;
  EXPECT_EQ(run({"--failure", "down", "--without-serve", "--require", "complete"}), 1);
  EXPECT_THAT(output_, HasSubstr("not complete: collector-a down: silent"));
}

TEST_F(RehearseTest, TheBudgetLeavesTheLessTellingCellsOut) {
  EXPECT_EQ(run({"--budget", "1ms", "--without-serve"}), 0) << output_;
  EXPECT_THAT(output_, HasSubstr("Not run, for lack of time"));
}

TEST_F(RehearseTest, WritesCellsAsScenariosThatRun) {
  EXPECT_EQ(run({"--write", "cells", "--failure", "down", "--backend", "collector-a"}), 0);
  EXPECT_THAT(output_, HasSubstr("4 scenarios written to cells"));
  const char* program = std::getenv("MREAD_PROGRAM");
  Program scenario({program != nullptr ? program : "mread", "run",
                    "cells/direct-collector-a-down.yaml", "--engine", "process"},
                   folder_.path());
  EXPECT_EQ(scenario.wait(), 1) << scenario.output();
  EXPECT_THAT(scenario.output(), HasSubstr("FAIL  twin-collector-a-down"));
}

TEST_F(RehearseTest, BadInputGetsOneLine) {
  EXPECT_EQ(run({"--failure", "hang"}), 3);
  EXPECT_THAT(output_, HasSubstr("did you mean \"hung\"?"));
  EXPECT_EQ(run({"--backend", "collector-c"}), 3);
  EXPECT_EQ(run({"--require", "perfect"}), 3);
  EXPECT_EQ(run({"--timeout", "1"}), 3);
  EXPECT_EQ(run({"--rules", "gone.yml"}), 3);
  EXPECT_EQ(run({"--version", "v9.9"}), 4);
  folder_.write("prometheus.yml", "remote_read: [{url: 'http://a/api/v1/read'}]\n");
  EXPECT_EQ(run({}), 3);
  EXPECT_THAT(output_, HasSubstr("nothing is asked"));
}

}  // namespace
}  // namespace mread
