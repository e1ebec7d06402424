#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "merger/config.h"
#include "merger/fan_out.h"
#include "net/client.h"
#include "net/event.h"
#include "net/server.h"
#include "net/task_group.h"
#include "serve/gate.h"
#include "serve/read_report.h"

namespace mread::serve {

/// The backends as the client of net sees them: by index in Config::backends, method, target and fixed headers filled
/// in.
std::vector<net::ClientRequest> backend_requests(const merger::Config& config);

/// What all reads share; it outlives them.
struct ReadContext {
  const merger::Config& config;
  net::Client& client;
  Gate& gate;
  std::vector<net::ClientRequest> backends;  ///< backend_requests()
};

/// What a read asks and tells its owner, on its strand; both may be empty.
struct ReadHooks {
  /// Called once, when the read may begin.
  std::function<merger::FanOutOptions()> begin;
  /// Called once, as soon as it is clear how the answer will begin: its status, and what was left out.
  std::function<void(int status, const std::string& partial)> decided;
};

/// One read: drives a FanOut with sockets and the clock. Each backend request is a coroutine of its own; all of them
/// end before run() completes, however it ends. When the client goes, everything is cancelled at once.
///
/// Runs on the strand of the connection that asked.
class ReadSession : public std::enable_shared_from_this<ReadSession> {
 public:
  /// `passed_on` are headers of the client's request that go to every backend. `writer` outlives run().
  ReadSession(asio::any_io_executor strand, const ReadContext& context, model::ReadRequest request,
              net::Headers passed_on, ReadHooks hooks, net::ResponseWriter& writer);
  ~ReadSession();

  asio::awaitable<ReadReport> run();

 private:
  struct Leg;

  asio::awaitable<void> watch_client();
  asio::awaitable<void> ask(std::shared_ptr<Leg> leg, net::ClientRequest request);
  asio::awaitable<bool> send(merger::Action action);
  asio::awaitable<void> answer();

  void drive();
  void execute(merger::Action action);
  void start_leg(merger::Ask ask);
  void wake_at(merger::TimePoint at);
  void fail_leg(const Leg& leg, Error error);

  asio::any_io_executor strand_;
  const ReadContext& context_;
  model::ReadRequest request_;
  net::Headers passed_on_;
  ReadHooks hooks_;
  net::ResponseWriter& writer_;

  std::unique_ptr<merger::FanOut> machine_;
  std::unique_ptr<Gate::Place> place_;
  net::TaskGroup tasks_;
  net::Event changed_;
  asio::steady_timer wake_;
  std::map<merger::RequestId, std::shared_ptr<Leg>> legs_;
  std::deque<merger::Action> outbox_;  // Head, Body, Finish, Abort: in order, for answer().
  bool client_gone_ = false;
  bool over_ = false;
  ReadReport report_;
};

}  // namespace mread::serve
