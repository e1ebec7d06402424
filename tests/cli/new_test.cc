#include <fstream>
#include <iterator>
#include <sstream>

#include <gmock/gmock.h>

#include "base/temporary_folder.h"
#include "cli/run_command.h"

namespace mread::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Arguments are separated by blanks.
Ran run_new(const std::string& arguments) {
  std::istringstream words(arguments);
  return run_command(add_new, "new", {std::istream_iterator<std::string>(words), {}});
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(NewCommand, WritesAScenarioNamedAfterItsFile) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "Our_set-up 1.yaml").string();
  const Ran ran = run_command(
      add_new, "new", {file, "--shape", "sharded-pairs", "--shards", "3", "--version", "v3.5"});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("written; run it with mread run "));
  EXPECT_THAT(contents(file), HasSubstr("\nname: our-set-up-1\n"));
  EXPECT_THAT(contents(file), HasSubstr("  shard-3-b: "));
}

TEST(NewCommand, KeepsAFileThatIsThere) {
  const TemporaryFolder folder;
  const std::string file = folder.write("a.yaml", "mine");
  const Ran ran = run_new(file + " --shape pair");
  EXPECT_EQ(ran.exit_code, ExitCode::invalid);
  EXPECT_THAT(ran.err, HasSubstr("is there already: another name, or --force"));
  EXPECT_EQ(contents(file), "mine");
  EXPECT_EQ(run_new(file + " --shape pair --force").exit_code, 0);
  EXPECT_THAT(contents(file), HasSubstr("name: a\n"));
}

TEST(NewCommand, PrintsToADash) {
  const Ran ran = run_new("- --shape shards");
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, StartsWith("# 2 shards, read by a query node.\n"));
}

TEST(NewCommand, TakesAPrometheusYml) {
  const TemporaryFolder folder;
  const std::string config = folder.write(
      "prometheus.yml", "remote_read: [{url: 'http://a.example.com:9090/api/v1/read'}]\n");
  const std::string file = (folder.path() / "own.yaml").string();
  const Ran ran = run_new("--from " + config + " " + file + " --query up --version v3.5");
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  EXPECT_THAT(contents(file), HasSubstr("\nname: own\n"));
  EXPECT_THAT(contents(file), HasSubstr("version: v3.5"));
  EXPECT_THAT(contents(file), HasSubstr("- a.example.com:9090\n"));
  EXPECT_THAT(run_new("--from " + config + " -").err, HasSubstr("nothing is asked"));
  EXPECT_THAT(run_new("--from " + config + " - --shape pair").err, HasSubstr("one of the two"));
  EXPECT_THAT(run_new("- --shape pair --query up").err, HasSubstr("go with --from"));
}

TEST(NewCommand, NamesWhatIsWrong) {
  EXPECT_THAT(run_new("- --shape sharded-pair").err, HasSubstr("did you mean \"sharded-pairs\""));
  EXPECT_EQ(run_new("- --shape pair --replicas 1").exit_code, ExitCode::invalid);
  EXPECT_EQ(run_new("- --shape pair --query-nodes 11").exit_code, ExitCode::invalid);
  EXPECT_THAT(run_new("/nowhere/at/all/+.yaml --shape pair").err, HasSubstr("write letters"));
}

}  // namespace
}  // namespace mread::cli
