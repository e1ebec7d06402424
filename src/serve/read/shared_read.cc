#include "serve/read/shared_read.h"

#include <algorithm>
#include <new>
#include <utility>
#include <variant>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/shown_url.h"
#include "wire/request/read_request.h"

namespace mread::serve {
namespace {

using merger::Action;

// One piece of a backend's body, and what is read of the text of its errors.
constexpr size_t piece_bytes = 256U << 10;
constexpr size_t error_text_bytes = 512;

// The client of net says "host:port: …"; the machine puts the backend's name in front.
Error without_address(Error error, const std::string& address) {
  const std::string prefix = address + ": ";
  if (error.context.starts_with(prefix)) error.context.erase(0, prefix.size());
  return error;
}

AnswerBytes copy_of(const std::vector<std::string_view>& pieces) {
  size_t size = 0;
  for (const auto piece : pieces) size += piece.size();
  auto own = std::make_shared<std::string>();
  own->reserve(size);
  for (const auto piece : pieces) own->append(piece);
  AnswerBytes bytes;
  bytes.pieces = {*own};
  bytes.own = std::move(own);
  return bytes;
}

// A server may repeat in its error what it was sent.
std::string without_secrets(std::string text, const config::Endpoint& endpoint) {
  text = hide_query(std::move(text), endpoint.url);
  for (const auto& [name, value] : endpoint.headers) hide(text, value);
  for (const config::HttpHeader& header : endpoint.http_headers) {
    for (const std::string& value : header.values) hide(text, value);
  }
  if (const auto* basic = std::get_if<config::BasicAuth>(&endpoint.credentials))
    hide(text, basic->password.text);
  if (const auto* authorization = std::get_if<config::Authorization>(&endpoint.credentials)) {
    hide(text, authorization->credentials.text);
  }
  return text;
}

}  // namespace

// One backend request.
struct SharedRead::BackendRequest {
  BackendRequest(merger::RequestId request_id, size_t backend_index,
                 const asio::any_io_executor& strand)
      : id(request_id), backend(backend_index), wanted(strand), late(strand) {}
  merger::RequestId id;
  size_t backend;
  net::TaskGroup::Id task = 0;
  bool read_wanted = false;
  bool dropped = false;
  bool ended = false;
  net::Event wanted;        // read_wanted or dropped has been set.
  asio::steady_timer late;  // Runs until the answer begins.
};

// A client, as the shared read sees it. All of it belongs to the client's strand.
struct SharedRead::Reader {
  explicit Reader(const asio::any_io_executor& any_executor)
      : strand(any_executor), changed(any_executor) {}
  asio::any_io_executor strand;
  net::Event changed;
  bool gone = false;
  std::function<void(const Error& why)> cut;
  Clock::time_point joined_at = Clock::now();
};

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
      wake_(strand_),
      cut_timer_(strand_),
      broadcast_(limits) {}

SharedRead::~SharedRead() = default;

std::unique_ptr<SharedRead::Subscriber> SharedRead::join(const asio::any_io_executor& strand) {
  const std::lock_guard lock(mutex_);
  // Where all have left, it is being given up.
  const bool first = !was_joined_;
  if (!first && readers_.empty()) return nullptr;
  const auto reader = broadcast_.join();
  if (!reader) return nullptr;
  was_joined_ = true;
  auto state = std::make_shared<Reader>(strand);
  readers_.emplace(*reader, state);
  return std::make_unique<Subscriber>(shared_from_this(), *reader, std::move(state), !first);
}

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
    begun_ = Clock::now();
  }
  auto options = hooks_.begin ? hooks_.begin() : merger::FanOutOptions{};
  machine_ = std::make_unique<merger::FanOut>(context_.config, std::move(request_), Clock::now(),
                                              std::move(options));
  drive();
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

void SharedRead::drive() {
  while (!over_ && !settled_) {
    auto action = machine_->poll(Clock::now());
    if (!action) break;
    execute(std::move(*action));
  }
  // Only clients are waited for. Should a replica have to take over after all (an answer was found
  // to be broken while it was merged), it is asked without a place.
  if (active_requests_ == 0 && body_out_) slot_.reset();
  count_held();
}

void SharedRead::count_held() {
  if (!share_) return;
  const std::lock_guard lock(mutex_);
  share_->set(asker_.request_bytes + (machine_ ? machine_->held() : 0) + broadcast_.kept());
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
      cut_readers(Error(Errc::limit, ""));
    } catch (const std::exception&) {  // The clients' own deadlines end their wait.
    }
  }
}

void SharedRead::end_for_lack_of_memory() {
  made_way_ = "out of memory";
  for (const auto& [id, request] : requests_) request->dropped = true;
  tasks_.cancel_all();
  requests_.clear();
  active_requests_ = 0;
  const bool begun = head_given_;
  settle();
  if (begun) {
    put(merger::Abort{Error(Errc::limit, made_way_)});
    cut_readers(Error(Errc::limit, made_way_));
    return;
  }
  put(AnswerHead{{503, "text/plain; charset=utf-8", "", ""}, made_way_, true});
  put(copy_of({made_way_, "\n"}));
  put(merger::Finish{});
}

// A write that waits for a client fails with this.
void SharedRead::cut_readers(const Error& reason) {
  const std::lock_guard lock(mutex_);
  for (const auto& [id, reader] : readers_) {
    asio::post(reader->strand, [reader = reader, reason] {
      if (reader->cut) reader->cut(reason);
      reader->changed.notify();
    });
  }
}

// Nobody is left who would leave() in good order.
void SharedRead::abandon() noexcept {
  over_ = true;
  for (const auto& [id, request] : requests_) request->dropped = true;
  wake_.cancel();
  cut_timer_.cancel();
  tasks_.cancel_all();
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
    cut_readers(Error(Errc::limit, made_way_));
  } else if (!machine_) {
    turn_away(503, made_way_);
  } else {
    tell([this](merger::FanOut& machine) { machine.give_up(made_way_); });
  }
}

void SharedRead::execute(Action action) {
  if (auto* ask_action = std::get_if<merger::Ask>(&action)) {
    start_request(std::move(*ask_action));
  } else if (const auto* read = std::get_if<merger::Read>(&action)) {
    if (const auto found = requests_.find(read->id); found != requests_.end()) {
      found->second->read_wanted = true;
      found->second->wanted.notify();
    }
  } else if (const auto* drop = std::get_if<merger::Drop>(&action)) {
    if (const auto found = requests_.find(drop->id); found != requests_.end()) {
      found->second->dropped = true;
      found->second->late.cancel();
      end_request(*found->second);
      tasks_.cancel(found->second->task);
      requests_.erase(found);
    }
  } else if (const auto* wake = std::get_if<merger::WakeAt>(&action)) {
    wake_at(wake->at);
  } else if (auto* head = std::get_if<merger::Head>(&action)) {
    std::string left_out = machine_->outcome().partial;  // The header has no room for all of it.
    if (head->status != 200 && !made_way_.empty()) left_out = made_way_;
    head_given_ = true;
    put(AnswerHead{std::move(*head), std::move(left_out), !made_way_.empty()});
  } else if (auto* body = std::get_if<merger::Body>(&action)) {
    put_body(std::move(*body));
  } else if (auto* finish = std::get_if<merger::Finish>(&action)) {
    settle();
    put(std::move(*finish));
  } else if (auto* abort = std::get_if<merger::Abort>(&action)) {
    settle();
    put(std::move(*abort));
    // What is kept for a client that takes it slowly would stay as long as the client likes.
    if (!made_way_.empty()) cut_readers(Error(Errc::limit, made_way_));
  }
}

void SharedRead::put(AnswerItem item) {
  {
    const std::lock_guard lock(mutex_);
    broadcast_.put(std::move(item), Clock::now());
    for (const auto& [id, reader] : readers_) {
      asio::post(reader->strand, [reader = reader] { reader->changed.notify(); });
    }
  }
  arm_cut();
}

void SharedRead::put_body(merger::Body body) {
  AnswerBytes bytes;
  bool may_borrow = false;
  {
    const std::lock_guard lock(mutex_);
    may_borrow = broadcast_.may_borrow();
  }
  // Nobody can join any more where this is true, so it stays so. While others wait for the place,
  // what a client has not taken is not to keep the backends waiting.
  if (may_borrow && context_.gate.waiting() == 0) {
    bytes.pieces = std::move(body.pieces);
  } else {
    bytes = copy_of(body.pieces);
  }
  body_out_ = true;
  put(std::move(bytes));
  {
    const std::lock_guard lock(mutex_);
    if (!broadcast_.has_room()) return;
  }
  body_out_ = false;
  machine_->on_sent(Clock::now());
}

// A reader has sent something, or left.
void SharedRead::make_room() {
  {
    const std::lock_guard lock(mutex_);
    if (!body_out_ || over_ || !broadcast_.has_room()) return;
    body_out_ = false;
  }
  if (settled_) return;
  tell([](merger::FanOut& machine) { machine.on_sent(Clock::now()); });
}

void SharedRead::arm_cut() {
  std::optional<TimePoint> at;
  {
    const std::lock_guard lock(mutex_);
    at = broadcast_.cut_at();
  }
  if (!at) return;
  cut_timer_.expires_at(*at);
  cut_timer_.async_wait([weak = weak_from_this()](boost::system::error_code code) {
    const auto self = weak.lock();
    if (code || !self || self->over_) return;
    {
      const std::lock_guard lock(self->mutex_);
      for (const auto id : self->broadcast_.cut(Clock::now())) {
        const auto reader = self->readers_.at(id);
        asio::post(reader->strand, [reader] {
          if (reader->cut) reader->cut(Broadcast::too_slow());
          reader->changed.notify();
        });
      }
    }
    self->make_room();
    self->arm_cut();
  });
}

// Nothing more comes from the backends.
void SharedRead::settle() {
  settled_ = true;
  slot_.reset();
  wake_.cancel();
  if (!machine_) return;
  const merger::Outcome& outcome = machine_->outcome(Clock::now());
  if (auto ended = std::exchange(hooks_.ended, nullptr)) ended(outcome);
  const std::lock_guard lock(mutex_);
  outcome_ = outcome;
  outcome_final_ = true;
}

// Before the backends are asked.
void SharedRead::turn_away(int status, std::string line) {
  settle();
  put(AnswerHead{{status, "text/plain; charset=utf-8", "", ""}, line, true});
  put(copy_of({line, "\n"}));
  put(merger::Finish{});
}

void SharedRead::start_request(merger::Ask ask_action) {
  auto request = std::make_shared<BackendRequest>(ask_action.id, ask_action.backend, strand_);
  net::ClientRequest http_request = context_.backends[request->backend];
  for (const auto& [name, value] : passed_on_.fields())
    http_request.origin_headers.set(name, value);
  http_request.body = wire::encode_read_request(ask_action.request);
  requests_.emplace(request->id, request);
  ++active_requests_;
  request->task = tasks_.spawn(ask(shared_from_this(), request, std::move(http_request)));
  watch_for_late(request);
}

void SharedRead::watch_for_late(const std::shared_ptr<BackendRequest>& request) {
  if (!hooks_.late) return;
  request->late.expires_after(hooks_.late_after(request->backend));
  request->late.async_wait([weak = weak_from_this(),
                            request_weak = std::weak_ptr(request)](boost::system::error_code code) {
    const auto self = weak.lock();
    const auto waiting = request_weak.lock();
    if (code || !self || self->over_ || !waiting || waiting->dropped) return;
    if (self->hooks_.late) self->hooks_.late(waiting->backend);
  });
}

void SharedRead::end_request(BackendRequest& request) {
  if (!std::exchange(request.ended, true)) --active_requests_;
}

void SharedRead::wake_at(TimePoint at) {
  wake_.expires_at(at);
  wake_.async_wait([weak = weak_from_this()](boost::system::error_code code) {
    const auto self = weak.lock();
    if (code || !self || self->over_) return;
    if (self->settled_) return;
    self->tell([](merger::FanOut& machine) { machine.on_wake(Clock::now()); });
  });
}

void SharedRead::fail_request(BackendRequest& request, Error error) {
  end_request(request);
  const std::string address = context_.backends[request.backend].url.authority();
  tell([&](merger::FanOut& machine) {
    machine.on_failure(request.id, without_address(std::move(error), address), Clock::now());
  });
}

asio::awaitable<void> SharedRead::ask(std::shared_ptr<SharedRead> self,
                                      std::shared_ptr<BackendRequest> request,
                                      net::ClientRequest http_request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  bool failed = false;
  try {
    co_await ask_now(request, std::move(http_request));
  } catch (const std::bad_alloc&) {
    failed = !request->dropped;
  }
  if (failed) self->out_of_memory();
}

asio::awaitable<void> SharedRead::ask_now(std::shared_ptr<BackendRequest> request,
                                          net::ClientRequest http_request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto stream = co_await context_.client.open(std::move(http_request));
  request->late.cancel();
  if (request->dropped) co_return;
  if (!stream) {
    fail_request(*request, std::move(stream.error()));
    co_return;
  }
  const net::ResponseHead& head = (*stream)->head();
  std::string text;
  if (head.status / 100 != 2) {
    // The status is news enough where the text does not come.
    auto piece = co_await (*stream)->read_some(error_text_bytes);
    if (request->dropped) co_return;
    if (piece)
      text = without_secrets(std::move(*piece), context_.config.endpoints[request->backend]);
  }
  tell([&](merger::FanOut& machine) {
    machine.on_response(request->id, head.status, head.headers.get("Content-Type"),
                        head.headers.get("Content-Encoding"), text, Clock::now());
  });
  while (!request->dropped) {
    if (!request->read_wanted) {
      const bool woken = co_await request->wanted.wait();
      if (!woken) co_return;
      continue;
    }
    request->read_wanted = false;
    auto piece = co_await (*stream)->read_some(piece_bytes);
    if (request->dropped) co_return;
    if (!piece) {
      fail_request(*request, std::move(piece.error()));
      co_return;
    }
    if (piece->empty()) {
      end_request(*request);
      tell([&](merger::FanOut& machine) { machine.on_end(request->id, Clock::now()); });
      co_return;
    }
    tell([&](merger::FanOut& machine) {
      machine.on_data(request->id, std::make_shared<const std::string>(std::move(*piece)),
                      Clock::now());
    });
  }
}

void SharedRead::forget(Broadcast::Reader reader) {
  const std::lock_guard lock(mutex_);
  if (readers_.erase(reader) > 0) broadcast_.leave(reader, Clock::now());
}

asio::awaitable<void> SharedRead::leave(Broadcast::Reader reader) {
  const auto self = shared_from_this();
  forget(reader);
  bool last = false;
  {
    const std::lock_guard lock(mutex_);
    last = readers_.empty();
    if (machine_ && !outcome_final_) outcome_ = machine_->outcome(Clock::now());
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
  for (const auto& [id, request] : requests_) {
    request->dropped = true;
    request->late.cancel();
  }
  tasks_.cancel_all();
  co_await tasks_.join();
}

SharedRead::Subscriber::Subscriber(std::shared_ptr<SharedRead> shared_read,
                                   Broadcast::Reader reader, std::shared_ptr<Reader> state,
                                   bool shared)
    : shared_read_(std::move(shared_read)),
      reader_(reader),
      state_(std::move(state)),
      shared_(shared) {}

// Only where something was thrown is it not left before.
SharedRead::Subscriber::~Subscriber() {
  if (left_) return;
  try {
    shared_read_->forget(reader_);
    asio::post(shared_read_->strand_, [shared_read = shared_read_] {
      const std::lock_guard lock(shared_read->mutex_);
      if (shared_read->readers_.empty()) shared_read->abandon();
    });
  } catch (const std::exception&) {  // It goes on to its end.
  }
}

asio::awaitable<std::optional<AnswerItem>> SharedRead::Subscriber::next() {
  const auto state = state_;
  bool waiting = true;
  while (waiting && !state->gone) {
    std::optional<AnswerItem> item;
    {
      const std::lock_guard lock(shared_read_->mutex_);
      if (const AnswerItem* next = shared_read_->broadcast_.next(reader_)) item = *next;
    }
    if (item) co_return item;
    waiting = co_await state->changed.wait();
  }
  co_return std::nullopt;
}

void SharedRead::Subscriber::sent() {
  {
    const std::lock_guard lock(shared_read_->mutex_);
    shared_read_->broadcast_.sent(reader_, Clock::now());
  }
  asio::dispatch(shared_read_->strand_, [weak = shared_read_->weak_from_this()] {
    const auto shared_read = weak.lock();
    if (!shared_read || shared_read->over_) return;
    shared_read->make_room();
    shared_read->arm_cut();
    shared_read->count_held();
  });
}

void SharedRead::Subscriber::give_up() {
  state_->gone = true;
  state_->changed.notify();
}

void SharedRead::Subscriber::on_cut(std::function<void(const Error& why)> called) {
  state_->cut = std::move(called);
}

bool SharedRead::Subscriber::others_wait() const {
  const ReadContext& context = shared_read_->context_;
  const uint64_t most = context.config.server_limits.total_bytes_in_flight;
  return context.gate.waiting() > 0 || (most != 0 && context.memory_budget.held() > most / 2);
}

asio::awaitable<void> SharedRead::Subscriber::leave() {
  left_ = true;
  state_->cut = nullptr;
  co_await asio::co_spawn(shared_read_->strand_, shared_read_->leave(reader_), asio::use_awaitable);
}

std::chrono::nanoseconds SharedRead::Subscriber::queued() const {
  const std::lock_guard lock(shared_read_->mutex_);
  const auto end = shared_read_->begun_.value_or(Clock::now());
  return std::max<std::chrono::nanoseconds>(end - state_->joined_at, std::chrono::nanoseconds(0));
}

merger::Outcome SharedRead::Subscriber::outcome() const {
  const std::lock_guard lock(shared_read_->mutex_);
  return shared_read_->outcome_;
}

}  // namespace mread::serve
