#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "merger/fan_out/action.h"
#include "net/client.h"
#include "net/task_group.h"
#include "serve/read/read_context.h"

namespace mread::serve {

namespace asio = boost::asio;

/// Hears of the backend requests of one shared read, on its strand.
class RequestEvents {
 public:
  /// The head has come. `text`: what the body of an error says, secrets hidden.
  virtual void on_response(merger::RequestId id, const net::ResponseHead& head,
                           std::string_view text) = 0;
  virtual void on_data(merger::RequestId id, std::string piece) = 0;
  virtual void on_end(merger::RequestId id) = 0;
  /// Nothing more comes of this request. The error does not name the backend's address.
  virtual void on_failure(merger::RequestId id, Error error) = 0;
  /// The head has not come within `late_after`.
  virtual void on_late(size_t backend) = 0;
  /// Memory has run out in the middle of a request.
  virtual void out_of_memory() noexcept = 0;

 protected:
  ~RequestEvents() = default;
};

/// The backend requests of one shared read. Each is a coroutine that reads one piece of the body
/// for each read() and reports it.
///
/// Used on the read's strand only. The owner's task group holds the coroutines; they keep the owner
/// alive. Tested by requests_test.cc.
class RunningRequests {
 public:
  RunningRequests(asio::any_io_executor strand, const ReadContext& context, net::TaskGroup& tasks)
      : strand_(std::move(strand)), context_(context), tasks_(tasks) {}

  /// Sends a request. `late_after`: none if nobody wants to know.
  void start(const std::shared_ptr<RequestEvents>& owner, merger::RequestId id, size_t backend,
             net::ClientRequest http_request, std::optional<std::chrono::milliseconds> late_after);
  /// One more piece of the body is wanted. Does nothing if the request was dropped.
  void read(merger::RequestId id);
  /// Cancels the request. No event of it comes any more.
  void drop(merger::RequestId id);
  /// Makes all requests silent; the owner cancels their tasks.
  void silence() noexcept;
  /// Forgets all requests, which are silent.
  void clear();

  /// Whether nothing is still to come of any request.
  bool idle() const { return active_ == 0; }

 private:
  struct Request;

  asio::awaitable<void> run(std::shared_ptr<RequestEvents> owner, std::shared_ptr<Request> request,
                            net::ClientRequest http_request);
  asio::awaitable<void> exchange(RequestEvents& events, std::shared_ptr<Request> request,
                                 net::ClientRequest http_request);
  void fail_request(RequestEvents& events, Request& request, Error error);
  void end(Request& request);

  const asio::any_io_executor strand_;
  const ReadContext& context_;
  net::TaskGroup& tasks_;
  std::map<merger::RequestId, std::shared_ptr<Request>> requests_;
  size_t active_ = 0;  // Of which something is still to come.
};

}  // namespace mread::serve
