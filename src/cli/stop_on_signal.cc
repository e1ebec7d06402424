#include "cli/stop_on_signal.h"

#include <cassert>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace mread::cli {
namespace {

volatile sig_atomic_t write_end = -1;

// A handler may do next to nothing, so it writes a byte, and a thread does the rest.
void write_a_byte(int) {
  const int saved = errno;
  [[maybe_unused]] const auto written = ::write(write_end, "x", 1);
  errno = saved;
}

}  // namespace

// The signals are not blocked: child processes would inherit that.
StopOnSignal::StopOnSignal() {
  assert(write_end < 0);
  if (pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) return;
  write_end = pipe_[1];
  struct sigaction action {};
  action.sa_handler = write_a_byte;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int_);
  sigaction(SIGTERM, &action, &old_term_);
  waiter_ = std::jthread([this](const std::stop_token& end) {
    pollfd readable{pipe_[0], POLLIN, 0};
    while (!end.stop_requested()) {
      if (poll(&readable, 1, 200) > 0) {
        source_.request_stop();
        return;
      }
    }
  });
}

StopOnSignal::~StopOnSignal() {
  if (write_end < 0) return;
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
  waiter_.request_stop();
  waiter_.join();
  write_end = -1;
  close(pipe_[0]);
  close(pipe_[1]);
}

}  // namespace mread::cli
