#pragma once

#include <csignal>
#include <string>
#include <vector>

#include <sys/types.h>

namespace mread {

/// A child process under test: its output (both streams, as they come) and its exit code.
class Program {
 public:
  /// Starts `arguments[0]` in `folder`; a failure to start shows as exit code 127.
  explicit Program(const std::vector<std::string>& arguments, const std::string& folder = ".");
  ~Program();  ///< kills what still runs
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Reads until `text` has come; false where the program ends without it.
  bool wait_for(const std::string& text);
  void signal(int number) const { kill(pid_, number); }
  /// Reads the rest and waits for the end: the exit code, or 128 + the signal's number.
  int wait();

  const std::string& output() const { return output_; }
  pid_t pid() const { return pid_; }

 private:
  bool read_some();

  pid_t pid_ = -1;
  int pipe_ = -1;
  bool ended_ = false;
  std::string output_;
};

}  // namespace mread
