#include "scenarios/engine/child_process.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <functional>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mread::scenarios {

namespace {

boost::system::error_code last_error() { return {errno, boost::system::system_category()}; }

int open_pid_fd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

/// Everything the child needs, made before the fork: after it, in a program with threads, nothing
/// may allocate.
struct Exec {
  std::vector<char*> argv;
  const char* program;
  const char* folder;
  int log_fd;
  int null_fd;
  int error_fd;
  pid_t parent;
  bool survives;
};

[[noreturn]] void run_child(const Exec& exec) {
  const auto give_up = [&] {
    const int error = errno;
    [[maybe_unused]] const ssize_t written = write(exec.error_fd, &error, sizeof error);
    _exit(127);
  };
  // A group of its own: Ctrl-C on the terminal is for mread, which then ends its nodes in order.
  if (setpgid(0, 0) != 0) give_up();
  if (!exec.survives) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) give_up();
    if (getppid() != exec.parent) _exit(127);  // It died before the line above.
  }
  for (int number = 1; number < NSIG; ++number) std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (dup2(exec.null_fd, 0) < 0 || dup2(exec.log_fd, 1) < 0 || dup2(exec.log_fd, 2) < 0) give_up();
  // Descriptors that a library opened without O_CLOEXEC do not go along.
  syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  if (chdir(exec.folder) != 0) give_up();
  execv(exec.program, exec.argv.data());
  give_up();
  _exit(127);
}

}  // namespace

Spawner::Spawner() : thread_([this] { loop(); }) {}

Spawner::~Spawner() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Spawner::loop() {
  // Signals are for the thread that main() chose.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (true) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return closing_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
  }
}

Result<pid_t> Spawner::run(std::function<Result<pid_t>()> work) {
  std::packaged_task<Result<pid_t>()> task(std::move(work));
  auto result = task.get_future();
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return result.get();
}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(Spawner& spawner,
                                                          const Options& options) {
  const std::string program = options.program.string();
  const std::string folder = options.folder.string();
  const int log_fd = open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log_fd < 0) return fail(last_error(), options.log.string());
  const int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  int pipe_fds[2] = {-1, -1};
  if (null_fd < 0 || pipe2(pipe_fds, O_CLOEXEC) != 0) {
    const auto error = last_error();
    close(log_fd);
    if (null_fd >= 0) close(null_fd);
    return fail(error, program);
  }

  std::vector<std::string> words{program};
  words.insert(words.end(), options.args.begin(), options.args.end());
  Exec exec{{},      program.c_str(), folder.c_str(), log_fd,
            null_fd, pipe_fds[1],     getpid(),       options.survives};
  for (std::string& word : words) exec.argv.push_back(word.data());
  exec.argv.push_back(nullptr);

  Result<pid_t> pid = spawner.run([&exec]() -> Result<pid_t> {
    const pid_t child = fork();
    if (child == 0) run_child(exec);
    if (child < 0) return fail(last_error(), "fork");
    return child;
  });
  close(log_fd);
  close(null_fd);
  close(pipe_fds[1]);
  // Closed by a successful exec, else it holds the reason. The child's group exists from then on.
  int exec_error = 0;
  ssize_t got = 0;
  if (pid) {
    do got = read(pipe_fds[0], &exec_error, sizeof exec_error);
    while (got < 0 && errno == EINTR);
  }
  close(pipe_fds[0]);
  if (!pid) return fail(pid.error().in(program));
  if (got == sizeof exec_error) {
    waitpid(*pid, nullptr, 0);
    return fail(Errc::environment, program + " cannot be run: " + std::strerror(exec_error));
  }
  const int pid_fd = open_pid_fd(*pid);
  if (pid_fd < 0) {
    const auto error = last_error();
    kill(-*pid, SIGKILL);
    waitpid(*pid, nullptr, 0);
    return fail(error, program + ": pidfd_open");
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(*pid, pid_fd));
}

ChildProcess::~ChildProcess() {
  if (!released_) {
    signal(SIGKILL);
    wait(std::chrono::seconds(30));
  }
  close(pid_fd_);
}

bool ChildProcess::reap() {
  if (status_) return true;
  int status = 0;
  const pid_t got = waitpid(pid_, &status, WNOHANG);
  if (got == pid_) status_ = status;
  if (got < 0 && errno == ECHILD)
    status_ = 0;  // Somebody else waited for it; it has ended in any case.
  if (status_) ended_ = std::chrono::steady_clock::now();
  return status_.has_value();
}

bool ChildProcess::running() {
  const std::lock_guard lock(mutex_);
  return !reap();
}

void ChildProcess::signal(int number) {
  const std::lock_guard lock(mutex_);
  // Not yet reaped, so the number still belongs to it.
  if (!reap()) kill(-pid_, number);
}

void ChildProcess::freeze() {
  signal(SIGSTOP);
  // The signal takes effect thread by thread; the kernel reports the stop once the last one has.
  // WNOWAIT leaves an end for reap().
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED | WEXITED | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
}

bool ChildProcess::wait(std::chrono::milliseconds timeout, std::stop_token stop) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  {
    const std::stop_callback on_stop(stop, [stop_fd] {
      const uint64_t one = 1;
      [[maybe_unused]] const ssize_t written = write(stop_fd, &one, sizeof one);
    });
    while (running() && !stop.stop_requested()) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      pollfd events[2] = {{pid_fd_, POLLIN, 0}, {stop_fd, POLLIN, 0}};
      poll(events, 2, static_cast<int>(std::min<int64_t>(left.count(), 60'000)));
    }
  }
  close(stop_fd);
  return !running();
}

std::string ChildProcess::ending() {
  const std::lock_guard lock(mutex_);
  if (!reap()) return {};
  if (WIFSIGNALED(*status_)) {
    return "killed by signal " + std::to_string(WTERMSIG(*status_)) + " (" +
           strsignal(WTERMSIG(*status_)) + ")";
  }
  return "exit status " + std::to_string(WEXITSTATUS(*status_));
}

std::chrono::milliseconds ChildProcess::lasted() {
  const std::lock_guard lock(mutex_);
  const auto end = reap() ? ended_ : std::chrono::steady_clock::now();
  return std::chrono::duration_cast<std::chrono::milliseconds>(end - started_);
}

bool ChildProcess::succeeded() {
  const std::lock_guard lock(mutex_);
  return reap() && WIFEXITED(*status_) && WEXITSTATUS(*status_) == 0;
}

void ChildProcess::release() { released_ = true; }

}  // namespace mread::scenarios
