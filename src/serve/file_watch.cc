#include "serve/file_watch.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/stat.h>

namespace mread::serve {

std::optional<FileStamp> FileStamp::of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  constexpr int64_t ns_per_second = 1'000'000'000;
  return FileStamp{path, status.st_ino, status.st_size,
                   int64_t{status.st_mtim.tv_sec} * ns_per_second + status.st_mtim.tv_nsec};
}

FileWatch::FileWatch(const asio::any_io_executor& executor, std::function<Subject()> subject,
                     std::function<void()> changed, std::function<void(const std::string&)> failed)
    : strand_(asio::make_strand(executor)),
      subject_(std::move(subject)),
      changed_(std::move(changed)),
      failed_(std::move(failed)),
      tasks_(strand_) {}

void FileWatch::start() {
  asio::post(strand_, [self = shared_from_this()] {
    if (!self->tasks_.closed()) self->tasks_.spawn(self->look_again_and_again());
  });
}

asio::awaitable<void> FileWatch::look_again_and_again() {
  co_await asio::this_coro::throw_if_cancelled(false);
  asio::steady_timer timer(strand_);
  std::optional<FileStamp> seen;
  std::chrono::milliseconds every = std::chrono::seconds(1);
  while (!tasks_.closed()) {
    // An exception would end the watch, and nobody would know.
    try {
      every = subject_().every;
    } catch (const std::exception& error) {
      failed_(error.what());
    } catch (...) {
      failed_("unknown exception");
    }
    timer.expires_after(every);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (tasks_.closed()) break;
    try {
      look(seen);
    } catch (const std::exception& error) {
      failed_(error.what());
    } catch (...) {
      failed_("unknown exception");
    }
  }
}

void FileWatch::look(std::optional<FileStamp>& seen) {
  const Subject subject = subject_();
  if (subject.path.empty()) return;
  // A file that is gone for a moment, while it is replaced, is no news.
  auto stamp = FileStamp::of(subject.path);
  if (!stamp || stamp == seen) return;
  seen = std::move(stamp);
  changed_();
}

asio::awaitable<void> FileWatch::stop() {
  const auto self = shared_from_this();
  co_await tasks_.close();
}

}  // namespace mread::serve
