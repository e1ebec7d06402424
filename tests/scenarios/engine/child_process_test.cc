#include "scenarios/engine/child_process.h"

#include <csignal>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/temporary_folder.h"
#include "scenarios/engine/node_folder.h"

namespace mread::scenarios {
namespace {

using std::chrono::seconds;

class ChildProcessTest : public testing::Test {
 protected:
  Result<std::unique_ptr<ChildProcess>> shell(const std::string& script) {
    return ChildProcess::start(
        spawner,
        {.program = "/bin/sh", .args = {"-c", script}, .folder = folder.path(), .log = log()});
  }
  std::filesystem::path log() { return folder.path() / "log"; }
  std::string logged() { return read_whole_file(log()).value_or(""); }

  TemporaryFolder folder;
  Spawner spawner;
};

TEST_F(ChildProcessTest, OutputGoesToTheLogAndTheEndIsKnown) {
  auto child = shell("echo out; echo err >&2; pwd; exit 3");
  ASSERT_TRUE(child) << child.error().to_string();
  ASSERT_TRUE((*child)->wait(seconds(30)));
  EXPECT_EQ((*child)->ending(), "exit status 3");
  EXPECT_FALSE((*child)->succeeded());
  EXPECT_EQ(logged(), "out\nerr\n" + std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST_F(ChildProcessTest, AProgramThatIsNotThereIsAnError) {
  auto child = ChildProcess::start(
      spawner, {.program = "/no/such", .args = {}, .folder = folder.path(), .log = log()});
  ASSERT_FALSE(child);
  EXPECT_TRUE(child.error().is(Errc::environment));
  EXPECT_EQ(child.error().context, "/no/such cannot be run: No such file or directory");
}

TEST_F(ChildProcessTest, SignalsReachIt) {
  auto child = shell("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(child);
  EXPECT_TRUE((*child)->running());
  EXPECT_EQ((*child)->ending(), "");
  while (logged().empty()) std::this_thread::yield();
  (*child)->signal(SIGTERM);
  ASSERT_TRUE((*child)->wait(seconds(30)));
  EXPECT_EQ((*child)->ending(), "exit status 7");
  (*child)->signal(SIGKILL);  // Nothing to send it to; nothing happens.
}

TEST_F(ChildProcessTest, TheDestructorKillsTheWholeGroup) {
  auto child = shell("sleep 1000 & echo $!; wait");
  ASSERT_TRUE(child);
  while (logged().find('\n') == std::string::npos) std::this_thread::yield();
  const pid_t group = (*child)->pid();
  child->reset();
  // The grandchild is init's to reap; until then it is a zombie of the group.
  while (kill(-group, 0) == 0) std::this_thread::yield();
  EXPECT_EQ(errno, ESRCH);
}

TEST_F(ChildProcessTest, AWaitEndsWhenItIsStopped) {
  auto child = shell("exec sleep 1000");
  ASSERT_TRUE(child);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_FALSE((*child)->wait(seconds(600), stop.get_token()));
  EXPECT_TRUE((*child)->running());
}

TEST_F(ChildProcessTest, AFrozenOneStandsStill) {
  auto child = shell("while :; do echo x; done");
  ASSERT_TRUE(child);
  while (logged().empty()) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) {
    (*child)->freeze();
    const size_t size = logged().size();
    EXPECT_EQ(logged().size(), size);
    EXPECT_TRUE((*child)->running());
    (*child)->signal(SIGCONT);
    while (logged().size() == size) std::this_thread::yield();
  }
  (*child)->freeze();
  (*child)->signal(SIGKILL);
  ASSERT_TRUE((*child)->wait(seconds(30)));
  EXPECT_EQ((*child)->ending(), "killed by signal 9 (Killed)");
  (*child)->freeze();  // Of what has ended: nothing.
}

TEST_F(ChildProcessTest, SignalDispositionsAreThoseOfAFreshProgram) {
  std::signal(SIGPIPE, SIG_IGN);
  auto child = shell("kill -PIPE $$; echo survived");
  ASSERT_TRUE(child);
  ASSERT_TRUE((*child)->wait(seconds(30)));
  EXPECT_EQ((*child)->ending(), "killed by signal 13 (Broken pipe)");
}

TEST_F(ChildProcessTest, DescriptorsStayBehind) {
  const int leaky = open("/dev/null", O_RDONLY);  // Without O_CLOEXEC.
  ASSERT_GE(leaky, 3);
  auto child = shell("test -e /proc/self/fd/" + std::to_string(leaky));
  ASSERT_TRUE(child);
  ASSERT_TRUE((*child)->wait(seconds(30)));
  EXPECT_FALSE((*child)->succeeded());
  close(leaky);
}

TEST_F(ChildProcessTest, ItOutlivesTheThreadThatAskedForIt) {
  std::unique_ptr<ChildProcess> child;
  std::thread([&] { child = std::move(*shell("exec cat /dev/zero >/dev/null")); }).join();
  EXPECT_FALSE(child->wait(std::chrono::milliseconds(20)));
  EXPECT_TRUE(child->running());
}

TEST_F(ChildProcessTest, ItDiesWithItsParent) {
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    Spawner own;
    auto child = ChildProcess::start(
        own, {.program = "/bin/sleep", .args = {"1000"}, .folder = folder.path(), .log = log()});
    const pid_t pid = child ? (*child)->pid() : 0;
    [[maybe_unused]] const ssize_t written = write(pipe_fds[1], &pid, sizeof pid);
    pause();
    _exit(0);
  }
  pid_t pid = 0;
  ASSERT_EQ(read(pipe_fds[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  ASSERT_GT(pid, 0);
  EXPECT_EQ(kill(pid, 0), 0);
  ASSERT_EQ(kill(parent, SIGKILL), 0);
  ASSERT_EQ(waitpid(parent, nullptr, 0), parent);
  const auto gone = [&] {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    stat >> number >> name >> state;
    return !stat || state == "Z" || state == "X";
  };
  while (!gone()) std::this_thread::yield();
  close(pipe_fds[0]);
  close(pipe_fds[1]);
}

}  // namespace
}  // namespace mread::scenarios
