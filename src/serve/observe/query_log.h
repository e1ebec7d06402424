#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <sys/types.h>
#include <unistd.h>

#include "base/error.h"
#include "config/config.h"
#include "model/query.h"
#include "serve/observe/read_report.h"

namespace mread::serve {

/// How much of one line others decide: a request, and what backends say.
struct QueryLogLimits {
  size_t query_bytes = 16U << 10;    ///< the texts of all selectors, and 64 for each query
  size_t error_bytes = 1U << 10;     ///< each error text
  size_t partial_bytes = 64U << 10;  ///< what was left out of the answer, with the reasons
};

/// One line of the query log, without the newline: a JSON object with the selectors, the range, how
/// the read ended, and what each backend did. It is valid, printable JSON whatever a selector or an
/// error holds (printable_json()). Beyond the limits, a query has "matchers_cut", the line
/// "queries_cut": how many are not shown. What is cut costs nothing.
std::string query_log_line(const config::Config& config, const model::ReadRequest& request,
                           const ReadReport& report, const std::string& peer,
                           std::chrono::system_clock::time_point now,
                           const QueryLogLimits& limits = {});

/// A file that lines are appended to. A reader sees a line whole or not at all: where only a part
/// of one could be written (the disk is full), the part is taken back, or, where that cannot be
/// done (a pipe; another process has appended since), the next line begins on a new one. Nothing
/// waits: a pipe that nobody reads loses lines. Safe to use from several threads.
class QueryLog {
 public:
  /// write(2), but in tests.
  using Write = std::function<ssize_t(int descriptor, const void* bytes, size_t size)>;
  /// Opens for appending, creating the file. Errors name the path.
  static Result<std::unique_ptr<QueryLog>> open(const std::string& path, Write write = ::write);
  ~QueryLog();
  QueryLog(const QueryLog&) = delete;
  QueryLog& operator=(const QueryLog&) = delete;
  /// A line that cannot be written is lost; the error is for the caller's log and count.
  Result<void> append(std::string line);

 private:
  QueryLog(int descriptor, std::string path, Write write)
      : descriptor_(descriptor), path_(std::move(path)), write_(std::move(write)) {}
  bool take_back(size_t written) const;

  const int descriptor_;
  const std::string path_;
  const Write write_;
  std::mutex mutex_;
  bool torn_ = false;  // The file ends in a part of a line. Guarded by mutex_.
};

}  // namespace mread::serve
