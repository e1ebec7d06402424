#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace mread::rehearse {

/// A class of failures that a backend can have.
struct Failure {
  std::string_view word;   ///< "hung-mid-body": for flags and JSON
  std::string_view shown;  ///< "hung in mid-body"
  std::string fault;       ///< of a mock, as JSON; empty: its process is paused
  /// The data that arrive are the backend's own, so a difference is a loss. Else they are wrong.
  bool only_loses = true;
  /// Nobody waits for the backend: an answer that takes long was late for another reason.
  bool is_quick = true;
};

/// All classes, the most telling first. `timeout` is the twin's `remote_timeout` towards the backend.
std::vector<Failure> failures(std::chrono::milliseconds timeout);

/// Their words.
std::vector<std::string> failure_words();

}  // namespace mread::rehearse
