#include "serve/read/workers.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>

#include "net/event.h"

namespace mread::serve {
namespace {

// `has_run` is set last by the thread; the event belongs to the strand.
struct Run {
  Run(const asio::any_io_executor& any_executor, std::function<void()> its_job)
      : strand(any_executor), done(any_executor), job(std::move(its_job)) {}
  asio::any_io_executor strand;
  net::Event done;
  std::function<void()> job;
  std::exception_ptr thrown;
  std::atomic<bool> has_run{false};
};

}  // namespace

Workers::Workers(size_t threads)
    : thread_count_(std::max<size_t>(threads, 2)),
      light_(thread_count_),
      heavy_(thread_count_ - 1),
      threads_(thread_count_) {}

Workers::~Workers() {
  threads_.stop();
  threads_.join();
}

void Workers::set_queue(uint64_t queue) {
  light_.set_slots(thread_count_, queue);
  heavy_.set_slots(thread_count_ - 1, queue);
}

std::unique_ptr<Gate::Slot> Workers::queue(Weight weight, const asio::any_io_executor& strand,
                                           const std::string& client) {
  return (weight == Weight::light ? light_ : heavy_).queue(strand, client);
}

asio::awaitable<bool> Workers::run(std::function<void()> job) {
  const auto strand = co_await asio::this_coro::executor;
  const auto run = std::make_shared<Run>(strand, std::move(job));
  asio::post(threads_, [run] {
    try {
      run->job();
    } catch (...) {
      run->thrown = std::current_exception();
    }
    run->job = nullptr;
    run->has_run = true;
    asio::post(run->strand, [run] { run->done.notify(); });
  });
  bool waiting = true;
  while (waiting && !run->has_run) waiting = co_await run->done.wait();
  if (!run->has_run) co_return false;
  if (run->thrown) std::rethrow_exception(run->thrown);
  co_return true;
}

}  // namespace mread::serve
