// Everything that can be known to be wrong is said before anything starts, at its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenarios/loading/load_scenario.h"

namespace mread::scenarios {
namespace {

// The scenario that each case breaks in one place; its lines begin with line 6.
const char* const head =
    "name: s\n"
    "nodes:\n"
    "  us-east: {kind: mock, input_series: [{series: foo, values: '1x40'}]}\n"
    "  eu: {kind: prometheus}\n"
    "  query: {kind: prometheus, config: {remote_read: [{url: "
    "'http://us-east:9090/api/v1/read'}]}}\n";
const char* const good_checks = "checks: [{expr: foo, exp_count: 1}]\n";

struct Case {
  const char* name;
  std::string text;
  const char* message;
};

class ScenarioErrorTest : public testing::TestWithParam<Case> {};

TEST_P(ScenarioErrorTest, NamesThePlace) {
  try {
    parse_scenario(GetParam().text, "s.yaml", {1'700'000'000'000, {}});
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr(GetParam().message));
  }
}

Case with(const char* name, const std::string& lines, const char* message) {
  return {name, head + lines, message};
}
Case check(const char* name, const std::string& fields, const char* message) {
  return {name, head + ("checks:\n  - {" + fields + "}\n"), message};
}
Case timeline(const char* name, const std::string& entries, const char* message) {
  return {name, head + ("timeline:\n" + entries) + good_checks, message};
}

INSTANTIATE_TEST_SUITE_P(
    Files, ScenarioErrorTest,
    testing::Values(
        Case{"Empty", "", "the file is empty"},
        Case{"TestsForPromtool", "tests: []\n", "mread run --topology SCENARIO runs them"},
        Case{"NoMapping", "- a\n", "s.yaml:1:1: want a mapping"},
        Case{"NoName", "nodes: {m: {kind: mock}}\nchecks: []\n", "key \"name\" is missing"},
        Case{"BadName", "name: Slow Node\n", "s.yaml:1:7: a scenario's name is made of"},
        with("NoChecks", "", "key \"checks\" is missing"),
        with("EmptyChecks", "checks: []\n", "s.yaml:6:9: a scenario without a check"),
        with("UnknownKey", "chekcs: []\n",
             "s.yaml:6:1: unknown key \"chekcs\"; did you mean \"checks\"?"),
        with("UnknownTopLevelKey", std::string("intervall: 15s\n") + good_checks,
             "s.yaml:6:1: unknown key \"intervall\"; did you mean \"interval\"?"),
        with("DuplicateKey", std::string(good_checks) + good_checks,
             "s.yaml:7:1: duplicate key \"checks\""),
        with("BadDuration", std::string("interval: 1.5h\n") + good_checks,
             "s.yaml:6:11: \"1.5h\" is not a duration"),
        with("BadStart", std::string("start_timestamp: yesterday\n") + good_checks,
             "s.yaml:6:18: "),
        with("UnknownMatrixName",
             "matrix: {prometheus: [v3.5]}\nchecks: [{expr: 'foo${promtheus}'}]\n",
             "s.yaml:7:23: unknown name \"promtheus\"; did you mean \"prometheus\"?"),
        with("VariableIsAnAxis", std::string("matrix: {a: [1]}\nvars: {a: 2}\n") + good_checks,
             "s.yaml:7:8: \"a\" is an axis"),
        with("UnknownNodeInUrl", "checks: [{expr: foo}]\n", "s.yaml:6:10: this check cannot fail"),
        Case{"UrlOfNoNode",
             "name: s\nnodes:\n  us-east: {kind: mock}\n  query:\n    kind: prometheus\n    "
             "config:\n      remote_read: "
             "[{url: 'http://us-eats:9090/api/v1/read'}]\n" +
                 std::string(good_checks),
             "us-east"},
        Case{"FaultsOfANodeWithoutReads",
             "name: s\nnodes:\n  n: {kind: node_exporter, faults: {latency: 1s}}\n" +
                 std::string(good_checks),
             "s.yaml:3:36: a fault changes the answers of remote reads"},
        Case{"FaultsOfANodeWithSeveralPorts",
             "name: s\nnodes:\n  n: {kind: container, image: x, ports: [1, 2], faults: empty}\n" +
                 std::string(good_checks),
             "\"n\", a container node, has no such port"},
        Case{"UnknownFaultOfANode",
             "name: s\nnodes:\n  n: {kind: prometheus, faults: {latncy: 1s}}\n" +
                 std::string(good_checks),
             "s.yaml:3:34: unknown fault \"latncy\""},
        with("ThresholdsWithoutLoad",
             std::string(good_checks) + "thresholds: {query_duration: 'max < 1s'}\n",
             "s.yaml:7:13: thresholds are of a load"),
        with("UnknownInvariant", std::string(good_checks) + "invariants: [union_orcale]\n",
             "s.yaml:7:14: unknown invariant \"union_orcale\"; did you mean \"union_oracle\"?"),
        with("InvariantWithoutArguments", std::string(good_checks) + "invariants: [no_gap]\n",
             "s.yaml:7:14: \"no_gap\" needs to know"),
        with("SometimesOfNothing",
             std::string(good_checks) + "invariants: [{sometimes: {name: x}}]\n",
             "s.yaml:7:26: what has to happen? say warn:, fail:, log: or duration:"),
        with("SometimesAlone", std::string(good_checks) + "invariants: [sometimes]\n",
             "s.yaml:7:14: \"sometimes\" needs to know what"),
        with("SometimesOfTwo",
             std::string(good_checks) + "invariants: [{sometimes: {warn: x, duration: 1s}}]\n",
             "want one of warn:, fail:, log: and duration:"),
        with("SometimesInTheLogOfNobody",
             std::string(good_checks) + "invariants: [{sometimes: {log: x, node: nobody}}]\n",
             "there is no node \"nobody\""),
        with("SometimesABadPattern",
             std::string(good_checks) + "invariants: [{sometimes: {warn: '('}}]\n",
             "s.yaml:7:34: \"(\" is no regular expression"),
        with("KnownIssueWithoutReason", std::string(good_checks) + "known_issue: {expect: x}\n",
             "key \"reason\" is missing"),
        with("RampWithoutStages",
             std::string(good_checks) + "load: {executor: ramping-vus, duration: 1s}\n",
             "key \"stages\" is missing"),
        with("DashboardOfOnePanel",
             std::string(good_checks) +
                 "load: {executor: constant-vus, vus: 1, duration: 1s, dashboard: true}\n",
             "2 to 50 panels"),
        with("RangeWithoutStep",
             std::string(good_checks) + "load: {executor: constant-vus, vus: 1, duration: 1s, "
                                        "queries: [{expr: foo, range: 1h}]}\n",
             "key \"step\" is missing"),
        with("TooManyUsers",
             std::string(good_checks) + "load: {executor: constant-vus, vus: 5000, duration: 1s}\n",
             "from 1 to 1000"),
        with("BadExecutor",
             std::string(good_checks) + "load: {executor: constant, rate: 1, duration: 1s}\n",
             "s.yaml:7:18: unknown value \"constant\"")),
    [](const auto& param_info) { return std::string(param_info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Checks, ScenarioErrorTest,
    testing::Values(
        check("UnknownKey", "expr: foo, exp_sample: []",
              "s.yaml:7:17: unknown key \"exp_sample\"; did you mean \"exp_samples\"?"),
        check("NoQuestion", "exp_count: 1", "key \"expr\" is missing"),
        check("TwoQuestions", "expr: foo, read: foo, exp_count: 1", "are checks of their own"),
        check("UnknownNode", "expr: foo, node: querry, exp_count: 1",
              "s.yaml:7:23: unknown node \"querry\"; did you mean \"query\"?"),
        check("NodeWithoutPromql", "expr: foo, node: us-east, exp_count: 1",
              "s.yaml:7:23: \"us-east\" is a mock node, which knows no PromQL"),
        check("BadRangeDuration", "expr: 'rate(foo[5min])', exp_count: 1",
              "s.yaml:7:22: \"5min\" is not a duration"),
        check("BadFractionDuration", "expr: 'rate(foo[1.5h])', exp_count: 1",
              "s.yaml:7:22: \"1.5h\" is not a duration"),
        check("BadOffset", "expr: 'foo offset 5mn', exp_count: 1",
              "s.yaml:7:24: \"5mn\" is not a duration"),
        check("OpenBracket", "expr: 'sum(foo', exp_count: 1", "s.yaml:7:16: \"(\" is not closed"),
        check("CrossedBrackets", "expr: 'sum(foo}', exp_count: 1", "\"}\" closes nothing"),
        check("OpenQuote", "expr: 'foo{a=\"b}', exp_count: 1", "is not closed"),
        check("EmptyExpr", "expr: '', exp_count: 1", "the expression is empty"),
        check("BadSelector", "read: 'foo{a=b}', node: us-east, exp_series: 1", "s.yaml:7:"),
        check("BadLabels", "expr: foo, exp_samples: [{labels: 'foo{a=}', value: 1}]", "s.yaml:7:"),
        check("NoValue", "expr: foo, exp_samples: [{labels: foo}]", "want value:, or histogram:"),
        check("BadHistogram", "expr: foo, exp_samples: [{labels: foo, histogram: '{{schema:x}}'}]",
              "s.yaml:7:"),
        check("BadExpectation", "expr: foo, expect: [no_warning]",
              "s.yaml:7:26: unknown expectation \"no_warning\""),
        check("BadPattern", "expr: foo, expect: ['warn regex: a(']", "is no regular expression"),
        check("PatternOfNothing", "expr: foo, expect: ['no_warn regex: a']",
              "want \"no_warn\" alone"),
        check("FailWithData", "expr: foo, exp_count: 1, expect: [fail]", "cannot expect data too"),
        check("UnknownPhase", "expr: foo, exp_count: 1, during: [fault]",
              "s.yaml:7:40: unknown phase \"fault\"; known here: before (there is no timeline)"),
        check("BadComparison", "expr: foo, exp_count: many", "s.yaml:7:28: \"many\" is no number"),
        check("BadBound", "expr: foo, max_duration: 2 seconds",
              "s.yaml:7:31: want durations and multiples"),
        check("DistinctWithoutRepeat", "expr: foo, exp_distinct: 2", "say repeat: too"),
        Case{"RequestsOfAnExporter",
             "name: s\nnodes:\n  n: {kind: node_exporter}\n  eu: {kind: prometheus}\n"
             "checks:\n  - {expr: foo, node: eu, exp_requests: {n: 1}}\n",
             "s.yaml:6:42: \"n\" is a node_exporter node; only mocks and prometheus nodes"},
        Case{"AlertsOfAPrometheus",
             "name: s\nnodes:\n  eu: {kind: prometheus}\n"
             "checks:\n  - {alerts: Down, node: eu, exp_count: 1}\n",
             "s.yaml:5:26: \"eu\" is a prometheus node; only alertmanager nodes hold alerts"},
        Case{"AlertsAndAnExpression",
             "name: s\nnodes:\n  am: {kind: alertmanager}\n"
             "checks:\n  - {alerts: Down, expr: foo, node: am, exp_count: 1}\n",
             "s.yaml:5:14: alerts: is a check of its own"},
        Case{"AlertsThatCannotFail",
             "name: s\nnodes:\n  am: {kind: alertmanager}\n"
             "checks:\n  - {alerts: Down, node: am}\n",
             "s.yaml:5:5: this check cannot fail"},
        Case{"BadSelectorOfAlerts",
             "name: s\nnodes:\n  am: {kind: alertmanager}\n"
             "checks:\n  - {alerts: 'Down{', node: am, exp_count: 1}\n",
             "s.yaml:5:"},
        Case{"AlertWithoutLabels",
             "name: s\nnodes:\n  am: {kind: alertmanager}\n"
             "checks:\n  - {alerts: Down, node: am, exp_alerts: [{exp_annotations: {a: b}}]}\n",
             "key \"exp_labels\" is missing"},
        check("RangeWithSamples", "expr: foo, range: {end: 5m}, exp_samples: []",
              "is for instant queries"),
        check("SameAsItself", "expr: foo, same_as: {}", "want expr:, node: or both")),
    [](const auto& param_info) { return std::string(param_info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Timelines, ScenarioErrorTest,
    testing::Values(
        timeline("UnknownNode", "  - {node: us-eats, act: kill}\n",
                 "s.yaml:7:12: unknown node \"us-eats\"; did you mean \"us-east\"?"),
        timeline("UnknownAct", "  - {node: eu, act: kil}\n",
                 "s.yaml:7:21: unknown value \"kil\"; did you mean \"kill\"?"),
        timeline("NothingDone", "  - {node: eu}\n", "s.yaml:7:5: want fault: or act:"),
        timeline("NobodyDoesIt", "  - {act: kill, phase: x}\n",
                 "s.yaml:7:5: key \"node\" is missing"),
        timeline("NeitherNodeNorPhase", "  - {at: 5s}\n", "s.yaml:7:5: key \"node\" is missing"),
        timeline("BothDone", "  - {node: us-east, act: kill, fault: {latency: 1s}}\n",
                 "need an entry each"),
        timeline("UnknownFaultOfARealNode", "  - {node: eu, fault: {latncy: 1s}}\n",
                 "s.yaml:7:24: "),
        timeline("UnknownFault", "  - {node: us-east, fault: {latncy: 1s}}\n", "s.yaml:7:29: "),
        timeline("ForOfARestart", "  - {node: eu, act: restart, for: 5s}\n",
                 "has nothing to be undone"),
        timeline("BadDuration", "  - {at: 5, node: eu, act: kill}\n",
                 "s.yaml:7:10: \"5\" is not a duration"),
        timeline("OutOfOrder",
                 "  - {at: 5s, node: eu, act: kill}\n  - {at: 4s, node: eu, act: start}\n",
                 "s.yaml:8:5: entries are in the order"),
        timeline("TwoPhasesInAStep",
                 "  - {node: eu, act: kill, phase: x}\n  - {node: us-east, act: kill, phase: y}\n",
                 "s.yaml:8:5: entries with the same at:"),
        timeline("ReservedPhase", "  - {node: eu, act: kill, phase: after}\n",
                 "s.yaml:7:34: \"after\" cannot name")),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ScenarioErrors, ShowTheLineWithACaret) {
  try {
    parse_scenario(std::string(head) + "chekcs: []\n", "s.yaml", {0, {}});
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("\n  chekcs: []\n  ^"));
  }
}

TEST(ScenarioErrors, AskWhichNodeIsMeant) {
  const std::string text = "name: s\nnodes:\n  a: {kind: prometheus}\n  b: {kind: prometheus}\n" +
                           std::string(good_checks);
  try {
    parse_scenario(text, "s.yaml", {0, {}});
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(),
                testing::HasSubstr("s.yaml:5:10: which node is asked? say node: with one of a, b"));
  }
}

std::string refusal(const std::string& text) {
  try {
    parse_scenario(text, "s.yaml", {1'700'000'000'000, {}});
  } catch (const yaml::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ScenarioBounds, TextThatDoublesEndsAtItsLimit) {
  std::string vars = "vars:\n  v0: '0123456789'\n";
  for (int i = 1; i <= 40; ++i) {
    const std::string before = "${v" + std::to_string(i - 1) + "}";
    vars += "  v" + std::to_string(i) + ": '" + before + before + "'\n";
  }
  EXPECT_THAT(refusal(head + vars + good_checks),
              testing::HasSubstr("this text is longer than 1 MiB"));
}

TEST(ScenarioBounds, ListsThatDoubleEndAtTheirLimit) {
  std::string vars = "vars:\n  v0: [a, b]\n";
  for (int i = 1; i <= 40; ++i) {
    const std::string before = "'${v" + std::to_string(i - 1) + "}'";
    vars += "  v" + std::to_string(i) + ": [" + before + ", " + before + "]\n";
  }
  EXPECT_THAT(refusal(head + vars + good_checks), testing::HasSubstr("more than 200000 values"));
  vars = "vars:\n  v0: [a]\n";
  for (int i = 1; i <= 200; ++i)
    vars += "  v" + std::to_string(i) + ": ['${v" + std::to_string(i - 1) + "}']\n";
  EXPECT_THAT(refusal(head + vars + good_checks), testing::HasSubstr("nested more than 100 deep"));
}

TEST(ScenarioBounds, AllCasesTogetherEndAtTheirLimit) {
  std::string list = "vars:\n  v: [";
  for (int i = 0; i < 5'000; ++i) list += "a, ";
  std::string matrix = "matrix: {a: [";
  for (int i = 0; i < 1'000; ++i) matrix += std::to_string(i) + ", ";
  EXPECT_THAT(refusal(head + list + "b]\n" + matrix + "x]}\n" + good_checks),
              testing::HasSubstr("the cases of this scenario hold more than 2000000 values"));
}

TEST(ScenarioBounds, ListsHaveALength) {
  const auto many = [](const std::string& unit, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += unit;
    return text;
  };
  EXPECT_THAT(refusal(head + ("checks:\n" + many("  - {expr: foo, exp_count: 1}\n", 5'001))),
              testing::HasSubstr("more than 5000 checks"));
  EXPECT_THAT(refusal(head + ("timeline:\n" + many("  - {at: 1s, phase: p}\n", 501)) + good_checks),
              testing::HasSubstr("more than 500 entries"));
  std::string nodes = "name: s\nnodes:\n";
  for (int i = 0; i < 1'001; ++i) nodes += "  n" + std::to_string(i) + ": {kind: mock}\n";
  EXPECT_THAT(refusal(nodes + good_checks), testing::HasSubstr("more than 1000 nodes"));
  EXPECT_THAT(refusal(head + ("checks: [{expr: '" + many("[", 100'000) + "', exp_count: 1}]\n")),
              testing::HasSubstr("an expression of more than 64 KiB"));
}

TEST(ScenarioBounds, AWordWhereAMappingIsWantedIsAnErrorAtItsPlace) {
  const std::string nodes = "name: s\nnodes:\n  a: {kind: prometheus, config: ";
  for (const char* config : {"{global: x}", "{rule_files: x, scrape_configs: y}"}) {
    EXPECT_THAT(refusal(nodes + config + ", rules: []}\n" + good_checks),
                testing::StartsWith("s.yaml:3:"))
        << config;
  }
}

TEST(ScenarioBounds, FilesOfEveryKindAreRefused) {
  EXPECT_THAT(refusal(","), testing::HasSubstr("s.yaml:1:1: not valid YAML: unexpected \",\""));
  EXPECT_THAT(refusal("[1],"), testing::HasSubstr("s.yaml:1:4: not valid YAML"));
  const std::string pipe = testing::TempDir() + "mread-scenario-pipe-" + std::to_string(getpid());
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  try {
    load_scenario(pipe, {1'700'000'000'000, {}});
    ADD_FAILURE() << "a pipe is taken";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("it is not a regular file"));
  }
  ::unlink(pipe.c_str());
}

TEST(ScenarioErrorsTest, AllOfAFileAreToldAtOnce) {
  const std::string text = head + std::string(
                                      "invariants: [no_such]\n"
                                      "checks:\n"
                                      "  - {expr: foo, exp_cuont: 1}\n"
                                      "  - {expr: foo, exp_count: 1}\n"
                                      "  - {expr: 'foo(', exp_count: 1}\n"
                                      "surplus: 1\n");
  try {
    parse_scenario(text, "s.yaml", {1'700'000'000'000, {}});
    FAIL() << "no error";
  } catch (const yaml::ConfigError& error) {
    const std::vector<std::string> errors = errors_of(error);
    ASSERT_EQ(errors.size(), 4U) << error.what();
    EXPECT_THAT(errors[0], testing::StartsWith("s.yaml:6:14: unknown invariant"));
    EXPECT_THAT(errors[1], testing::StartsWith("s.yaml:8:"));
    EXPECT_THAT(errors[2], testing::StartsWith("s.yaml:10:"));
    EXPECT_THAT(errors[3], testing::StartsWith("s.yaml:11:1: unknown key"));
    for (const std::string& one : errors) EXPECT_THAT(error.what(), testing::HasSubstr(one));
  }
}

TEST(ScenarioErrorsTest, AnOracleThatDoesNotJudgeIsNoExpectation) {
  const char* const rules =
      "name: s\n"
      "nodes:\n"
      "  m: {kind: mock, input_series: [{series: foo, values: '1x40'}]}\n"
      "  query:\n"
      "    kind: prometheus\n"
      "    config: {remote_read: [m]}\n"
      "    rules: [{name: g, rules: [{alert: Down, expr: up == 0}, {record: 'job:foo:sum', expr: "
      "sum(foo)}]}]\n"
      "invariants: [union_oracle]\n"
      "checks: [{";
  const std::pair<const char*, const char*> cases[] = {
      {"expr: foo", ""},
      {"expr: foo, oracle: false", "no oracle judges it"},
      {"expr: ALERTS", "ALERTS is made by the rules of query"},
      {"expr: 'job:foo:sum'", "job:foo:sum is made by the rules of query"},
      {"expr: ALERTS, exp_samples: []", ""},
  };
  for (const auto& [check, message] : cases) {
    std::string said;
    try {
      parse_scenario(rules + std::string(check) + "}]\n", "s.yaml", {1'700'000'000'000, {}});
    } catch (const yaml::ConfigError& error) {
      said = error.what();
    }
    if (*message == '\0') {
      EXPECT_EQ(said, "") << check;
    } else {
      EXPECT_THAT(said, testing::HasSubstr(message)) << check;
    }
  }
}

}  // namespace
}  // namespace mread::scenarios
