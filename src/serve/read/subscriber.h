#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "serve/read/shared_read.h"

namespace mread::serve {

/// One client's part in a shared read. It keeps the shared read going until leave(). Used on the
/// client's strand. Tested by requests_test.cc.
class Subscriber {
 public:
  /// A subscriber for one more client, which runs on `strand`; null where it is too late for that.
  /// From any thread.
  static std::unique_ptr<Subscriber> join(std::shared_ptr<SharedRead> shared_read,
                                          const asio::any_io_executor& strand);
  Subscriber(std::shared_ptr<SharedRead> shared_read, Subscribers::Joined joined);
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// What is to be sent next, when it is there; none after give_up(), or where the coroutine was
  /// cancelled.
  asio::awaitable<std::optional<AnswerItem>> next();
  /// The bytes of next() are not needed any more, and the one after it is wanted.
  void sent();
  void give_up();
  /// Called on this strand where the client is too slow for the others: what it is sent now will
  /// not end. The same where what it was sent has to be given back for lack of memory.
  void on_cut(std::function<void(const Error& why)> called);
  /// Whether others want what this read has: a slot, or more memory than half of what there is is
  /// taken.
  bool others_wait() const;
  /// Leaves; the last one to leave takes everything along. Completes when nothing of the shared
  /// read refers to its owner any more, as far as that is up to this subscriber.
  asio::awaitable<void> leave();

  /// Whether another client has begun the shared read.
  bool shared() const { return shared_; }
  /// From its arrival until the backends were asked.
  std::chrono::nanoseconds queued() const;
  /// What has become of the read: final once next() has given the last item; else as of leave().
  merger::Outcome outcome() const;

 private:
  const std::shared_ptr<SharedRead> shared_read_;
  const Broadcast::Reader reader_;
  const std::shared_ptr<Subscribers::Client> client_;
  const bool shared_;
  bool left_ = false;
};

}  // namespace mread::serve
