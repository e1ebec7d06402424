#include "serve/read/shared_read.h"

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "wire/request/read_request.h"

namespace mread::serve {

SharedRead::SharedRead(asio::any_io_executor strand, const ReadContext& context,
                       model::ReadRequest request, net::Headers passed_on, SharedReadHooks hooks,
                       Broadcast::Limits limits, Asker asker)
    : strand_(std::move(strand)),
      context_(context),
      request_(std::move(request)),
      passed_on_(std::move(passed_on)),
      hooks_(std::move(hooks)),
      asker_(std::move(asker)),
      tasks_(strand_),
      requests_(strand_, context_, tasks_),
      wake_(strand_),
      cut_timer_(strand_),
      subscribers_(limits) {}

SharedRead::~SharedRead() = default;

void SharedRead::start() { tasks_.spawn(run(shared_from_this())); }

asio::awaitable<void> SharedRead::run(std::shared_ptr<SharedRead> self) {
  co_await asio::this_coro::throw_if_cancelled(false);
  bool failed = false;
  try {
    co_await run_now();
  } catch (const std::bad_alloc&) {
    failed = true;
  }
  if (failed) self->out_of_memory();
}

asio::awaitable<void> SharedRead::run_now() {
  co_await asio::this_coro::throw_if_cancelled(false);
  share_ = context_.memory_budget.open(strand_, [weak = weak_from_this()](uint64_t bytes) {
    if (const auto self = weak.lock()) self->give_up(bytes);
  });
  count_held();
  const bool admitted = co_await wait_for_slot();
  if (over_ || !admitted) co_return;
  {
    const std::lock_guard lock(mutex_);
    begun_ = now();
  }
  auto options = hooks_.begin ? hooks_.begin() : merger::FanOutOptions{};
  machine_ = std::make_unique<merger::FanOut>(context_.config, std::move(request_), now(),
                                              std::move(options));
  drive();
}

// False where there is none to be had; the clients are then told.
asio::awaitable<bool> SharedRead::wait_for_slot() {
  const config::ServerLimits& limits = context_.config.server_limits;
  slot_ = context_.gate.queue(strand_, asker_.client);
  auto entry = Gate::Entry::made_way;
  if (slot_) entry = co_await slot_->wait(limits.queue_wait);
  // Over, or turned away meanwhile.
  if (over_ || entry == Gate::Entry::inside || entry == Gate::Entry::given_up) {
    co_return !over_ && entry == Gate::Entry::inside;
  }
  if (entry == Gate::Entry::late) {
    turn_away(429, fmt::format("the read has waited {} for one of {} places (limits.queue_wait, "
                               "limits.concurrent_reads)",
                               format_duration(limits.queue_wait), limits.concurrent_reads));
  } else {
    turn_away(
        429,
        fmt::format(
            "{} reads are under way and {} wait already (limits.concurrent_reads, limits.queue)",
            limits.concurrent_reads, limits.queue));
  }
  co_return false;
}

// Before the backends are asked.
void SharedRead::turn_away(int status, std::string line) {
  settle();
  put_error(status, line);
}

// Tells the machine of an event, and carries out what it then wants.
template <class Event>
void SharedRead::tell(Event event) {
  try {
    event(*machine_);
    drive();
  } catch (const std::bad_alloc&) {
    out_of_memory();
  }
}

void SharedRead::drive() {
  while (!over_ && !settled_) {
    auto action = machine_->poll(now());
    if (!action) break;
    execute(std::move(*action));
  }
  // Only clients are waited for. Should a replica have to take over after all (an answer was found
  // to be broken while it was merged), it is asked without a slot.
  if (requests_.idle() && body_out_) slot_.reset();
  count_held();
}

void SharedRead::execute(merger::Action action) {
  if (auto* ask = std::get_if<merger::Ask>(&action)) {
    start_request(std::move(*ask));
  } else if (const auto* read = std::get_if<merger::Read>(&action)) {
    requests_.read(read->id);
  } else if (const auto* drop = std::get_if<merger::Drop>(&action)) {
    requests_.drop(drop->id);
  } else if (const auto* wake = std::get_if<merger::WakeAt>(&action)) {
    wake_at(wake->at);
  } else if (auto* head = std::get_if<merger::Head>(&action)) {
    put_head(std::move(*head));
  } else if (auto* body = std::get_if<merger::Body>(&action)) {
    put_body(std::move(*body));
  } else if (auto* finish = std::get_if<merger::Finish>(&action)) {
    settle();
    put(std::move(*finish));
  } else if (auto* abort = std::get_if<merger::Abort>(&action)) {
    settle();
    put(std::move(*abort));
    // What is kept for a client that takes it slowly would stay as long as the client likes.
    if (!made_way_.empty()) subscribers_.cut_all(Error(Errc::limit, made_way_));
  }
}

void SharedRead::start_request(merger::Ask ask) {
  net::ClientRequest http_request = context_.backends[ask.backend];
  for (const auto& [name, value] : passed_on_.fields())
    http_request.origin_headers.set(name, value);
  http_request.body = wire::encode_read_request(ask.request);
  std::optional<std::chrono::milliseconds> late_after;
  if (hooks_.late) late_after = hooks_.late_after(ask.backend);
  requests_.start(shared_from_this(), ask.id, ask.backend, std::move(http_request), late_after);
}

void SharedRead::on_response(merger::RequestId id, const net::ResponseHead& head,
                             std::string_view text) {
  tell([&](merger::FanOut& machine) {
    machine.on_response(id, head.status, head.headers.get("Content-Type"),
                        head.headers.get("Content-Encoding"), text, now());
  });
}

void SharedRead::on_data(merger::RequestId id, std::string piece) {
  tell([&](merger::FanOut& machine) {
    machine.on_data(id, std::make_shared<const std::string>(std::move(piece)), now());
  });
}

void SharedRead::on_end(merger::RequestId id) {
  tell([&](merger::FanOut& machine) { machine.on_end(id, now()); });
}

void SharedRead::on_failure(merger::RequestId id, Error error) {
  tell([&](merger::FanOut& machine) { machine.on_failure(id, std::move(error), now()); });
}

void SharedRead::on_late(size_t backend) {
  if (!over_ && hooks_.late) hooks_.late(backend);
}

void SharedRead::wake_at(TimePoint at) {
  wake_.expires_after(at - now());
  wake_.async_wait([weak = weak_from_this()](boost::system::error_code code) {
    const auto self = weak.lock();
    if (code || !self || self->over_) return;
    if (self->settled_) return;
    self->tell([&](merger::FanOut& machine) { machine.on_wake(self->now()); });
  });
}

// Nothing more comes from the backends.
void SharedRead::settle() {
  settled_ = true;
  slot_.reset();
  wake_.cancel();
  if (!machine_) return;
  const merger::Outcome& outcome = machine_->outcome(now());
  if (auto ended = std::exchange(hooks_.ended, nullptr)) ended(outcome);
  const std::lock_guard lock(mutex_);
  outcome_ = outcome;
  outcome_final_ = true;
}

void SharedRead::put(AnswerItem item) {
  subscribers_.put(std::move(item), now());
  arm_cut();
}

void SharedRead::put_head(merger::Head head) {
  std::string left_out = machine_->outcome().partial;  // The header has no room for all of it.
  if (head.status != 200 && !made_way_.empty()) left_out = made_way_;
  head_given_ = true;
  put(AnswerHead{std::move(head), std::move(left_out), !made_way_.empty()});
}

void SharedRead::put_body(merger::Body body) {
  AnswerBytes bytes;
  // If the bytes may be borrowed, nobody can join any more, so it stays so. While others wait for
  // the slot, what a client has not taken is not to keep the backends waiting.
  if (subscribers_.may_borrow() && context_.gate.waiting() == 0) {
    bytes.pieces = std::move(body.pieces);
  } else {
    bytes = copy_of(body.pieces);
  }
  body_out_ = true;
  put(std::move(bytes));
  if (!subscribers_.has_room()) return;
  body_out_ = false;
  machine_->on_sent(now());
}

// A whole answer that is one line of text.
void SharedRead::put_error(int status, const std::string& line) {
  put(AnswerHead{{status, "text/plain; charset=utf-8", "", ""}, line, true});
  put(copy_of({line, "\n"}));
  put(merger::Finish{});
}

// A reader has sent something, or left.
void SharedRead::make_room() {
  if (!body_out_ || over_ || !subscribers_.has_room()) return;
  body_out_ = false;
  if (settled_) return;
  tell([&](merger::FanOut& machine) { machine.on_sent(now()); });
}

void SharedRead::arm_cut() {
  const auto at = subscribers_.cut_at();
  if (!at) return;
  cut_timer_.expires_after(*at - now());
  cut_timer_.async_wait([weak = weak_from_this()](boost::system::error_code code) {
    const auto self = weak.lock();
    if (code || !self || self->over_) return;
    self->subscribers_.cut_slow(self->now());
    self->make_room();
    self->arm_cut();
  });
}

void SharedRead::count_held() {
  if (!share_) return;
  share_->set(asker_.request_bytes + (machine_ ? machine_->held() : 0) + subscribers_.kept());
}

// All reads together hold too much, and this one the most.
void SharedRead::give_up(uint64_t bytes) {
  if (over_ || !share_) return;
  made_way_ = fmt::format(
      "all reads together hold more than {} bytes (limits.total_bytes_in_flight), and this one the "
      "most of them: {}",
      context_.config.server_limits.total_bytes_in_flight, bytes);
  if (hooks_.given_up) hooks_.given_up(made_way_);
  if (settled_) {
    // It has ended, but for bytes that a client takes slowly.
    subscribers_.cut_all(Error(Errc::limit, made_way_));
  } else if (!machine_) {
    turn_away(503, made_way_);
  } else {
    tell([this](merger::FanOut& machine) { machine.give_up(made_way_); });
  }
}

// Nobody knows where the machine stands now. What it holds goes first, so that there is memory to
// say so.
void SharedRead::out_of_memory() noexcept {
  if (over_ || settled_) return;
  if (machine_) machine_->release();
  try {
    end_for_lack_of_memory();
  } catch (const std::exception&) {
    abandon();
    try {
      subscribers_.cut_all(Error(Errc::limit, ""));
    } catch (const std::exception&) {  // The clients' own deadlines end their wait.
    }
  }
}

void SharedRead::end_for_lack_of_memory() {
  made_way_ = "out of memory";
  requests_.silence();
  tasks_.cancel_all();
  requests_.clear();
  const bool begun = head_given_;
  settle();
  if (begun) {
    put(merger::Abort{Error(Errc::limit, made_way_)});
    subscribers_.cut_all(Error(Errc::limit, made_way_));
    return;
  }
  put_error(503, made_way_);
}

// Nobody is left who would leave() in good order.
void SharedRead::abandon() noexcept {
  over_ = true;
  requests_.silence();
  wake_.cancel();
  cut_timer_.cancel();
  tasks_.cancel_all();
}

// A subscriber has sent an item. From any thread.
void SharedRead::on_sent() {
  asio::dispatch(strand_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || self->over_) return;
    self->make_room();
    self->arm_cut();
    self->count_held();
  });
}

asio::awaitable<void> SharedRead::leave(Broadcast::Reader reader) {
  const auto self = shared_from_this();
  subscribers_.leave(reader, now());
  const bool last = subscribers_.empty();
  {
    const std::lock_guard lock(mutex_);
    if (machine_ && !outcome_final_) outcome_ = machine_->outcome(now());
  }
  if (!last) {
    make_room();
    co_return;
  }
  if (!over_ && !settled_) settle();
  over_ = true;
  share_.reset();
  // What they refer to may go before the last copy of the pointer to this.
  hooks_ = {};
  wake_.cancel();
  cut_timer_.cancel();
  requests_.silence();
  tasks_.cancel_all();
  co_await tasks_.join();
}

bool SharedRead::others_wait() const {
  const uint64_t most = context_.config.server_limits.total_bytes_in_flight;
  return context_.gate.waiting() > 0 || (most != 0 && context_.memory_budget.held() > most / 2);
}

std::chrono::nanoseconds SharedRead::queued(TimePoint joined_at) const {
  const std::lock_guard lock(mutex_);
  const auto end = begun_.value_or(now());
  return std::max<std::chrono::nanoseconds>(end - joined_at, std::chrono::nanoseconds(0));
}

merger::Outcome SharedRead::outcome() const {
  const std::lock_guard lock(mutex_);
  return outcome_;
}

}  // namespace mread::serve
