#include "serve/read_session.h"

#include <utility>
#include <variant>

#include <boost/asio/this_coro.hpp>

#include "wire/read_request.h"

namespace mread::serve {
namespace {

using Clock = std::chrono::steady_clock;
using merger::Action;

// One piece of a backend's body, and what is read of the text of its errors.
constexpr size_t piece_bytes = 256U << 10;
constexpr size_t error_text_bytes = 512;

// The client of net says "host:port: …"; the machine puts the backend's name in front.
Error without_place(Error error, const std::string& place) {
  const std::string prefix = place + ": ";
  if (error.context.starts_with(prefix)) error.context.erase(0, prefix.size());
  return error;
}

}  // namespace

std::vector<net::ClientRequest> backend_requests(const merger::Config& config) {
  std::vector<net::ClientRequest> requests;
  for (const merger::Backend& backend : config.backends) {
    net::ClientRequest request;
    auto url = net::Url::parse(backend.url);
    if (!url) throw yaml::ConfigError("backend " + backend.name + ": " + url.error().to_string());
    request.url = std::move(*url);
    request.method = "POST";
    request.follow_redirects = backend.follow_redirects;
    // As Prometheus's own client sends them.
    request.headers.add("User-Agent", "mread/" MREAD_VERSION);
    request.headers.add("Accept-Encoding", "snappy");
    request.headers.add("Content-Encoding", "snappy");
    request.headers.add("Content-Type", "application/x-protobuf");
    request.headers.add("X-Prometheus-Remote-Read-Version", "0.1.0");
    for (const auto& [name, value] : backend.headers) request.headers.set(name, value);
    requests.push_back(std::move(request));
  }
  return requests;
}

// One backend request.
struct ReadSession::Leg {
  Leg(merger::RequestId request_id, size_t backend_index, const asio::any_io_executor& strand)
      : id(request_id), backend(backend_index), wanted(strand) {}
  merger::RequestId id;
  size_t backend;
  net::TaskGroup::Id task = 0;
  bool read_wanted = false;
  bool dropped = false;
  net::Event wanted;  // read_wanted or dropped has been set.
};

ReadSession::ReadSession(asio::any_io_executor strand, const ReadContext& context, model::ReadRequest request,
                         net::Headers passed_on, ReadHooks hooks, net::ResponseWriter& writer)
    : strand_(std::move(strand)),
      context_(context),
      request_(std::move(request)),
      passed_on_(std::move(passed_on)),
      hooks_(std::move(hooks)),
      writer_(writer),
      tasks_(strand_),
      changed_(strand_),
      wake_(strand_) {}

ReadSession::~ReadSession() = default;

asio::awaitable<ReadReport> ReadSession::run() {
  const auto self = shared_from_this();
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto begun = Clock::now();
  report_.end = ReadReport::End::client_gone;
  const auto& accepted = request_.accepted_response_types;
  if (!accepted.empty()) report_.type = accepted.front();
  tasks_.spawn(watch_client());
  place_ = context_.gate.queue(strand_);
  const bool admitted = co_await place_->wait();
  report_.queued = Clock::now() - begun;
  if (admitted && !client_gone_) {
    auto options = hooks_.begin ? hooks_.begin() : merger::FanOutOptions{};
    machine_ = std::make_unique<merger::FanOut>(context_.config, std::move(request_), Clock::now(), std::move(options));
    drive();
    co_await answer();
  }
  over_ = true;
  wake_.cancel();
  for (const auto& [id, leg] : legs_) leg->dropped = true;
  tasks_.cancel_all();
  co_await tasks_.join();
  place_.reset();
  if (machine_) report_.outcome = machine_->outcome();
  report_.duration = Clock::now() - begun;
  co_await asio::this_coro::throw_if_cancelled(throws);
  co_return std::move(report_);
}

asio::awaitable<void> ReadSession::watch_client() {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto gone = co_await writer_.client_gone();
  if (!gone || over_) co_return;
  client_gone_ = true;
  // A write that is waiting for the client fails with this.
  writer_.abort(true);
  if (place_) place_->give_up();
  changed_.notify();
}

asio::awaitable<void> ReadSession::answer() {
  bool more = true;
  while (more && !client_gone_) {
    if (outbox_.empty()) {
      more = co_await changed_.wait();
      continue;
    }
    Action action = std::move(outbox_.front());
    outbox_.pop_front();
    more = co_await send(std::move(action));
  }
}

// Sends one thing to the client; false when nothing follows.
asio::awaitable<bool> ReadSession::send(Action action) {
  if (auto* head = std::get_if<merger::Head>(&action)) {
    net::ResponseHead out;
    out.status = head->status;
    out.headers.add("Content-Type", head->content_type);
    if (!head->content_encoding.empty()) out.headers.add("Content-Encoding", head->content_encoding);
    if (!head->partial.empty()) out.headers.add("X-Mread-Partial", head->partial);
    if (head->status == 200) {
      out.headers.add("Trailer", "X-Mread-Partial");
    } else {
      out.headers.add("X-Content-Type-Options", "nosniff");
    }
    report_.status = head->status;
    const auto sent = co_await writer_.start(std::move(out));
    co_return sent.has_value();
  }
  if (auto* body = std::get_if<merger::Body>(&action)) {
    uint64_t size = 0;
    for (const auto piece : body->pieces) size += piece.size();
    const auto sent = co_await writer_.write_pieces(std::move(body->pieces));
    if (!sent) co_return false;
    report_.bytes_sent += size;
    machine_->on_sent(Clock::now());
    drive();
    co_return true;
  }
  if (auto* finish = std::get_if<merger::Finish>(&action)) {
    net::Headers trailers;
    if (!finish->partial.empty()) trailers.add("X-Mread-Partial", finish->partial);
    const auto sent = co_await writer_.finish(std::move(trailers));
    if (sent) report_.end = ReadReport::End::complete;
    co_return false;
  }
  if (auto* abort = std::get_if<merger::Abort>(&action)) {
    report_.end = ReadReport::End::aborted;
    report_.abort_reason = std::move(abort->reason);
    writer_.abort(false);
  }
  co_return false;
}

void ReadSession::drive() {
  while (!over_) {
    auto action = machine_->poll(Clock::now());
    if (!action) return;
    execute(std::move(*action));
  }
}

void ReadSession::execute(Action action) {
  if (auto* ask_action = std::get_if<merger::Ask>(&action)) {
    start_leg(std::move(*ask_action));
  } else if (const auto* read = std::get_if<merger::Read>(&action)) {
    if (const auto found = legs_.find(read->id); found != legs_.end()) {
      found->second->read_wanted = true;
      found->second->wanted.notify();
    }
  } else if (const auto* drop = std::get_if<merger::Drop>(&action)) {
    if (const auto found = legs_.find(drop->id); found != legs_.end()) {
      found->second->dropped = true;
      tasks_.cancel(found->second->task);
      legs_.erase(found);
    }
  } else if (const auto* wake = std::get_if<merger::WakeAt>(&action)) {
    wake_at(wake->at);
  } else {
    if (const auto* head = std::get_if<merger::Head>(&action); head != nullptr && hooks_.decided) {
      hooks_.decided(head->status, head->status == 200 ? head->partial : machine_->outcome().partial);
    }
    outbox_.push_back(std::move(action));
    changed_.notify();
  }
}

void ReadSession::start_leg(merger::Ask ask_action) {
  auto leg = std::make_shared<Leg>(ask_action.id, ask_action.backend, strand_);
  net::ClientRequest request = context_.backends[leg->backend];
  for (const auto& [name, value] : passed_on_.fields()) request.headers.set(name, value);
  request.body = wire::encode_read_request(ask_action.request);
  legs_.emplace(leg->id, leg);
  leg->task = tasks_.spawn(ask(leg, std::move(request)));
}

void ReadSession::wake_at(merger::TimePoint at) {
  wake_.expires_at(at);
  wake_.async_wait([weak = weak_from_this()](boost::system::error_code code) {
    const auto self = weak.lock();
    if (code || !self || self->over_) return;
    self->machine_->on_wake(Clock::now());
    self->drive();
  });
}

void ReadSession::fail_leg(const Leg& leg, Error error) {
  const std::string place = context_.backends[leg.backend].url.authority();
  machine_->on_failure(leg.id, without_place(std::move(error), place), Clock::now());
  drive();
}

asio::awaitable<void> ReadSession::ask(std::shared_ptr<Leg> leg, net::ClientRequest request) {
  co_await asio::this_coro::throw_if_cancelled(false);
  auto stream = co_await context_.client.open(std::move(request));
  if (leg->dropped) co_return;
  if (!stream) {
    fail_leg(*leg, std::move(stream.error()));
    co_return;
  }
  const net::ResponseHead& head = (*stream)->head();
  std::string text;
  if (head.status / 100 != 2) {
    // The status is news enough where the text does not come.
    auto piece = co_await (*stream)->read_some(error_text_bytes);
    if (leg->dropped) co_return;
    if (piece) text = std::move(*piece);
  }
  machine_->on_response(leg->id, head.status, head.headers.get("Content-Type"), head.headers.get("Content-Encoding"),
                        text, Clock::now());
  drive();
  while (!leg->dropped) {
    if (!leg->read_wanted) {
      const bool woken = co_await leg->wanted.wait();
      if (!woken) co_return;
      continue;
    }
    leg->read_wanted = false;
    auto piece = co_await (*stream)->read_some(piece_bytes);
    if (leg->dropped) co_return;
    if (!piece) {
      fail_leg(*leg, std::move(piece.error()));
      co_return;
    }
    if (piece->empty()) {
      machine_->on_end(leg->id, Clock::now());
      drive();
      co_return;
    }
    machine_->on_data(leg->id, std::make_shared<const std::string>(std::move(*piece)), Clock::now());
    drive();
  }
}

}  // namespace mread::serve
