#include "scenarios/running/run.h"

#include <atomic>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "scenarios/running/fakes.h"

namespace mread::scenarios {
namespace {

using namespace fakes;
using testing::ElementsAre;
namespace fs = std::filesystem;

class Quiet final : public RunObserver {
 public:
  void test_started(const scenarios::Test& test) override { started.push_back(test.id); }
  void test_progress(const scenarios::Test&, const std::string&) override {}
  void test_finished(const scenarios::Test& test, const TestResult&) override {
    finished.push_back(test.id);
  }
  std::vector<std::string> started, finished;
};

class RunTestsTest : public testing::Test {
 protected:
  Report run(const std::vector<scenarios::Test>& tests, RunOptions options) {
    TestSurroundings surroundings{engine_, clock_, "run", {}};
    surroundings.make_asker = [this](const Topology&, std::map<std::string, NodePorts>) {
      auto asker = std::make_unique<FakeAsker>(events_);
      asker->on_instant = [this](auto&, const std::string& expr, auto) {
        if (expr == "stop") stop_.request_stop();
        return expr == "bad" ? QueryAnswer{} : vector_of("foo", 1);
      };
      return asker;
    };
    return run_tests(
        tests, surroundings, options, observer_, [this](TestResult&) { ++kept_; },
        stop_.get_token());
  }
  static scenarios::Test named(const std::string& name, const std::string& expr) {
    scenarios::Test test = test_of({check(expr, {"before"})});
    test.scenario = test.id = name;
    return test;
  }

  Events events_;
  FakeClock clock_;
  FakeEngine engine_{events_, clock_};
  std::stop_source stop_;
  Quiet observer_;
  int kept_ = 0;
};

TEST_F(RunTestsTest, ReportsInTheTestsOrderHoweverManyRunAtOnce) {
  std::vector<scenarios::Test> tests;
  for (const char* name : {"a", "b", "c", "d", "e"}) tests.push_back(named(name, "good"));
  const Report report = run(tests, {.jobs = 3, .repeat = 2, .fail_fast = false, .seed = 7});
  std::vector<std::string> ids;
  for (const TestResult& result : report.tests) ids.push_back(result.id);
  EXPECT_THAT(ids, ElementsAre("a", "b", "c", "d", "e", "a-r2", "b-r2", "c-r2", "d-r2", "e-r2"));
  EXPECT_EQ(report.total(Verdict::pass), 10u);
  EXPECT_EQ(report.seed, 7u);
  EXPECT_EQ(kept_, 10);
}

TEST_F(RunTestsTest, FailFastRunsNothingMore) {
  const Report report =
      run({named("a", "good"), named("b", "bad"), named("c", "good")}, {.fail_fast = true});
  EXPECT_EQ(report.tests[1].verdict, Verdict::fail);
  EXPECT_EQ(report.tests[2].verdict, Verdict::skipped);
  EXPECT_THAT(report.tests[2].reason, testing::HasSubstr("--fail-fast"));
  EXPECT_THAT(observer_.started, ElementsAre("a", "b"));
}

TEST_F(RunTestsTest, StoppedItBeginsNothingMore) {
  const Report report = run({named("a", "stop"), named("b", "good")}, {});
  EXPECT_TRUE(report.is_interrupted);
  for (const TestResult& test : report.tests) {
    EXPECT_TRUE(test.is_interrupted) << test.id;
    EXPECT_EQ(test.verdict, Verdict::skipped);
  }
  EXPECT_THAT(observer_.started, ElementsAre("a"));
  EXPECT_TRUE(observer_.finished.empty());
  EXPECT_EQ(events_.list().back(), "removed");
}

TEST(SelectionTest, ByPatternAndTag) {
  scenarios::Test test;
  test.scenario = "slow-node";
  test.id = "slow-node-2";
  test.file = "scenarios/seeds/s5.yaml";
  test.tags = {"seed"};
  EXPECT_TRUE((Selection{}).fits(test));
  EXPECT_TRUE((Selection{{"slow*"}, {}}).fits(test));
  EXPECT_TRUE((Selection{{"x", "*-2"}, {}}).fits(test));
  EXPECT_TRUE((Selection{{"*/seeds/*"}, {"seed"}}).fits(test));
  EXPECT_FALSE((Selection{{"slow"}, {}}).fits(test));
  EXPECT_FALSE((Selection{{}, {"trap"}}).fits(test));
}

TEST(FindScenarios, TakesFoldersInTheOrderOfNames) {
  const fs::path folder = fs::temp_directory_path() / ("mread-find-" + std::to_string(getpid()));
  fs::create_directories(folder / "b");
  for (const char* name : {"c.yaml", "b/x.yml", "a.yaml", "b/readme.md"})
    std::ofstream(folder / name) << "x";
  const std::string base = folder.string();
  EXPECT_THAT(find_scenarios({base, base + "/a.yaml"}).value(),
              ElementsAre(base + "/a.yaml", base + "/b/x.yml", base + "/c.yaml"));
  EXPECT_EQ(find_scenarios({base + "/nothing"}).error().context,
            base + "/nothing: no such file or folder");
  fs::remove(folder / "b/x.yml");
  EXPECT_EQ(find_scenarios({base + "/b"}).error().context,
            base + "/b: no scenario (*.yaml) in this folder");
  fs::remove_all(folder);
}

TEST(LoadTestsTest, TellsTheErrorsOfAllFiles) {
  const fs::path folder = fs::path(testing::TempDir()) / ("load-" + std::to_string(getpid()));
  fs::create_directories(folder);
  std::vector<std::string> files;
  const auto add = [&](const std::string& name, const std::string& text) {
    files.push_back((folder / name).string());
    std::ofstream(files.back()) << text;
  };
  const std::string good = "nodes: {p: {kind: prometheus}}\nchecks: [{expr: up, exp_count: 0}]\n";
  add("a.yaml", "name: a\nsurplus: 1\n" + good);
  add("b.yaml", "name: b\n" + good);
  add("c.yaml", "name: b\n" + good);
  add("d.yaml", "name: d\nnodes: {p: {kind: nothing}}\nchecks: []\n");
  try {
    static_cast<void>(load_tests(files, {}, {}));
    ADD_FAILURE() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(errors_of(error),
                ElementsAre(testing::StartsWith(files[0] + ":2:1: unknown key"),
                            testing::StartsWith(files[2] + ": the scenario's name"),
                            testing::StartsWith(files[3] + ":2:")));
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace mread::scenarios
