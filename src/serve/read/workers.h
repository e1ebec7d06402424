#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "serve/read/gate.h"

namespace mread::serve {

namespace asio = boost::asio;

/// Threads for work that takes too long for a thread on which connections wait: decoding requests.
/// Heavy jobs have all threads but one, so a light job never waits for heavy ones. Within each of
/// the two, clients take turns (Gate).
///
/// Safe to use from several threads. Outlives the coroutines that wait.
class Workers {
 public:
  enum class Weight { light, heavy };

  /// At least two.
  explicit Workers(size_t threads = 2);
  /// Waits for the jobs that have begun.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// How many jobs of each weight may wait; 0: any number.
  void set_queue(uint64_t queue);
  /// A turn, to be waited for before run() and kept until that has completed. Null where too many
  /// wait already.
  std::unique_ptr<Gate::Slot> queue(Weight weight, const asio::any_io_executor& strand,
                                    const std::string& client);
  /// Runs `job` on one of the threads. Completes with true once it has run; what it throws is
  /// thrown. With false where the coroutine is cancelled: the job may then still run, so it owns
  /// what it uses.
  asio::awaitable<bool> run(std::function<void()> job);
  /// Jobs that wait for their turn.
  uint64_t waiting() const { return light_.waiting() + heavy_.waiting(); }

 private:
  const size_t thread_count_;
  Gate light_;
  Gate heavy_;
  asio::thread_pool threads_;  // Last: its threads use all of it.
};

}  // namespace mread::serve
