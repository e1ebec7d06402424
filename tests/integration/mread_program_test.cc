// The program as its user meets it: exit codes, what it prints, and what it leaves behind.
// MREAD_PROGRAM is its path.

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/temporary_folder.h"
#include "integration/program.h"
#include "net/client.h"

namespace mread {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class MreadProgramTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    return folder_.write(name, text);
  }

  std::vector<std::string> mread(std::vector<std::string> arguments) {
    const char* program = std::getenv("MREAD_PROGRAM");
    arguments.insert(arguments.begin(), program != nullptr ? program : "mread");
    return arguments;
  }

  /// Runs it to its end.
  int run(const std::vector<std::string>& arguments) {
    Program program(mread(arguments), folder());
    const int code = program.wait();
    output_ = program.output();
    return code;
  }

  fs::path folder() const { return folder_.path(); }
  boost::json::value report() {
    std::ifstream file(folder() / "report/report.json");
    return boost::json::parse(
        std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
  }

  std::string output_;

 private:
  TemporaryFolder folder_;
};

std::string scenario(const std::string& want, const std::string& more = "") {
  return R"(name: one
nodes:
  collector:
    kind: prometheus
    input_series: [{series: foo, values: '1x40'}]
  query:
    kind: prometheus
    config: {remote_read: [{url: "http://collector:9090/api/v1/read", read_recent: true}]}
)" + more +
         R"(checks:
  - expr: sum(foo)
    eval_time: 5m
    exp_samples: [{labels: '{}', value: )" +
         want + "}]\n";
}

TEST_F(MreadProgramTest, AScenarioThatHoldsExitsWithZeroAndWritesItsReports) {
  const std::string file = write("one.yaml", scenario("1"));
  EXPECT_EQ(run({"run", file, "--engine", "process", "--report-dir", "report"}), 0) << output_;
  EXPECT_EQ(report().at("totals").at("pass").as_int64(), 1);
  EXPECT_TRUE(fs::exists(folder() / "report/junit.xml"));
  const boost::json::value written = report();
  const auto& nodes = written.at("tests").at(0).at("nodes").as_array();
  ASSERT_FALSE(nodes.empty());
  for (const auto& node : nodes) {
    const fs::path log = folder() / "report" / std::string(node.at("log").as_string());
    EXPECT_GT(fs::file_size(log), 0U) << log;
  }
}

TEST_F(MreadProgramTest, AQueryLogThatAMergerNamesItselfIsKept) {
  const std::string file = write("one.yaml", R"(name: kept
nodes:
  a: {kind: mock, input_series: [{series: foo, values: '1x40'}]}
  m: {kind: merger, config: {remote_read: [a], query_log_file: '{{dir}}/own.log'}}
checks: [{read: foo, node: m, exp_series: 1}]
)");
  EXPECT_EQ(run({"run", file, "--engine", "process", "--report-dir", "report"}), 0) << output_;
  EXPECT_GT(fs::file_size(folder() / "report/nodes/kept/m.own.log"), 0U);
}

TEST_F(MreadProgramTest, FilesThatWouldNotEndAreRefusedByEveryCommand) {
  write("comma.yml", "[1],");
  ASSERT_EQ(::mkfifo((folder() / "pipe.yml").c_str(), 0600), 0);
  for (const std::vector<std::string>& command : {std::vector<std::string>{"serve", "--config"},
                                                  {"mock", "--config"},
                                                  {"run", "--dry-run"}}) {
    std::vector<std::string> with_comma = command;
    with_comma.push_back((folder() / "comma.yml").string());
    EXPECT_EQ(run(with_comma), 3) << output_;
    EXPECT_THAT(output_, testing::HasSubstr("comma.yml:1:4: not valid YAML: unexpected \",\""));
    std::vector<std::string> with_pipe = command;
    with_pipe.push_back((folder() / "pipe.yml").string());
    EXPECT_EQ(run(with_pipe), 3) << output_;
    EXPECT_THAT(output_, testing::HasSubstr("pipe.yml: cannot be read: it is not a regular file"));
  }
}

TEST_F(MreadProgramTest, AWrongAssertionExitsWithOneAndShowsWantAndGot) {
  const std::string file = write("one.yaml", scenario("2"));
  EXPECT_EQ(run({"run", file, "--engine", "process", "--report-dir", "report"}), 1);
  EXPECT_THAT(output_, testing::ContainsRegex("want +\\{\\} 2"));
  EXPECT_THAT(output_, testing::ContainsRegex("got +\\{\\} 1"));
  EXPECT_EQ(report().at("totals").at("fail").as_int64(), 1);
}

TEST_F(MreadProgramTest, ABrokenScenarioNamesFileLineColumnAndTheNearestKey) {
  const std::string file = write("one.yaml", scenario("1", "timelin: []\n"));
  EXPECT_EQ(run({"run", file}), 3);
  EXPECT_THAT(output_,
              HasSubstr("one.yaml:9:1: unknown key \"timelin\"; did you mean \"timeline\"?"));
}

TEST_F(MreadProgramTest, AnUnknownNodeInAUrlIsNamedWithTheNearest) {
  std::string text = scenario("1");
  text.replace(text.find("http://collector"), 16, "http://colector");
  EXPECT_EQ(run({"run", write("one.yaml", text)}), 3);
  EXPECT_THAT(output_, HasSubstr("one.yaml:8:"));
  EXPECT_THAT(output_, HasSubstr("did you mean \"collector\"?"));
}

TEST_F(MreadProgramTest, AVersionThatIsNotThereIsSkippedByName) {
  std::string text = scenario("1");
  text.replace(text.find("kind: prometheus"), 16, "kind: prometheus\n    version: v9.9");
  run({"run", write("one.yaml", text), "--engine", "process", "--report-dir", "report"});
  EXPECT_THAT(output_, HasSubstr("9.9"));
  EXPECT_EQ(report().at("totals").at("skipped").as_int64(), 1);
}

TEST_F(MreadProgramTest, WithoutADockerEngineOneLineSaysSo) {
  setenv("DOCKER_HOST", "unix:///nowhere/docker.sock", 1);
  EXPECT_EQ(run({"run", write("one.yaml", scenario("1")), "--engine", "docker"}), 4);
  unsetenv("DOCKER_HOST");
  EXPECT_THAT(output_, HasSubstr("/nowhere/docker.sock"));
  EXPECT_EQ(std::count(output_.begin(), output_.end(), '\n'), 1) << output_;
}

TEST_F(MreadProgramTest, APortInUseIsOneLine) {
  const std::string config =
      write("mread.yml", "remote_read: [{url: 'http://127.0.0.1:1/api/v1/read'}]\n");
  Program first(mread({"serve", "--config", config, "--listen", "127.0.0.1:0"}), folder());
  ASSERT_TRUE(first.wait_for("listening on http://127.0.0.1:")) << first.output();
  const size_t at = first.output().find("127.0.0.1:", first.output().find("listening on"));
  const std::string address =
      first.output().substr(at, first.output().find_first_of(" \n", at) - at);
  EXPECT_EQ(run({"serve", "--config", config, "--listen", address}), 4);
  EXPECT_THAT(output_, HasSubstr(address));
  EXPECT_THAT(output_, HasSubstr("in use"));
  const std::string stores = write("mock.yml", "stores: {a: {input_series: []}}\n");
  EXPECT_EQ(run({"mock", "--config", stores, "--listen", address}), 4);
  EXPECT_THAT(output_, HasSubstr("in use"));
  first.signal(SIGTERM);
  EXPECT_EQ(first.wait(), 0) << first.output();
}

TEST_F(MreadProgramTest, UnknownFlagsAndCommandsExitWithThree) {
  EXPECT_EQ(run({"rum"}), 3);
  EXPECT_EQ(output_, "mread: unknown command \"rum\"; did you mean \"run\"? (see mread --help)\n");
  EXPECT_EQ(run({"run", "--engin", "process"}), 3);
  EXPECT_EQ(
      output_,
      "mread run: unknown flag \"--engin\"; did you mean \"--engine\"? (see mread run --help)\n");
  EXPECT_EQ(run({"serve"}), 3);
  EXPECT_THAT(output_, HasSubstr("see mread serve --help"));
  EXPECT_EQ(run({}), 3);
  EXPECT_EQ(run({"--help"}), 0);
  const std::string help = output_;
  EXPECT_EQ(run({"help"}), 0);
  EXPECT_EQ(output_, help);
  EXPECT_EQ(run({"help", "serve"}), 0);
  EXPECT_THAT(output_, HasSubstr("--check-config"));
}

TEST_F(MreadProgramTest, CheckConfigOpensWhatServeWouldOpenAndPrintsWarnings) {
  const std::string head = "remote_read: [{url: 'http://u:p@a/read'}]\nquery_log_file: ";
  std::string config = write("mread.yml", head + "/nowhere/query.log\n");
  EXPECT_EQ(run({"serve", "--config", config, "--check-config"}), 3);
  EXPECT_THAT(output_, HasSubstr("query_log_file /nowhere/query.log: No such file or directory\n"));
  const std::string log = (std::filesystem::path(folder()) / "query.log").string();
  config = write("mread.yml", head + log + "\n");
  EXPECT_EQ(run({"serve", "--config", config, "--check-config"}), 0);
  EXPECT_THAT(output_,
              HasSubstr("warning: " + config + ":1:21: a user in the URL is sent as basic_auth"));
  EXPECT_FALSE(std::filesystem::exists(log)) << "a check leaves nothing behind";
}

// Whether the process has a child; each of its threads has a list of its own.
bool has_children(pid_t pid) {
  std::error_code ignored;
  for (const auto& thread :
       fs::directory_iterator("/proc/" + std::to_string(pid) + "/task", ignored)) {
    std::ifstream file(thread.path() / "children");
    if (std::string child; file >> child) return true;
  }
  return false;
}

// How many containers the process has made; their label begins with its id.
size_t containers_of(pid_t pid) {
  net::ClientRequest request;
  request.url = *net::Url::parse("unix:///var/run/docker.sock:/containers/json?all=1");
  const auto response = net::fetch(std::move(request));
  if (!response) throw std::runtime_error(response.error().to_string());
  size_t count = 0;
  const boost::json::value containers = boost::json::parse(response->body);
  for (const auto& container : containers.as_array()) {
    const auto* label = container.at("Labels").as_object().if_contains("mread.pid");
    if (label != nullptr && label->as_string().starts_with(std::to_string(pid) + "-")) ++count;
  }
  return count;
}

TEST_F(MreadProgramTest, AnOldReportDoesNotSurviveARunThatJudgesNothing) {
  const std::string file = write("one.yaml", scenario("1", "timelin: []\n"));
  write("report/report.json", R"({"totals": {"pass": 1}})");
  write("report/nodes/old-1/query.log", "old");
  EXPECT_EQ(run({"run", file, "--report-dir", "report", "--list"}), 3);
  EXPECT_TRUE(fs::exists(folder() / "report/report.json")) << "a list is no run";
  EXPECT_EQ(run({"run", file, "--report-dir", "report"}), 3);
  EXPECT_FALSE(fs::exists(folder() / "report/report.json"));
  EXPECT_FALSE(fs::exists(folder() / "report/nodes"));
}

TEST_F(MreadProgramTest, AWorkFolderOfAnotherUserIsNoVerdict) {
  const std::string file = write("one.yaml", scenario("1"));
  fs::create_directory(folder() / "tmp");
  const fs::path work = folder() / "tmp" / ("mread-" + std::to_string(geteuid()));
  fs::create_directory(work);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(work.c_str(), 12345, 12345), 0);
  } else {
    fs::permissions(work, fs::perms::none);
  }
  setenv("TMPDIR", (folder() / "tmp").c_str(), 1);
  EXPECT_EQ(run({"run", file, "--engine", "process", "--report-dir", "report"}), 4);
  unsetenv("TMPDIR");
  EXPECT_THAT(output_, HasSubstr(work.string()));
  EXPECT_THAT(output_, HasSubstr("set TMPDIR"));
  EXPECT_EQ(std::count(output_.begin(), output_.end(), '\n'), 1) << output_;
}

class CtrlCTest : public MreadProgramTest, public testing::WithParamInterface<const char*> {};

TEST_P(CtrlCTest, InMidRunLeavesNothingBehind) {
  const std::string engine = GetParam();
  const bool with_docker = engine == "docker";
  const std::string file = write(
      "one.yaml",
      scenario("1", "timeline: [{at: 1h, node: collector, act: pause}]\n"));  // Never reached.
  fs::create_directory(folder() / "tmp");
  setenv("TMPDIR", (folder() / "tmp").c_str(), 1);
  Program program(mread({"run", file, "--engine", engine, "--report-dir", "report"}), folder());
  unsetenv("TMPDIR");
  ASSERT_TRUE(program.wait_for("1 test")) << program.output();
  // Until nodes are there; the run itself is bounded by ctest's time limit.
  while (with_docker ? containers_of(program.pid()) == 0 : !has_children(program.pid())) {
    ASSERT_EQ(kill(program.pid(), 0), 0) << program.output();
  }
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), 130) << program.output();
  EXPECT_TRUE(report().at("interrupted").as_bool());
  EXPECT_TRUE(report().at("tests").at(0).at("interrupted").as_bool());
  EXPECT_EQ(report().at("totals").at("pass").as_int64(), 0);
  if (with_docker) {
    EXPECT_EQ(containers_of(program.pid()), 0U);
  }
  EXPECT_TRUE(fs::is_empty(folder() / "tmp")) << "a temporary folder was left";
}

INSTANTIATE_TEST_SUITE_P(Engines, CtrlCTest, testing::Values("process", "docker"),
                         [](const auto& param_info) { return std::string(param_info.param); });

}  // namespace
}  // namespace mread
