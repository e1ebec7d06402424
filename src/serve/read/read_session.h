#pragma once

#include <functional>
#include <memory>

#include <boost/asio/awaitable.hpp>

#include "net/server.h"
#include "net/task_group.h"
#include "serve/clients/pace.h"
#include "serve/observe/read_report.h"
#include "serve/read/subscriber.h"

namespace mread::serve {

/// Called once, as soon as it is clear how the answer will begin: its status, and what was left
/// out.
using ReadDecided = std::function<void(int status, const std::string& partial)>;

/// One client's read: sends the answer of its shared read, at the client's pace. When the client
/// goes, it leaves the read. A client that takes the answer too slowly while others wait for what
/// its read has is cut off (Pace).
///
/// Runs on the strand of the connection that asked.
class ReadSession : public std::enable_shared_from_this<ReadSession> {
 public:
  /// `type` is that of the answer that was asked for. `subscriber`, `writer` and `clock` outlive
  /// run(). A pace of 0 bytes: any.
  ReadSession(asio::any_io_executor strand, Subscriber& subscriber, model::ResponseType type,
              ReadDecided decided, net::ResponseWriter& writer, Pace::Limits pace,
              const Clock& clock);

  /// Completes when the client has the answer or has gone. The subscriber is the caller's to
  /// leave(); the outcome of a read whose client went is complete only then.
  asio::awaitable<ReadReport> run();

 private:
  asio::awaitable<void> watch_client();
  asio::awaitable<void> watch_pace();
  void cut(Error why);
  asio::awaitable<void> answer();
  asio::awaitable<bool> send(AnswerItem item);

  Subscriber& subscriber_;
  const ReadDecided decided_;
  net::ResponseWriter& writer_;
  const Pace::Limits pace_;
  const Clock& clock_;
  net::TaskGroup tasks_;
  bool sending_ = false;
  bool client_gone_ = false;
  bool cut_ = false;
  bool over_ = false;
  ReadReport report_;
};

}  // namespace mread::serve
