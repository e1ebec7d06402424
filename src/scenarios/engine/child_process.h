#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

#include "base/error.h"

namespace mread::scenarios {

/// The thread that forks. The kernel ties a child's parent-death signal to the *thread* that made
/// it, so children must come from one that lives as long as they do, not from whichever worker
/// asked for them.
class Spawner {
 public:
  Spawner();
  ~Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  /// Runs `work` on the thread and returns what it returned.
  Result<pid_t> run(std::function<Result<pid_t>()> work);

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::packaged_task<Result<pid_t>()>> tasks_;
  bool closing_ = false;
  std::thread thread_;
};

/// A program running as a child of this one, in a process group of its own, with its output in a
/// file.
///
/// It dies with this process, however this process dies (unless `survives`), and at the latest in
/// the destructor. Safe to use from several threads.
class ChildProcess {
 public:
  struct Options {
    std::filesystem::path program;
    std::vector<std::string> args;
    std::filesystem::path folder;  ///< working directory
    std::filesystem::path log;     ///< standard output and error are appended to it
    bool survives = false;
  };

  /// Errors: Errc::environment where the program cannot be run, with the system's reason.
  static Result<std::unique_ptr<ChildProcess>> start(Spawner& spawner, const Options& options);
  /// Kills it, if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  /// Sends a signal to its process group; nothing when it has ended.
  void signal(int number);
  /// SIGSTOP, waited for: on return none of its threads runs any more (unless it has ended).
  void freeze();
  /// Waits for its end. False when it still runs after `timeout`, or `stop` is requested.
  bool wait(std::chrono::milliseconds timeout, std::stop_token stop = {});
  /// "exit status 1", "killed by signal 9 (Killed)"; empty while it runs.
  std::string ending();
  /// From its start to its end, which is known to the moment at which one of these members first
  /// saw it; to now while it runs.
  std::chrono::milliseconds lasted();
  /// Exit status 0.
  bool succeeded();
  /// From now on the destructor leaves it running.
  void release();

 private:
  ChildProcess(pid_t pid, int pid_fd) : pid_(pid), pid_fd_(pid_fd) {}
  bool reap();  // Under mutex_: true when it has ended.

  const pid_t pid_;
  const int pid_fd_;
  std::mutex mutex_;
  std::optional<int> status_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point ended_;
  bool released_ = false;
};

}  // namespace mread::scenarios
