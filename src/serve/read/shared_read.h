#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "merger/fan_out/fan_out.h"
#include "net/task_group.h"
#include "serve/read/broadcast.h"
#include "serve/read/gate.h"
#include "serve/read/memory_budget.h"
#include "serve/read/read_context.h"
#include "serve/read/running_requests.h"
#include "serve/read/subscribers.h"

namespace mread::serve {

namespace asio = boost::asio;

/// For whom a shared read is begun.
struct Asker {
  std::string client;          ///< client_address(), for the gate
  uint64_t request_bytes = 0;  ///< memory for the request itself
  merger::ClientClass client_class = merger::ClientClass::v3_5;
};

/// What a shared read asks and tells its owner, on its strand.
struct SharedReadHooks {
  /// Called once, when the backends are about to be asked.
  std::function<merger::FanOutOptions()> begin;
  /// Called once: nothing more comes from the backends. Not called where begin() was not.
  std::function<void(const merger::Outcome&)> ended;
  /// Called where a backend has not begun to answer for its `late_after`; empty: nobody wants to
  /// know.
  std::function<void(size_t backend)> late;
  std::function<std::chrono::milliseconds(size_t backend)> late_after;  ///< set where `late` is
  /// Called once, before `ended`, where it had to make way (MemoryBudget).
  std::function<void(const std::string& line)> given_up;
};

/// One fan-out for one or more clients that ask the same: waits for its turn, drives a FanOut with
/// sockets and the clock, and hands out what it says to its Subscribers. A client takes part through
/// a Subscriber. All backend requests end before the last subscriber's leave() completes. When the
/// last client goes, everything is cancelled at once.
///
/// Its slot of the gate is for its work towards backends. It is given back when the last of them
/// has ended, whatever is left to be sent then. While others wait for a slot, up to
/// Broadcast::Limits::lag_bytes of the answer are kept for a slow client, so that the backends can
/// go on. What is held for it, the request included, counts in MemoryBudget to the end. Where
/// memory runs out, the read ends with 503, or is aborted after its head. One that has to make way
/// while a client takes its bytes slowly is aborted there and then.
///
/// Runs on the strand of the connection that asked first, though that may leave before the others.
/// Tested by requests_test.cc.
class SharedRead final : public RequestEvents, public std::enable_shared_from_this<SharedRead> {
 public:
  SharedRead(asio::any_io_executor strand, const ReadContext& context, model::ReadRequest request,
             net::Headers passed_on, SharedReadHooks hooks, Broadcast::Limits limits,
             Asker asker = {});
  ~SharedRead();

  /// Begins; once, after the first Subscriber::join().
  void start();

 private:
  friend class Subscriber;
  TimePoint now() const { return context_.clock.now(); }

  // What a subscriber does to the read.
  void on_sent();
  asio::awaitable<void> leave(Broadcast::Reader reader);
  void abandon() noexcept;
  bool others_wait() const;
  std::chrono::nanoseconds queued(TimePoint joined_at) const;
  merger::Outcome outcome() const;

  // Before the backends are asked.
  asio::awaitable<void> run(std::shared_ptr<SharedRead> self);
  asio::awaitable<void> run_now();
  asio::awaitable<bool> wait_for_slot();
  void turn_away(int status, std::string line);

  // Between the machine and the backends.
  void on_response(merger::RequestId id, const net::ResponseHead& head,
                   std::string_view text) override;
  void on_data(merger::RequestId id, std::string piece) override;
  void on_end(merger::RequestId id) override;
  void on_failure(merger::RequestId id, Error error) override;
  void on_late(size_t backend) override;
  void out_of_memory() noexcept override;
  template <class Event>
  void tell(Event event);
  void drive();
  void execute(merger::Action action);
  void start_request(merger::Ask ask);
  void wake_at(TimePoint at);
  void settle();

  // Between the machine and the clients.
  void put(AnswerItem item);
  void put_head(merger::Head head);
  void put_body(merger::Body body);
  void put_error(int status, const std::string& line);
  void make_room();
  void arm_cut();

  // For lack of memory.
  void count_held();
  void give_up(uint64_t bytes);
  void end_for_lack_of_memory();

  const asio::any_io_executor strand_;
  const ReadContext& context_;
  model::ReadRequest request_;
  const net::Headers passed_on_;
  SharedReadHooks hooks_;
  const Asker asker_;

  std::unique_ptr<merger::FanOut> machine_;
  std::unique_ptr<Gate::Slot> slot_;
  std::unique_ptr<MemoryBudget::Share> share_;
  std::string made_way_;  // Why it was given up.
  net::TaskGroup tasks_;
  RunningRequests requests_;
  asio::steady_timer wake_;
  asio::steady_timer cut_timer_;
  bool body_out_ = false;
  bool head_given_ = false;
  bool settled_ = false;  // Nothing more comes from the backends.
  bool over_ = false;     // Nobody is left.
  Subscribers subscribers_;

  mutable std::mutex mutex_;  // Guards what follows; all else belongs to the strand.
  std::optional<TimePoint> begun_;
  merger::Outcome outcome_;
  bool outcome_final_ = false;
};

}  // namespace mread::serve
