#pragma once

#include <future>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_future.hpp>

namespace mread::net {

/// An io_context with threads of its own, for tests that block.
class Loop {
 public:
  explicit Loop(int threads = 2) : work_(boost::asio::make_work_guard(context_)) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { context_.run(); });
  }
  ~Loop() { stop(); }

  void stop() {
    work_.reset();
    context_.stop();
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

  boost::asio::any_io_executor executor() { return context_.get_executor(); }
  boost::asio::any_io_executor strand() { return boost::asio::make_strand(context_); }

  /// Starts a coroutine on a strand of its own.
  template <class T>
  std::future<T> start(boost::asio::awaitable<T> task) {
    return boost::asio::co_spawn(strand(), std::move(task), boost::asio::use_future);
  }
  /// Runs a coroutine to its end.
  template <class T>
  T run(boost::asio::awaitable<T> task) {
    return start(std::move(task)).get();
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

}  // namespace mread::net
