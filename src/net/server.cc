#include "net/server.h"

#include <algorithm>
#include <mutex>
#include <set>
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

#include "net/session.h"

namespace mread::net {
namespace {

using tcp = asio::ip::tcp;
using Code = boost::system::error_code;
constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

std::string host_port(const std::string& host, uint16_t port) {
  Url url;
  url.host = host;
  url.port = port;
  return url.authority();
}

std::string to_text(const tcp::endpoint& endpoint) {
  return host_port(endpoint.address().to_string(), endpoint.port());
}

}  // namespace

// Shared by the server and by what is still under way. The mutex guards everything but `settings`; handlers and
// sessions are never called with it held.
struct Server::State : std::enable_shared_from_this<State> {
  State(asio::any_io_executor any_executor, ServerOptions options, Handler handler)
      : executor(std::move(any_executor)), settings(std::make_shared<SessionSettings>()), retry(executor) {
    settings->options = std::move(options);
    settings->handler = std::move(handler);
  }

  // Each acceptor is an object of its own, so that a late accept of a closed one is told from the current one's.
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
    accept_next();
    return {};
  }

  void close_acceptor() {
    retry.cancel();
    if (!acceptor) return;
    Code ignored;
    acceptor->close(ignored);
    acceptor.reset();
  }

  void accept_next() {
    const asio::any_io_executor strand = asio::make_strand(executor);
    acceptor->async_accept(strand,
                           [self = shared_from_this(), current = acceptor, strand](Code code, tcp::socket socket) {
                             self->on_accept(current, strand, code, std::move(socket));
                           });
  }

  void on_accept(const std::shared_ptr<tcp::acceptor>& from, const asio::any_io_executor& strand, Code code,
                 tcp::socket socket) {
    const std::lock_guard lock(mutex);
    if (from != acceptor) return;
    if (!code) {
      start_session(strand, std::move(socket));
      return accept_next();
    }
    if (code == asio::error::operation_aborted) return;
    if (code == asio::error::connection_aborted) return accept_next();
    // Out of descriptors or memory: some will come back.
    retry.expires_after(std::chrono::milliseconds(50));
    retry.async_wait([self = shared_from_this(), from](Code cancelled) {
      const std::lock_guard again(self->mutex);
      if (!cancelled && from == self->acceptor) self->accept_next();
    });
  }

  void start_session(const asio::any_io_executor& strand, tcp::socket socket) {
    Code ignored;
    const auto peer = socket.remote_endpoint(ignored);
    socket.set_option(tcp::no_delay(true), ignored);
    auto connection = std::make_shared<Connection>(Connection::Socket(std::move(socket)));
    auto session = std::make_shared<Session>(strand, std::move(connection), to_text(peer), settings);
    sessions.insert(session);
    // Posted: it must not begin, and perhaps end, under the mutex.
    asio::post(strand, [self = shared_from_this(), session] { run_session(self, session); });
  }

  static void run_session(const std::shared_ptr<State>& self, const std::shared_ptr<Session>& session) {
    const auto ended = [self, session](std::exception_ptr) { self->end_session(session); };
    asio::co_spawn(session->strand(), session->run(), asio::bind_cancellation_slot(session->slot(), ended));
  }

  void end_session(const std::shared_ptr<Session>& session) {
    const std::lock_guard lock(mutex);
    sessions.erase(session);
    if (sessions.empty() && on_empty) on_empty();
  }

  void for_each_session(void (Session::*act)()) {
    const std::lock_guard lock(mutex);
    for (const auto& session : sessions) {
      asio::post(session->strand(), [session, act] { ((*session).*act)(); });
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
  std::set<std::shared_ptr<Session>> sessions;
  std::function<void()> on_empty;
};

Result<std::unique_ptr<Server>> Server::listen(asio::any_io_executor executor, ServerOptions options, Handler handler) {
  const std::string place = host_port(options.host, options.port);
  Code code;
  tcp::endpoint endpoint;
  if (const auto address = asio::ip::make_address(options.host, code); !code) {
    endpoint = tcp::endpoint(address, options.port);
  } else {
    tcp::resolver resolver(executor);
    const auto found =
        resolver.resolve(options.host, std::to_string(options.port),
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
  while (state->count() > 0) {
    const auto [code] = co_await timer->async_wait(nothrow);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (!code || cancellation.cancelled() != asio::cancellation_type::none) break;
  }
  state->for_each_session(&Session::abort);
  timer->expires_at(std::chrono::steady_clock::time_point::max());
  while (state->count() > 0) static_cast<void>(co_await timer->async_wait(nothrow));
  {
    const std::lock_guard lock(state->mutex);
    state->on_empty = nullptr;
  }
  co_await asio::this_coro::throw_if_cancelled(throws);
}

}  // namespace mread::net
