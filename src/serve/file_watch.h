#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "net/task_group.h"

namespace mread::serve {

namespace asio = boost::asio;

/// What tells one state of a file from another without reading it.
struct FileStamp {
  std::string path;
  uint64_t inode = 0;
  int64_t size = 0;
  int64_t modified_ns = 0;
  bool operator==(const FileStamp&) const = default;
  /// None where there is no such file.
  static std::optional<FileStamp> of(const std::string& path);
};

/// Looks at a file now and then, and says when it has changed since the last look; at the first
/// look, too, since it may have changed since it was read. Polling works on every file system, and
/// sees a file that is replaced.
///
/// stop() before it goes.
class FileWatch : public std::enable_shared_from_this<FileWatch> {
 public:
  struct Subject {
    std::string path;  ///< empty: none for now
    std::chrono::milliseconds every;
  };

  /// `subject` is asked before each look. All are called on a strand of the watch's own. What
  /// `subject` or `changed` throws is told to `failed`, and the watch goes on.
  FileWatch(const asio::any_io_executor& executor, std::function<Subject()> subject,
            std::function<void()> changed, std::function<void(const std::string&)> failed);
  void start();
  /// Safe to call from any strand.
  asio::awaitable<void> stop();

 private:
  asio::awaitable<void> look_again_and_again();
  void look(std::optional<FileStamp>& seen);

  asio::any_io_executor strand_;
  const std::function<Subject()> subject_;
  const std::function<void()> changed_;
  const std::function<void(const std::string&)> failed_;
  net::TaskGroup tasks_;
};

}  // namespace mread::serve
