// docs/monitoring/: every metric, label and value that a rule or a panel names is one that `mread
// serve` has, and Prometheus's own promtool takes the rules and finds that they do what their tests
// say.

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "base/yaml.h"
#include "integration/promtool.h"
#include "serve/observe/metrics.h"

namespace mread::integration {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

const std::string folder = MREAD_MONITORING;

std::string file(const std::string& name) {
  std::ifstream in(folder + "/" + name);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

/// Every match, with its groups.
std::vector<std::vector<std::string>> all(const std::string& text, const std::regex& pattern) {
  std::vector<std::vector<std::string>> found;
  for (auto match = std::sregex_iterator(text.begin(), text.end(), pattern);
       match != std::sregex_iterator(); ++match)
    found.emplace_back(match->begin(), match->end());
  return found;
}

/// By name of a metric: its labels with their values.
using Exported = std::map<std::string, std::map<std::string, std::set<std::string>>>;

/// What a server exports that has every block of the configuration and has seen a read.
Exported exported() {
  serve::Metrics metrics;
  const auto config = config::Config::parse(
      "remote_read: [{name: b, url: 'http://b/r', required_matchers: {region: eu}}, {name: c, url: "
      "'http://c/r'}]\n"
      "groups: [{name: g, members: [b, c], wait: need, hedge_after: p95}]\n"
      "routes: [{match: '{region=\"eu\"}', groups: [g]}]\n"
      "health: {}\nprune: {}\n",
      "mread.yml");
  const auto backends = metrics.bind(config);
  for (const auto end : {serve::ReadReport::End::complete, serve::ReadReport::End::aborted}) {
    serve::ReadReport report;
    report.status = 200;
    report.end = end;
    metrics.count(report);
    metrics.count_fan_out(report.outcome, *backends);
  }
  metrics.count_refused(400);
  const std::string text = metrics.text();
  Exported found;
  for (const auto& line : all(text, std::regex(R"(\n([a-z_]+)(?:\{([^\n]*)\})? [^\n]+)"))) {
    auto& labels = found[line[1]];
    const std::string inside = line[2];
    for (const auto& label : all(inside, std::regex(R"re(([a-z_]+)="([^"]*)")re")))
      labels[label[1]].insert(label[2]);
  }
  return found;
}

struct Expression {
  std::string where;
  std::string text;
};

std::vector<Expression> rules() {
  std::vector<Expression> expressions;
  for (const YAML::Node& group : YAML::Load(file("mread.rules.yml"))["groups"]) {
    for (const YAML::Node& rule : group["rules"])
      expressions.push_back({rule["alert"].as<std::string>(), rule["expr"].as<std::string>()});
  }
  return expressions;
}

json::value dashboard() { return json::parse(file("dashboard.json")); }

/// With Grafana's variables filled in.
std::string as_promql(const json::value& expr) {
  std::string text = replaced(std::string(expr.as_string()), "$__rate_interval", "5m");
  return replaced(replaced(std::move(text), "$instance", ".*"), "$backend", ".*");
}

std::vector<Expression> panels() {
  std::vector<Expression> expressions;
  const json::value board = dashboard();
  for (const json::value& panel : board.at("panels").as_array()) {
    if (panel.at("type") == "row") continue;
    for (const json::value& target : panel.at("targets").as_array())
      expressions.push_back(
          {std::string(panel.at("title").as_string()), as_promql(target.at("expr"))});
  }
  for (const json::value& annotation : board.at("annotations").at("list").as_array())
    expressions.push_back(
        {std::string(annotation.at("name").as_string()), as_promql(annotation.at("expr"))});
  return expressions;
}

/// What an expression names that is not there; a scrape's own labels always are.
void expect_known(const Expression& expression, const Exported& known) {
  SCOPED_TRACE(expression.where + ": " + expression.text);
  std::set<std::string> labels{"instance", "job"};
  size_t metrics = 0;
  for (const auto& name :
       all(expression.text, std::regex(R"re(\b((?:mread|process)_[a-z_]+)\b(?:\{([^}]*)\})?)re"))) {
    ++metrics;
    const auto metric = known.find(name[1]);
    ASSERT_TRUE(metric != known.end()) << "no metric " << name[1];
    for (const auto& [label, values] : metric->second) labels.insert(label);
    const std::string selector = name[2];
    for (const auto& matcher : all(selector, std::regex(R"re(([a-z_]+)(=~|!~|!=|=)"([^"]*)")re"))) {
      const std::string label = matcher[1];
      if (label == "instance" || label == "job" || label == "backend") continue;
      const auto values = metric->second.find(label);
      ASSERT_TRUE(values != metric->second.end()) << name[1] << " has no label " << label;
      if (label == "code") continue;  // Whatever HTTP has.
      for (const auto& word : all(matcher[3], std::regex("[^|]+")))
        EXPECT_TRUE(values->second.contains(word[0]))
            << name[1] << " has no " << label << "=" << word[0];
    }
  }
  EXPECT_GT(metrics, 0u) << "names no metric";
  for (const auto& list : all(expression.text, std::regex(R"((?:by|on|without) ?\(([^)]*)\))"))) {
    for (const auto& label : all(list[1], std::regex("[a-z_]+")))
      EXPECT_TRUE(labels.contains(label[0])) << "no label " << label[0];
  }
}

class Promtool : public testing::TestWithParam<const char*> {
 protected:
  Outcome promtool(const std::string& arguments) {
    const std::string program = prometheus_program(GetParam(), "promtool");
    EXPECT_FALSE(program.empty()) << "no promtool " << GetParam() << ": run ci/setup";
    return run("'" + program + "' " + arguments);
  }
};

TEST_P(Promtool, TakesTheRules) {
  const Outcome outcome = promtool("check rules '" + folder + "/mread.rules.yml'");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr(fmt::format("{} rules found", rules().size())));
}

TEST_P(Promtool, FindsThatTheyDoWhatTheirTestsSay) {
  const Outcome outcome = promtool("test rules '" + folder + "/mread.rules.test.yml'");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

TEST_P(Promtool, TakesTheExpressionsOfTheDashboard) {
  std::string text = "groups:\n  - name: panels\n    rules:\n";
  int number = 0;
  for (const Expression& panel : panels()) {
    text += fmt::format("      - record: panel:{}\n        expr: '{}'\n", number++,
                        replaced(panel.text, "'", "''"));
  }
  const TemporaryFolder temporary;
  const std::string path = (temporary.path() / "panels.yml").string();
  std::ofstream(path) << text;
  const Outcome outcome = promtool("check rules '" + path + "'");
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

INSTANTIATE_TEST_SUITE_P(Generations, Promtool, testing::Values("2.42", "2.53", "3.5"),
                         [](const auto& param_info) {
                           return "v" + replaced(param_info.param, ".", "_");
                         });

TEST(MonitoringRules, NameOnlyWhatIsThere) {
  const Exported known = exported();
  for (const Expression& rule : rules()) expect_known(rule, known);
}

TEST(MonitoringRules, EachHasATestThatFiresAndOneThatDoesNot) {
  std::map<std::string, std::set<bool>> fires;
  for (const YAML::Node& test : YAML::Load(file("mread.rules.test.yml"))["tests"]) {
    for (const YAML::Node& alert : test["alert_rule_test"])
      fires[alert["alertname"].as<std::string>()].insert(alert["exp_alerts"].size() > 0);
  }
  for (const Expression& rule : rules()) EXPECT_EQ(fires[rule.where].size(), 2u) << rule.where;
}

TEST(MonitoringRules, EachIsExplained) {
  std::ifstream in(folder + "/../reference/monitoring.md");
  std::stringstream page;
  page << in.rdbuf();
  for (const Expression& rule : rules()) EXPECT_THAT(page.str(), HasSubstr("`" + rule.where + "`"));
}

TEST(MonitoringDashboard, NamesOnlyWhatIsThere) {
  const Exported known = exported();
  for (const Expression& panel : panels()) expect_known(panel, known);
}

TEST(MonitoringDashboard, PanelsAreWhole) {
  std::set<int64_t> ids;
  std::set<std::pair<int64_t, int64_t>> taken;
  const json::value board = dashboard();
  for (const json::value& panel : board.at("panels").as_array()) {
    const std::string title(panel.at("title").as_string());
    SCOPED_TRACE(title);
    EXPECT_FALSE(title.empty());
    EXPECT_TRUE(ids.insert(panel.at("id").as_int64()).second) << "the id is taken";
    const json::value& place = panel.at("gridPos");
    const int64_t x = place.at("x").as_int64(), y = place.at("y").as_int64();
    EXPECT_LE(x + place.at("w").as_int64(), 24);
    for (int64_t column = x; column < x + place.at("w").as_int64(); ++column) {
      for (int64_t line = y; line < y + place.at("h").as_int64(); ++line)
        EXPECT_TRUE(taken.insert({column, line}).second)
            << "lies over another at " << column << ", " << line;
    }
    if (panel.at("type") == "row") continue;
    EXPECT_EQ(panel.at("datasource").at("uid"), "${datasource}");
    std::set<std::string> references;
    for (const json::value& target : panel.at("targets").as_array()) {
      EXPECT_TRUE(references.insert(std::string(target.at("refId").as_string())).second);
      EXPECT_FALSE(target.at("expr").as_string().empty());
    }
    EXPECT_FALSE(references.empty());
  }
}

}  // namespace
}  // namespace mread::integration
