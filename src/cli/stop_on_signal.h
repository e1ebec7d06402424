#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace mread::cli {

/// Turns SIGINT and SIGTERM into a stop request, for as long as the object lives. One object at a
/// time.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  int pipe_[2] = {-1, -1};
  struct sigaction old_int_ {};
  struct sigaction old_term_ {};
  std::stop_source source_;
  std::jthread waiter_;
};

}  // namespace mread::cli
