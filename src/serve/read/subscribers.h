#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include <boost/asio/any_io_executor.hpp>

#include "base/error.h"
#include "base/time_point.h"
#include "net/event.h"
#include "serve/read/broadcast.h"

namespace mread::serve {

namespace asio = boost::asio;

/// The clients of one shared read, and the broadcast of its answer to them under one lock. Each
/// client is woken on its own strand.
///
/// Safe to use from several threads.
class Subscribers {
 public:
  /// One client, as the shared read sees it. What is not const belongs to the client's strand.
  struct Client {
    Client(const asio::any_io_executor& any_executor, TimePoint now)
        : strand(any_executor), joined_at(now), changed(any_executor) {}
    const asio::any_io_executor strand;
    const TimePoint joined_at;
    net::Event changed;  // There may be an item to send; or `gone` was set.
    bool gone = false;
    std::function<void(const Error& why)> cut;
  };
  struct Joined {
    Broadcast::Reader reader;
    std::shared_ptr<Client> client;
    bool first;  ///< nobody has joined before
  };

  explicit Subscribers(Broadcast::Limits limits) : broadcast_(limits) {}

  /// A new client; none if it is too late for one, or if all that have joined have left.
  std::optional<Joined> join(const asio::any_io_executor& strand, TimePoint now);
  /// Does nothing for a client that has left already.
  void leave(Broadcast::Reader reader, TimePoint now);
  /// Whether no client is left.
  bool empty() const;

  /// The functions of Broadcast of the same names.
  std::optional<AnswerItem> next(Broadcast::Reader reader) const;
  void sent(Broadcast::Reader reader, TimePoint now);
  bool may_borrow() const;
  bool has_room() const;
  size_t kept() const;
  std::optional<TimePoint> cut_at() const;

  /// Hands an item out, and wakes every client.
  void put(AnswerItem item, TimePoint now);
  /// Cuts the clients whose patience with the others is over (Broadcast::cut).
  void cut_slow(TimePoint now);
  /// Cuts every client: a write that waits for one fails with this.
  void cut_all(const Error& reason);

 private:
  static void cut(const std::shared_ptr<Client>& client, const Error& reason);

  mutable std::mutex mutex_;  // Guards what follows.
  Broadcast broadcast_;
  std::map<Broadcast::Reader, std::shared_ptr<Client>> clients_;
  bool was_joined_ = false;
};

}  // namespace mread::serve
