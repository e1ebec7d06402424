#include "scenarios/engine/node_folder.h"

#include <csignal>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/temporary_folder.h"
#include "scenarios/engine/owner.h"

namespace mread::scenarios {
namespace {

namespace fs = std::filesystem;

class NodeFolderTest : public testing::Test {
 protected:
  Result<void> fill(const NodeSpec& spec) {
    const Placeholders placeholders{
        .dir = "/elsewhere",
        .listen = [](uint16_t port) { return "127.0.0.1:" + std::to_string(port); },
        .node = [](const std::string& name, uint16_t) { return name; }};
    return fill_node_folder(spec, folder.path(), folder.path() / "log", placeholders, spawner,
                            stop.get_token());
  }
  std::string read(const char* path) {
    return read_whole_file(folder.path() / path).value_or("(not there)");
  }

  TemporaryFolder folder;
  Spawner spawner;
  std::stop_source stop;
};

TEST_F(NodeFolderTest, FilesAreWrittenWithTheirPlaceholders) {
  const auto filled =
      fill({.name = "n", .files = {{"a.yml", "at {{node:b:9090}}"}, {"deep/er/b.yml", "{{dir}}"}}});
  ASSERT_TRUE(filled) << filled.error().to_string();
  EXPECT_EQ(read("a.yml"), "at b");
  EXPECT_EQ(read("deep/er/b.yml"), "/elsewhere");
}

TEST_F(NodeFolderTest, PrepareRunsInTheFolderInOrder) {
  const auto filled = fill({.name = "n",
                            .files = {{"in", "x"}},
                            .prepare = {{"-c", "cp in {{dir}}/mid"}, {"-c", "cp mid out"}},
                            .prepare_program = "/bin/sh"});
  ASSERT_TRUE(filled) << filled.error().to_string();
  EXPECT_EQ(read("out"), "x");
}

TEST_F(NodeFolderTest, AFailureOfPrepareShowsItsOutput) {
  const auto filled = fill({.name = "n",
                            .prepare = {{"-c", "echo no such metric; exit 2"}},
                            .prepare_program = "/bin/sh"});
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().context,
            "sh -c failed (exit status 2); its log ends:\n    no such metric");
}

TEST_F(NodeFolderTest, FilesOutsideTheFolderAreRefused) {
  for (const char* path : {"../x", "/etc/x", "a/../../x", ""}) {
    const auto filled = fill({.name = "n", .files = {{path, ""}}});
    ASSERT_FALSE(filled) << path;
    EXPECT_TRUE(filled.error().is(Errc::config));
  }
}

TEST_F(NodeFolderTest, AStopEndsPrepare) {
  stop.request_stop();
  const auto filled =
      fill({.name = "n", .prepare = {{"-c", "sleep 1000"}}, .prepare_program = "/bin/sh"});
  ASSERT_FALSE(filled);
  EXPECT_TRUE(filled.error().is(Errc::canceled));
}

TEST(SweepFolders, RemovesOnlyWhatADeadProcessOwned) {
  const TemporaryFolder work;
  const auto own = make_owned_folder(work.path(), "mine");
  ASSERT_TRUE(own);
  const pid_t child = fork();
  if (child == 0) {
    const auto theirs = make_owned_folder(work.path(), "theirs");
    fs::create_directories(*theirs / "node" / "data");
    disown_folder(*make_owned_folder(work.path(), "kept"));
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  fs::create_directory(work.path() / "other");
  fs::create_directory(work.path() / "run-notes");
  const auto removed = sweep_folders(work.path());
  ASSERT_EQ(removed.size(), 1U);
  EXPECT_NE(removed[0].find("theirs"), std::string::npos);
  std::vector<std::string> left;
  for (const auto& entry : fs::directory_iterator(work.path()))
    left.push_back(entry.path().filename().string().substr(0, 5));
  std::sort(left.begin(), left.end());
  EXPECT_EQ(left, (std::vector<std::string>{"kept-", "other", "run-" + own_token().substr(0, 1),
                                            "run-n"}));
  EXPECT_TRUE(sweep_folders(work.path()).empty());
}

TEST(RemoveKeptFolders, EndsTheProgramsThatWereLeftAndNoOthers) {
  const TemporaryFolder work;
  const auto folder = make_owned_folder(work.path(), "kept");
  ASSERT_TRUE(folder);
  const auto sleeper = [&] {
    int is_there[2];
    EXPECT_EQ(pipe(is_there), 0);
    const pid_t pid = fork();
    if (pid == 0) {
      if (chdir(folder->c_str()) == 0 && write(is_there[1], "x", 1) == 1)
        execl("/bin/sleep", "sleep", "1000", nullptr);
      _exit(1);
    }
    char byte = 0;
    EXPECT_EQ(::read(is_there[0], &byte, 1), 1);
    close(is_there[0]);
    close(is_there[1]);
    return pid;
  };
  const pid_t left = sleeper();
  const pid_t other = sleeper();
  disown_folder(*folder, {left});
  fs::create_directory(work.path() / "other");
  fs::create_directory_symlink(work.path() / "other", work.path() / "kept-link");
  EXPECT_TRUE(make_owned_folder(work.path(), "running"));
  const auto removed = remove_kept_folders(work.path());
  ASSERT_EQ(removed.size(), 1U);
  EXPECT_NE(removed[0].find("/kept-kept."), std::string::npos);
  int status = 0;
  ASSERT_EQ(waitpid(left, &status, 0), left);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(waitpid(other, &status, WNOHANG), 0) << "a shell of a person, say";
  kill(other, SIGKILL);
  waitpid(other, &status, 0);
  EXPECT_TRUE(fs::exists(work.path() / "other"));
  EXPECT_TRUE(remove_kept_folders(work.path()).empty());
}

TEST(SweepFolders, AWorkFolderThatIsNotThereIsEmpty) {
  EXPECT_TRUE(sweep_folders("/no/such/folder").empty());
}

TEST(MakeOwnedFolder, SaysWhereItFailed) {
  const auto folder = make_owned_folder("/proc/nothing", "t");
  ASSERT_FALSE(folder);
  EXPECT_TRUE(folder.error().is(Errc::environment));
  EXPECT_NE(folder.error().context.find("/proc/nothing"), std::string::npos);
}

}  // namespace
}  // namespace mread::scenarios
