#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "base/error.h"
#include "merger/config.h"
#include "model/query.h"
#include "serve/read_report.h"

namespace mread::serve {

/// One line of the query log, without the newline: a JSON object with the selectors, the range, how the read ended, and
/// what each backend did.
std::string query_log_line(const merger::Config& config, const model::ReadRequest& request, const ReadReport& report,
                           const std::string& peer, std::chrono::system_clock::time_point now);

/// A file that lines are appended to. Safe to use from several threads: a line is written at once.
class QueryLog {
 public:
  /// Opens for appending, creating the file. Errors name the path.
  static Result<std::unique_ptr<QueryLog>> open(const std::string& path);
  ~QueryLog();
  QueryLog(const QueryLog&) = delete;
  QueryLog& operator=(const QueryLog&) = delete;
  /// A line that cannot be written is lost; the error is for the caller's log.
  Result<void> append(std::string line);

 private:
  QueryLog(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  int descriptor_;
  std::string path_;
  std::mutex mutex_;
};

}  // namespace mread::serve
