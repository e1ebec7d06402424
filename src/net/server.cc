#include "net/server.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <new>
#include <string_view>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/nothrow.h"
#include "net/session.h"

namespace mread::net {
namespace {

using tcp = asio::ip::tcp;
using Code = boost::system::error_code;

std::string host_port(const std::string& host, uint16_t port) {
  Url url;
  url.host = host;
  url.port = port;
  return url.authority();
}

std::string to_text(const tcp::endpoint& endpoint) {
  return host_port(endpoint.address().to_string(), endpoint.port());
}

// Where there is no room, a new one waits so long for one of them to end: a little while all
// of them work, and longer where a client may turn out to be slow.
constexpr std::chrono::milliseconds shortest_wait{100};
constexpr std::chrono::seconds longest_wait{2};
// Pauses between two looks for room.
constexpr std::chrono::milliseconds first_retry{1};
constexpr std::chrono::milliseconds usual_retry{50};
// So many clients are told at once that there is no room; others are cut off.
constexpr size_t most_refusals = 64;

// "127.0.0.1:40312" without the port.
std::string_view address_of(std::string_view peer) { return peer.substr(0, peer.rfind(':')); }

}  // namespace

// Shared by the server and by what is still under way. The mutex guards everything but `settings`;
// handlers and sessions are never called with it held.
struct Server::State : std::enable_shared_from_this<State> {
  State(asio::any_io_executor any_executor, ServerOptions options, Handler handler)
      : executor(std::move(any_executor)),
        settings(std::make_shared<SessionSettings>()),
        retry(executor) {
    settings->options = std::move(options);
    settings->handler = std::move(handler);
  }

  // Each acceptor is an object of its own, so that a late accept of a closed one is told from the
  // current one's.
  Result<void> open_acceptor() {
    const std::string place = host_port(settings->options.host, endpoint.port());
    auto fresh = std::make_shared<tcp::acceptor>(executor);
    Code code;
    fresh->open(endpoint.protocol(), code);
    if (!code) fresh->set_option(tcp::acceptor::reuse_address(true), code);
    if (!code) fresh->bind(endpoint, code);
    if (!code) fresh->listen(asio::socket_base::max_listen_connections, code);
    if (!code) endpoint = fresh->local_endpoint(code);
    if (code) return fail(code, place);
    acceptor = std::move(fresh);
    go_on();
    return {};
  }

  void close_acceptor() {
    retry.cancel();
    wants_room = false;
    if (!acceptor) return;
    Code ignored;
    acceptor->close(ignored);
    acceptor.reset();
  }

  // With the mutex held, as all that follows but run_session() and end_session().
  bool is_full() const {
    const auto& limit = settings->options.connection_limit;
    const size_t most = limit ? limit() : 0;
    return most != 0 && sessions.size() >= most;
  }

  // Accepts the next connection, once there is one and room for it.
  void go_on() {
    if (!is_full()) return accept_next();
    acceptor->async_wait(tcp::acceptor::wait_read,
                         [self = shared_from_this(), from = acceptor](Code code) {
                           const std::lock_guard lock(self->mutex);
                           if (code || from != self->acceptor) return;
                           if (!self->is_full()) return self->accept_next();
                           self->make_room();
                         });
  }

  // Somebody waits to be accepted. Goes on when a connection has ended, or refuses the new one
  // where none will soon.
  void make_room() {
    const auto now = std::chrono::steady_clock::now();
    if (!std::exchange(wants_room, true)) wants_room_since = now;
    if (evict_one()) return;
    const bool one_may_yield =
        any_session([](const Session& session) { return session.may_yield(); });
    if (now - wants_room_since >= (one_may_yield ? longest_wait : shortest_wait)) {
      return refuse_next();
    }
    // One that is new has asked a moment later, so the first look is soon, and later ones are rare.
    const auto waited =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - wants_room_since);
    try_again(std::clamp(waited, first_retry, usual_retry), [](State& self) {
      if (self.wants_room) self.make_room();
    });
  }

  bool any_session(bool (*fits)(const Session&)) const {
    return std::any_of(sessions.begin(), sessions.end(),
                       [fits](const auto& each) { return fits(*each.second); });
  }

  // Of those that have never asked for anything, the oldest of the address with the most
  // connections; else of those whose client does not take its answer; else of those whose client is
  // waited for; else of those whose body comes slowly, the one that lags the most. Whether there is
  // one.
  bool evict_one() {
    std::map<std::string_view, size_t> counts;
    for (const auto& [id, session] : sessions) ++counts[address_of(session->peer())];
    std::shared_ptr<Session> chosen;
    for (const auto fits :
         {&Session::is_unused, &Session::is_stalled, &Session::is_waiting, &Session::is_slow}) {
      // Some that are new will soon be unused; before that nobody goes who has asked.
      const bool spares = fits == &Session::is_waiting &&
                          any_session([](const Session& session) { return session.is_new(); });
      if (spares) break;
      using Rank = std::pair<size_t, std::chrono::nanoseconds>;
      Rank highest{};
      for (const auto& [id, session] : sessions) {
        if (!((*session).*fits)()) continue;
        const bool by_lag = fits == &Session::is_slow;
        const Rank rank{counts[address_of(session->peer())],
                        by_lag ? session->body_lag().value_or(std::chrono::nanoseconds(0))
                               : std::chrono::nanoseconds(0)};
        if (rank <= highest) continue;
        highest = rank;
        chosen = session;
      }
      if (chosen) break;
    }
    if (!chosen) return false;
    asio::post(chosen->strand(), [self = shared_from_this(), chosen] {
      if (chosen->evict()) return;
      // It has begun to be busy.
      const std::lock_guard lock(self->mutex);
      if (self->wants_room) self->make_room();
    });
    return true;
  }

  void try_again(std::chrono::milliseconds pause, void (*act)(State&)) {
    retry.expires_after(pause);
    retry.async_wait([self = shared_from_this(), from = acceptor, act](Code cancelled) {
      const std::lock_guard lock(self->mutex);
      if (!cancelled && from && from == self->acceptor) act(*self);
    });
  }

  void accept_next() {
    const asio::any_io_executor strand = asio::make_strand(executor);
    acceptor->async_accept(strand, [self = shared_from_this(), current = acceptor, strand](
                                       Code code, tcp::socket socket) {
      self->on_accept(current, strand, code, std::move(socket));
    });
  }

  // Takes the connection that waits, and answers it with 503.
  void refuse_next() {
    wants_room = false;
    const asio::any_io_executor strand = asio::make_strand(executor);
    acceptor->async_accept(strand, [self = shared_from_this(), from = acceptor, strand](
                                       Code code, tcp::socket socket) {
      const std::lock_guard lock(self->mutex);
      if (from != self->acceptor) return;
      if (code) return self->on_failed_accept(code);
      // Some may have ended meanwhile.
      if (!self->is_full()) {
        self->start_session(strand, std::move(socket));
      } else if (self->refusals.size() < most_refusals) {
        self->start_refusal(strand, std::move(socket));
      }
      self->go_on();
    });
  }

  void start_refusal(const asio::any_io_executor& strand, tcp::socket socket) {
    Code ignored;
    const auto peer = socket.remote_endpoint(ignored);
    auto session = std::make_shared<Session>(
        strand, std::make_shared<Connection>(Connection::Socket(std::move(socket))), to_text(peer),
        settings);
    const uint64_t id = next_session++;
    refusals.emplace(id, session);
    asio::post(strand, [self = shared_from_this(), id, session] {
      const auto ended = [self, id, session](std::exception_ptr) { self->end_refusal(id); };
      try {
        asio::co_spawn(session->strand(), session->run_refusal(),
                       asio::bind_cancellation_slot(session->slot(), ended));
      } catch (const std::bad_alloc&) {
        self->end_refusal(id);
      }
    });
  }

  void on_accept(const std::shared_ptr<tcp::acceptor>& from, const asio::any_io_executor& strand,
                 Code code, tcp::socket socket) {
    const std::lock_guard lock(mutex);
    if (from != acceptor) return;
    if (code) return on_failed_accept(code);
    try {
      start_session(strand, std::move(socket));
    } catch (const std::bad_alloc&) {
      // This client is cut off, and the next is accepted later.
      return on_failed_accept(make_error_code(Errc::limit));
    }
    go_on();
  }

  void on_failed_accept(Code code) {
    if (code == asio::error::operation_aborted) return;
    if (code == asio::error::connection_aborted) return go_on();
    // Out of descriptors or memory: some will come back.
    evict_one();
    try_again(usual_retry, [](State& self) { self.go_on(); });
  }

  void start_session(const asio::any_io_executor& strand, tcp::socket socket) {
    Code ignored;
    const auto peer = socket.remote_endpoint(ignored);
    socket.set_option(tcp::no_delay(true), ignored);
    auto connection = std::make_shared<Connection>(Connection::Socket(std::move(socket)));
    auto session =
        std::make_shared<Session>(strand, std::move(connection), to_text(peer), settings);
    const uint64_t id = next_session++;
    sessions.emplace(id, session);
    try {
      // Posted: it must not begin, and perhaps end, under the mutex.
      asio::post(strand,
                 [self = shared_from_this(), id, session] { run_session(self, id, session); });
    } catch (...) {
      sessions.erase(id);
      throw;
    }
  }

  static void run_session(const std::shared_ptr<State>& self, uint64_t id,
                          const std::shared_ptr<Session>& session) {
    const auto ended = [self, id, session](std::exception_ptr) { self->end_session(id); };
    try {
      asio::co_spawn(session->strand(), session->run(),
                     asio::bind_cancellation_slot(session->slot(), ended));
    } catch (const std::bad_alloc&) {
      self->end_session(id);
    }
  }

  void end_session(uint64_t id) {
    const std::lock_guard lock(mutex);
    sessions.erase(id);
    if (is_empty() && on_empty) on_empty();
    if (!wants_room || !acceptor) return;
    if (is_full()) return make_room();
    wants_room = false;
    retry.cancel();
    accept_next();
  }

  void end_refusal(uint64_t id) {
    const std::lock_guard lock(mutex);
    refusals.erase(id);
    if (is_empty() && on_empty) on_empty();
  }

  bool is_empty() const { return sessions.empty() && refusals.empty(); }

  bool is_idle() {
    const std::lock_guard lock(mutex);
    return is_empty();
  }

  void for_each_session(void (Session::*act)()) {
    const std::lock_guard lock(mutex);
    for (const auto* all : {&sessions, &refusals}) {
      for (const auto& [id, session] : *all) {
        asio::post(session->strand(), [one = session, act] { ((*one).*act)(); });
      }
    }
  }

  size_t count() {
    const std::lock_guard lock(mutex);
    return sessions.size();
  }

  const asio::any_io_executor executor;
  const std::shared_ptr<SessionSettings> settings;
  std::mutex mutex;
  tcp::endpoint endpoint;
  std::shared_ptr<tcp::acceptor> acceptor;
  asio::steady_timer retry;
  std::map<uint64_t, std::shared_ptr<Session>> sessions;  // In order of arrival.
  uint64_t next_session = 0;
  // Clients that are being told that there is no room.
  std::map<uint64_t, std::shared_ptr<Session>> refusals;
  bool wants_room = false;  // A new connection waits for one to end.
  std::chrono::steady_clock::time_point wants_room_since;
  std::function<void()> on_empty;
};

Result<std::unique_ptr<Server>> Server::listen(asio::any_io_executor executor,
                                               ServerOptions options, Handler handler) {
  const std::string place = host_port(options.host, options.port);
  Code code;
  tcp::endpoint endpoint;
  if (const auto address = asio::ip::make_address(options.host, code); !code) {
    endpoint = tcp::endpoint(address, options.port);
  } else {
    tcp::resolver resolver(executor);
    const auto found = resolver.resolve(
        options.host, std::to_string(options.port),
        asio::ip::resolver_base::passive | asio::ip::resolver_base::numeric_service, code);
    if (code) return fail(code, place);
    if (found.empty()) return fail(Errc::not_found, place + ": the name has no address");
    endpoint = found.begin()->endpoint();
  }
  auto state = std::make_shared<State>(std::move(executor), std::move(options), std::move(handler));
  state->endpoint = endpoint;
  {
    const std::lock_guard lock(state->mutex);
    if (auto opened = state->open_acceptor(); !opened) return fail(std::move(opened.error()));
  }
  return std::unique_ptr<Server>(new Server(std::move(state)));
}

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->settings->draining = true;
    state_->close_acceptor();
  }
  state_->for_each_session(&Session::abort);
}

std::string Server::host() const { return state_->settings->options.host; }

uint16_t Server::port() const {
  const std::lock_guard lock(state_->mutex);
  return state_->endpoint.port();
}

std::string Server::url() const {
  const auto& tls = state_->settings->options.tls;
  return (tls && tls() ? "https://" : "http://") + host_port(host(), port());
}

size_t Server::connections() const { return state_->count(); }

Result<void> Server::set_accepting(bool accepting) {
  const std::lock_guard lock(state_->mutex);
  if (accepting == (state_->acceptor != nullptr)) return {};
  if (accepting) return state_->open_acceptor();
  state_->close_acceptor();
  return {};
}

asio::awaitable<void> Server::drain(std::chrono::milliseconds grace) {
  const auto state = state_;
  const auto executor = co_await asio::this_coro::executor;
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto timer = std::make_shared<asio::steady_timer>(executor);
  const auto wake = [executor, timer] { asio::post(executor, [timer] { timer->cancel(); }); };
  {
    const std::lock_guard lock(state->mutex);
    state->settings->draining = true;
    state->close_acceptor();
    state->on_empty = wake;
  }
  state->for_each_session(&Session::close_if_idle);
  timer->expires_after(grace);
  while (!state->is_idle()) {
    const auto [code] = co_await timer->async_wait(nothrow);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (!code || cancellation.cancelled() != asio::cancellation_type::none) break;
  }
  state->for_each_session(&Session::abort);
  timer->expires_at(std::chrono::steady_clock::time_point::max());
  while (!state->is_idle()) static_cast<void>(co_await timer->async_wait(nothrow));
  {
    const std::lock_guard lock(state->mutex);
    state->on_empty = nullptr;
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
}

}  // namespace mread::net
