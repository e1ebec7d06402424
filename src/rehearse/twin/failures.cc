#include "rehearse/twin/failures.h"

#include "base/duration.h"

namespace mread::rehearse {

std::vector<Failure> failures(std::chrono::milliseconds timeout) {
  const std::string slow = "[{\"latency\": \"" + format_duration(timeout / 2) + "\"}]";
  const std::string beyond = "[{\"latency\": \"" + format_duration(timeout + timeout / 2) + "\"}]";
  return {
      {"hung", "hung", "", true, false},
      {"down", "down", R"(["refused"])"},
      {"hung-reads", "reads hang", R"(["hang_before_headers"])", true, false},
      {"hung-mid-body", "hung in mid-body", R"([{"hang_mid_body": {"bytes": 300}}])", true, false},
      {"empty", "restarted empty", R"(["empty"])"},
      {"slow", "slow: half of remote_timeout", slow, true, false},
      {"too-slow", "slower than remote_timeout", beyond, true, false},
      {"lagging", "lags by 10m", R"([{"lag": "10m"}])"},
      {"wrong-values", "has wrong values", R"(["wrong_values"])", false},
      {"status-500", "answers 500", R"([{"status": 500}])"},
      {"status-429", "answers 429", R"([{"status": 429}])"},
      {"status-401", "answers 401", R"([{"status": 401}])"},
      {"truncated", "answer cut off", R"([{"truncate": {"bytes": 300}}])"},
      {"reset", "connection reset", R"([{"reset": {"after_bytes": 300}}])"},
      {"garbage", "answers a login page", R"(["wrong_body"])"},
      {"corrupt", "broken checksum", R"(["wrong_crc"])"},
      {"unsorted", "series unsorted", R"([{"unsorted": "reversed"}])", false},
      {"clock-skew", "clock 10m ahead", R"([{"clock_skew": "10m"}])", false},
  };
}

std::vector<std::string> failure_words() {
  std::vector<std::string> words;
  for (const Failure& one : failures(std::chrono::seconds(1))) words.emplace_back(one.word);
  return words;
}

}  // namespace mread::rehearse
