// promtool's unit tests of rules: `promtool test rules` is the judge of `mread run --topology` over
// healthy nodes, for what holds and for what does not. MREAD_PROGRAM is the path of mread.

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <re2/re2.h>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "integration/program.h"
#include "integration/promtool.h"

namespace mread {
namespace {

namespace json = boost::json;

constexpr const char* rules = R"(
groups:
  - name: second
    rules:
      - {record: 'job:up:avg', expr: 'avg by (job) (up)', labels: {team: t, instance: ''}}
      - {record: 'job:up:avg2', expr: 'job:up:avg * 2'}
      - {record: 'count:own', expr: 'count:own + 1 or vector(0)'}
      - {record: 'reads:later', expr: 'made:later'}
      - {record: 'made:later', expr: 'vector(time())'}
      - {record: 'some:time', expr: 'time()'}
      - {record: 'seen:gone', expr: 'gone > 0'}
      - {record: 'in:group', expr: 'in:first + 1'}
  - name: first
    interval: 15s
    rules:
      - {record: 'in:first', expr: 'vector(time())'}
  - name: alerts
    rules:
      - alert: Down
        expr: up == 0
        for: 2m
        labels: {severity: 'p{{ $value }}'}
        annotations: {summary: '{{ $labels.instance }} of {{ $externalLabels.dc }} is {{ $value | humanize }}'}
      - alert: Kept
        expr: up == 0
        keep_firing_for: 3m
        annotations: {long: "{{ printf \"%.3f\" $value }}\n{{- /* no */ -}} x"}
      - {alert: HalfDown, expr: 'job:up:avg < 0.6', annotations: {s: '{{ $value | humanizePercentage }}'}}
      - {alert: Follows, expr: 'ALERTS{alertname="Down",alertstate="firing"}', for: 1m}
      - {alert: Same, expr: 'x > 1', labels: {severity: low}}
      - {alert: Same, expr: 'x > 2', labels: {severity: high}}
)";

// Keys of groups that 2.42 and 2.53 do not all know.
constexpr const char* newer_rules = R"(
groups:
  - name: newer
    query_offset: 1m
    labels: {team: g, own: g}
    limit: 2
    rules:
      - {record: 'shifted', expr: 'vector(time())', labels: {own: r}}
      - {alert: Shifted, expr: 'up == 0', for: 1m}
      - {record: 'limited', expr: 'up'}
)";

constexpr const char* input = R"(    interval: 1m
    external_labels: {dc: eu}
    input_series:
      - {series: 'up{job="a",instance="1"}', values: '1x3 0x3 1x20'}
      - {series: 'up{job="a",instance="2"}', values: '1x30'}
      - {series: 'gone', values: '1x3 stale _x3 1x3'}
      - {series: 'x', values: '0+1x60'}
      - {series: 'third', values: '0.1 0.2 0.3'}
)";

// promtool 2.42 knows no notation for histograms, and Prometheus 2.53 takes none of floats over remote
// read.
constexpr const char* histogram =
    "      - {series: h, values: '{{schema:0 count:3 sum:5 buckets:[1 2]}}x10'}\n";

struct Case {
  std::string name;
  std::string right;  // What the group asks, below its data.
  std::string wrong;
};

std::string promql(const std::string& expr, const std::string& time, const std::string& samples) {
  return "    promql_expr_test: [{expr: '" + expr + "', eval_time: " + time + ", exp_samples: [" +
         samples + "]}]\n";
}

std::string alerts(const std::string& name, const std::string& time, const std::string& firing) {
  return "    alert_rule_test: [{eval_time: " + time + ", alertname: " + name + ", exp_alerts: [" +
         firing + "]}]\n";
}

// A question with one float for an answer.
Case number(const std::string& name, const std::string& expr, const std::string& time,
            const std::string& labels, const std::string& right, const std::string& wrong) {
  const auto asked = [&](const std::string& value) {
    return promql(expr, time, "{labels: \"" + labels + "\", value: " + value + "}");
  };
  return {name, asked(right), asked(wrong)};
}

std::vector<Case> cases_of(const std::string& version) {
  const std::string down =
      "{exp_labels: {severity: p0, job: a, instance: 1}, exp_annotations: {summary: 1 of eu is 0}}";
  const std::string kept =
      R"({exp_labels: {job: a, instance: 1}, exp_annotations: {long: "0.000x"}})";
  const std::string half = "{exp_labels: {job: a, team: t}, exp_annotations: {s: 50%}}";
  const std::string follows =
      "{exp_labels: {severity: p0, job: a, instance: 1, alertstate: firing}}";
  std::vector<Case> cases{
      number("sum", "sum(up)", "4m", "{}", "1", "2"),
      number("scalar", "time()", "4m", "", "240", "241"),
      number("timestamp", "timestamp(x)", "90s", "{}", "60", "90"),
      number("rate", "rate(x[5m]) * 60", "10m", "{}", "1", "1.1"),
      number("exact", "third + 0.1", "1m", "{}", "0.30000000000000004", "0.3"),
      number("lookback", "sum(gone)", "3m", "{}", "1", "0"),
      {"stale", promql("gone", "5m", ""), promql("gone", "5m", "{labels: gone, value: 1}")},
      number("recorded", "job:up:avg", "4m", "job:up:avg{job='a',team='t'}", "0.5", "1"),
      number("recorded twice", "job:up:avg2", "4m", "job:up:avg2{job='a',team='t'}", "1", "2"),
      number("recorded at each step", "count_over_time(job:up:avg[1h])", "10m",
             "{job='a',team='t'}", "11", "10"),
      number("recorded over hours", "count_over_time(some:time[3h])", "150m", "{}", "151", "150"),
      number("reads itself", "count:own", "7m", "count:own", "7", "0"),
      number("reads what comes later", "reads:later", "5m", "reads:later", "240", "300"),
      number("groups in their order", "in:group", "5m", "in:group", "301", "241"),
      {"a recorded series ends", promql("seen:gone", "6m", ""),
       promql("seen:gone", "6m", "{labels: 'seen:gone', value: 1}")},
      number("pending", "count(ALERTS{alertstate=\"pending\",alertname=\"Down\"})", "4m", "{}", "1",
             "2"),
      number("for state", "ALERTS_FOR_STATE{alertname=\"Down\"}", "6m",
             "ALERTS_FOR_STATE{alertname='Down',severity='p0',job='a',instance='1'}", "240", "360"),
      {"fires", alerts("Down", "6m", down), alerts("Down", "6m", "")},
      {"pends", alerts("Down", "5m", ""), alerts("Down", "5m", down)},
      {"between two steps", alerts("Down", "6m30s", down), alerts("Down", "6m30s", "")},
      {"is gone", alerts("Down", "8m", ""), alerts("Down", "8m", down)},
      {"is kept", alerts("Kept", "10m", kept), alerts("Kept", "10m", "")},
      {"is kept no longer", alerts("Kept", "11m", ""), alerts("Kept", "11m", kept)},
      {"on a recorded series", alerts("HalfDown", "4m", half), alerts("HalfDown", "3m", half)},
      {"on another alert", alerts("Follows", "7m", follows), alerts("Follows", "6m", follows)},
      {"an annotation", alerts("Down", "6m", down),
       alerts("Down", "6m", "{exp_labels: {severity: p0, job: a, instance: 1}}")},
      {"two rules of one name",
       alerts("Same", "3m", "{exp_labels: {severity: high}}, {exp_labels: {severity: low}}"),
       alerts("Same", "3m", "{exp_labels: {severity: high}}")},
  };
  if (version != "3.5") return cases;
  const std::string shifted =
      "{exp_labels: {team: g, own: g, job: a, instance: 1}, exp_annotations: {}}";
  cases.push_back(number("histogram", "histogram_count(h)", "5m", "{}", "3", "4"));
  cases.push_back(
      number("an offset", "timestamp(shifted)", "5m", "{team='g',own='r'}", "240", "300"));
  cases.push_back(
      number("a value at an offset", "shifted", "5m", "shifted{team='g',own='r'}", "240", "300"));
  cases.push_back({"an alert at an offset", alerts("Shifted", "6m", shifted),
                   alerts("Shifted", "5m", shifted)});
  cases.push_back(number("within the limit", "count(limited)", "5m", "{}", "2", "1"));
  return cases;
}

constexpr const char* topology = R"(
name: pair
matrix: {version: [VERSION], path: [direct, merged]}
nodes:
  a: {kind: mock}
  b: {kind: prometheus, version: "${version}"}
  merge:
    when: path == merged
    kind: merger
    config: {remote_read: [a, b], groups: [{name: g, members: [a, b]}]}
  query:
    kind: prometheus
    version: ${version}
    config:
      remote_read:
        - {when: path == direct, name: a, url: "http://a:9090/api/v1/read", read_recent: true}
        - {when: path == direct, name: b, url: "http://b:9090/api/v1/read", read_recent: true}
        - {when: path == merged, url: "http://merge:9095/api/v1/read", read_recent: true}
)";

constexpr const char* hung_pair = R"(
name: pair
matrix: {path: [direct, merged]}
nodes:
  a: {kind: mock, faults: [{latency: {fixed: 20ms, where: per_frame}}]}
  b: {kind: mock}
  merge:
    when: path == merged
    kind: merger
    config:
      remote_read:
        - {name: a, url: "http://a:9090/api/v1/read", remote_timeout: 500ms}
        - {name: b, url: "http://b:9090/api/v1/read", remote_timeout: 500ms}
      groups: [{name: pair, members: [a, b], need: 1}]
  query:
    kind: prometheus
    version: v3.5
    config:
      remote_read:
        - {when: path == direct, name: a, url: "http://a:9090/api/v1/read", read_recent: true, remote_timeout: 500ms}
        - {when: path == direct, name: b, url: "http://b:9090/api/v1/read", read_recent: true, remote_timeout: 500ms}
        - {when: path == merged, url: "http://merge:9095/api/v1/read", read_recent: true}
timeline:
  - {node: b, act: pause, phase: b-hung}
)";

// The report of mread.
json::value run_over(std::vector<std::string> arguments, const TemporaryFolder& folder,
                     std::string& output) {
  const char* program = std::getenv("MREAD_PROGRAM");
  arguments.insert(arguments.begin(), {program != nullptr ? program : "mread", "run"});
  arguments.insert(arguments.end(),
                   {"--engine", "process", "--report-dir", "report", "--jobs", "2"});
  Program mread(arguments, folder.path());
  mread.wait();
  output = mread.output();
  const auto report = read_file((folder.path() / "report/report.json").string(), 1U << 30);
  return report ? json::parse(*report) : json::value{{"tests", json::array()}};
}

class RuleTestsTest : public testing::TestWithParam<std::string> {
 protected:
  RuleTestsTest() {
    folder_.write("rules.yml", rules);
    if (GetParam() == "3.5") folder_.write("newer.rules.yml", newer_rules);
    std::string text = topology;
    re2::RE2::Replace(&text, "VERSION", "v" + GetParam());
    folder_.write("pair.yaml", text);
  }

  std::string write(const std::string& name, const std::vector<std::string>& asked) {
    std::string text =
        "rule_files: ['*rules.yml']\ngroup_eval_order: [first, second, alerts]\ntests:\n";
    for (const std::string& one : asked) {
      std::string data = input;
      if (GetParam() == "3.5") data += histogram;
      data[2] = '-';
      text += data + one;
    }
    return folder_.write(name, text);
  }

  bool promtool_passes(const std::string& file) {
    const auto outcome =
        integration::run(prometheus_program(GetParam(), "promtool") + " test rules " + file);
    output_ = outcome.output;
    return outcome.status == 0;
  }

  // The verdicts of mread by the number of the test in the file: those of all its tests.
  std::map<size_t, std::vector<std::string>> verdicts(const std::string& file) {
    std::map<size_t, std::vector<std::string>> found;
    const json::value report = run_over({file, "--topology", "pair.yaml"}, folder_, output_);
    for (const json::value& test : report.at("tests").as_array()) {
      size_t number = 0;
      const std::string id(test.at("id").as_string());
      if (re2::RE2::FullMatch(id, R"([a-z]+-(\d+)(?:-.*)?)", &number))
        found[number - 1].emplace_back(test.at("verdict").as_string());
    }
    return found;
  }

  TemporaryFolder folder_;
  const std::vector<Case> cases_ = cases_of(GetParam());
  std::string output_;
};

TEST_P(RuleTestsTest, WhatHoldsForPromtoolHoldsOverATopology) {
  std::vector<std::string> right;
  for (const Case& one : cases_) right.push_back(one.right);
  const std::string file = write("right.yml", right);
  ASSERT_TRUE(promtool_passes(file)) << output_;
  const auto found = verdicts(file);
  ASSERT_EQ(found.size(), cases_.size()) << output_;
  for (const auto& [number, all] : found)
    EXPECT_THAT(all, testing::ElementsAre("pass", "pass")) << cases_[number].name << "\n"
                                                           << output_;
}

TEST_P(RuleTestsTest, NothingIsThereAfterTheLastStep) {
  const std::string file = folder_.write("cut.yml",
                                         "tests:\n"
                                         "  - interval: 15s\n"
                                         "    input_series: [{series: x, values: '0+1x20'}]\n"
                                         "    promql_expr_test:\n"
                                         "      - {expr: x, eval_time: 110s, exp_samples: "
                                         "[{labels: x, value: 4}]}\n"
                                         "      - {expr: x, eval_time: 45s, exp_samples: "
                                         "[{labels: x, value: 3}]}\n");
  EXPECT_TRUE(promtool_passes(file)) << output_;
  const auto found = verdicts(file);
  ASSERT_EQ(found.size(), 1U) << output_;
  EXPECT_THAT(found.at(0), testing::ElementsAre("pass", "pass")) << output_;
}

TEST_P(RuleTestsTest, WhatIsWrongForPromtoolIsWrongOverATopology) {
  std::vector<std::string> wrong;
  for (const Case& one : cases_) {
    wrong.push_back(one.wrong);
    EXPECT_FALSE(promtool_passes(write("one.yml", {one.wrong}))) << one.name;
  }
  const auto found = verdicts(write("wrong.yml", wrong));
  ASSERT_EQ(found.size(), cases_.size()) << output_;
  for (const auto& [number, all] : found)
    EXPECT_THAT(all, testing::ElementsAre("fail", "fail")) << cases_[number].name << "\n"
                                                           << output_;
}

// A question of a PromQL test script, below its data, that holds, and what makes it wrong.
struct Eval {
  const char* text;
  const char* right;
  const char* wrong;
};

// Prometheus 2.42 has no warnings of PromQL.
std::string script_of(bool is_right, bool has_warnings) {
  std::string out =
      "load 30s\n  up{i=\"1\"} 1x10 0x10\n  up{i=\"2\"} 1x20\n  c_total 0+60x20\n  gone 1 2 "
      "stale\n\n";
  for (const Eval& one :
       {Eval{"eval instant at 5m sum(up)\n  {} @\n", "2", "1"},
        Eval{"eval instant at 5m @ + 1\n  2\n", "1", "scalar(up) * 2"},
        Eval{"eval instant at 1m gone\n@", "", "  gone 2\n"},
        Eval{"eval range from 4m to 6m step 1m sum(up)\n  {} @\n", "2 2 1", "2 1 1"},
        Eval{"eval range from 0 to 2m step 30s gone\n  gone 1 2 @\n", "_", "2"},
        Eval{"eval_ordered instant at 10m sort@(up)\n  up{i=\"1\"} 0\n  up{i=\"2\"} 1\n", "",
             "_desc"},
        Eval{"eval_fail instant at 1m @\n", "label_replace(up, \"i\", \"\", \"i\", \".*\") + sum(",
             "up"},
        Eval{"eval instant at 5m rate(c_total[1m])\n  {} @\n", "2.0000001", "2.1"},
        Eval{"eval instant at 2m quantile(@, up)\n  expect warn\n  {} +Inf\n", "2", "0.5"},
        Eval{"eval instant at 1m c_total[59s]\n  expect range vector from 30s to 1m step 30s\n  "
             "c_total @\n",
             "60 120", "0 60"},
        Eval{"eval instant at 0 \"x\"\n  expect string @\n", "'x'", "'y'"}}) {
    std::string text = one.text;
    if (!has_warnings && text.find("expect warn") != std::string::npos) continue;
    out += text.replace(text.find('@'), 1, is_right ? one.right : one.wrong) + "\n";
  }
  return out + "clear\nload 1m\n  other 5\n\neval instant at 0 count(up)\n" +
         (is_right ? "" : "  {} 1\n");
}

TEST_P(RuleTestsTest, AScriptHoldsOverATopologyAndAWrongOneDoesNot) {
  for (const bool is_right : {true, false}) {
    const std::string file = folder_.write("s.test", script_of(is_right, GetParam() != "2.42"));
    const json::value report = run_over({file, "--topology", "pair.yaml"}, folder_, output_);
    ASSERT_EQ(report.at("tests").as_array().size(), 4U) << output_;
    for (const json::value& test : report.at("tests").as_array()) {
      for (const json::value& check : test.at("checks").as_array())
        EXPECT_EQ(check.at("verdict").as_string(), is_right ? "pass" : "fail")
            << check.at("name").as_string() << "\n"
            << output_;
    }
  }
}

TEST(RuleTestsCommand, TellsWhatIsWrongInOneLineAndEndsWith3) {
  TemporaryFolder folder;
  folder.write("tests.yml", "tests: [{promql_expr_test: [{expr: up, eval_time: 1m}]}]");
  folder.write("pair.yaml", hung_pair);
  struct Mistake {
    std::vector<std::string> arguments;
    const char* message;
  };
  for (const Mistake& one : {
           Mistake{{"--topology", "pair.yaml"}, "--topology wants files of tests"},
           Mistake{{".", "--topology", "pair.yaml"}, "name the files of tests"},
           Mistake{{"tests.yml", "--topology", "no.yaml"}, "no.yaml: cannot be read"},
           Mistake{{"tests.yml"}, "mread run --topology SCENARIO runs them"},
           Mistake{{"pair.yaml", "--topology", "pair.yaml"}, "this is a scenario"},
       }) {
    const char* program = std::getenv("MREAD_PROGRAM");
    std::vector<std::string> arguments{program != nullptr ? program : "mread", "run"};
    arguments.insert(arguments.end(), one.arguments.begin(), one.arguments.end());
    Program mread(arguments, folder.path());
    EXPECT_EQ(mread.wait(), 3);
    EXPECT_THAT(mread.output(), testing::HasSubstr(one.message));
  }
}

// A real file of rule tests, unchanged, over a pair of which one member hangs.
TEST(RuleTestsOverFaults, OnlyAMergeCoreKeepsTheAlertsOfAPair) {
  TemporaryFolder folder;
  folder.write("hung.yaml", hung_pair);
  std::string output;
  const json::value report =
      run_over({std::string(MREAD_MONITORING) + "/mread.rules.test.yml", "--topology", "hung.yaml",
                "--filter", "*noreads*", "--filter", "*hedgesrefused*", "--filter", "*circuitopen*",
                "--filter", "*filedescriptors*", "--filter", "*catalogstale*"},
               folder, output);
  std::map<std::string, std::map<std::string, size_t>> verdicts;  // By path.
  for (const json::value& test : report.at("tests").as_array()) {
    const std::string path(test.at("case").at("path").as_string());
    ++verdicts[path][std::string(test.at("verdict").as_string())];
  }
  EXPECT_EQ(verdicts["merged"]["pass"], 10U) << output;
  EXPECT_EQ(verdicts["merged"].size(), 1U) << output;
  EXPECT_GE(verdicts["direct"]["fail"], 1U) << "Prometheus 3.5 loses the healthy member's data\n"
                                            << output;
}

INSTANTIATE_TEST_SUITE_P(Generations, RuleTestsTest, testing::Values("2.42", "2.53", "3.5"),
                         [](const auto& param_info) {
                           std::string name = "V" + param_info.param;
                           name.replace(name.find('.'), 1, "_");
                           return name;
                         });

}  // namespace
}  // namespace mread
