#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "config/config.h"
#include "merger/fan_out/fan_out.h"
#include "net/client.h"
#include "net/event.h"
#include "net/task_group.h"
#include "serve/read/broadcast.h"
#include "serve/read/gate.h"
#include "serve/read/memory_budget.h"

namespace mread::serve {

namespace asio = boost::asio;

/// What all reads share; it outlives them.
struct ReadContext {
  const config::Config& config;
  net::Client& client;
  Gate& gate;
  MemoryBudget& memory_budget;
  std::vector<net::ClientRequest> backends;  ///< backend_requests()
};

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
/// sockets and the clock, and hands out what it says through a Broadcast. Each backend request is a
/// coroutine of its own; all of them end before the last subscriber's leave() completes. When the
/// last client goes, everything is cancelled at once.
///
/// Its place in the gate is for its work towards backends. It is given back when the last of them
/// has ended, whatever is left to be sent then. While others wait for a place, up to
/// Broadcast::Limits::lag_bytes of the answer are kept for a slow client, so that the backends can
/// go on. What is held for it, the request included, counts in MemoryBudget to the end. Where
/// memory runs out, the read ends with 503, or is aborted after its head. One that has to make way
/// while a client takes its bytes slowly is aborted there and then.
///
/// Runs on the strand of the connection that asked first, though that may leave before the others.
class SharedRead : public std::enable_shared_from_this<SharedRead> {
  struct Reader;

 public:
  /// One client's part. It keeps the shared read going until leave(). Used on the client's strand.
  class Subscriber {
   public:
    Subscriber(std::shared_ptr<SharedRead> shared_read, Broadcast::Reader reader,
               std::shared_ptr<Reader> state, bool shared);
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
    /// Whether others want what this read has: a place, or more memory than half of what there is
    /// is taken.
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
    std::shared_ptr<SharedRead> shared_read_;
    Broadcast::Reader reader_;
    std::shared_ptr<Reader> state_;
    bool shared_;
    bool left_ = false;
  };

  SharedRead(asio::any_io_executor strand, const ReadContext& context, model::ReadRequest request,
             net::Headers passed_on, SharedReadHooks hooks, Broadcast::Limits limits,
             Asker asker = {});
  ~SharedRead();

  /// A place for one more client, which runs on `strand`; null where it is too late for that. From
  /// any thread.
  std::unique_ptr<Subscriber> join(const asio::any_io_executor& strand);
  /// Begins; once, after the first join().
  void start();

 private:
  using Clock = std::chrono::steady_clock;
  struct BackendRequest;

  asio::awaitable<void> run(std::shared_ptr<SharedRead> self);
  asio::awaitable<void> run_now();
  asio::awaitable<bool> wait_for_slot();
  asio::awaitable<void> ask(std::shared_ptr<SharedRead> self,
                            std::shared_ptr<BackendRequest> request,
                            net::ClientRequest http_request);
  asio::awaitable<void> ask_now(std::shared_ptr<BackendRequest> request,
                                net::ClientRequest http_request);
  asio::awaitable<void> leave(Broadcast::Reader reader);

  template <class Event>
  void tell(Event event);
  void drive();
  void out_of_memory() noexcept;
  void end_for_lack_of_memory();
  void cut_readers(const Error& reason);
  void abandon() noexcept;
  void execute(merger::Action action);
  void give_up(uint64_t bytes);
  void end_request(BackendRequest& request);
  void count_held();
  void start_request(merger::Ask ask);
  void watch_for_late(const std::shared_ptr<BackendRequest>& request);
  void wake_at(TimePoint at);
  void fail_request(BackendRequest& request, Error error);
  void put(AnswerItem item);
  void put_body(merger::Body body);
  void make_room();
  void arm_cut();
  void turn_away(int status, std::string line);
  void settle();
  void forget(Broadcast::Reader reader);

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
  asio::steady_timer wake_;
  asio::steady_timer cut_timer_;
  std::map<merger::RequestId, std::shared_ptr<BackendRequest>> requests_;
  size_t active_requests_ = 0;  // Of which something is still to come.
  bool body_out_ = false;
  bool head_given_ = false;
  bool settled_ = false;
  bool over_ = false;

  mutable std::mutex mutex_;  // Guards what follows; all else belongs to the strand.
  Broadcast broadcast_;
  std::map<Broadcast::Reader, std::shared_ptr<Reader>> readers_;
  bool was_joined_ = false;
  std::optional<Clock::time_point> begun_;
  merger::Outcome outcome_;
  bool outcome_final_ = false;
};

}  // namespace mread::serve
