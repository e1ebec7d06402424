#include "mockstore/server/forward_proxy.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.h"
#include "mockstore/server/control_screen.h"
#include "mockstore/server/proxy_journal.h"
#include "net/connection.h"
#include "net/credentials.h"
#include "net/dial.h"
#include "net/head_text.h"
#include "net/message_parser.h"
#include "net/nothrow.h"
#include "net/server.h"
#include "net/task_group.h"
#include "net/tls_source.h"

namespace mread::mockstore {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using ConnectionPtr = std::shared_ptr<net::Connection>;
using namespace asio::experimental::awaitable_operators;

constexpr uint32_t head_limit_bytes = 64U << 10;
constexpr std::chrono::milliseconds head_timeout{10'000};
constexpr std::chrono::milliseconds connect_timeout{10'000};

std::string address_text(const tcp::endpoint& endpoint) {
  net::Url url;
  url.host = endpoint.address().to_string();
  url.port = endpoint.port();
  return url.authority();
}

// The head that the server gets: only the path of the URL, no headers of the proxy, and the wish
// to close the connection after the answer.
std::string forwarded_head(const net::RequestHead& head, const net::Url& url) {
  net::RequestHead out{head.method, url.target, {}};
  for (const auto& [name, value] : head.headers.fields()) out.headers.add(name, value);
  for (const char* name : {"Proxy-Authorization", "Proxy-Connection", "Connection", "Keep-Alive"}) {
    out.headers.remove(name);
  }
  out.headers.add("Connection", "close");
  return net::to_wire(out);
}

}  // namespace

struct ForwardProxy::State : std::enable_shared_from_this<State> {
  State(const asio::any_io_executor& executor, ForwardProxyConfig proxy_config)
      : config(std::move(proxy_config)),
        strand(asio::make_strand(executor)),
        acceptor(strand),
        tasks(strand),
        journal(config.journal_size) {}

  Result<void> listen() {
    boost::system::error_code code;
    const auto address = asio::ip::make_address(config.listen.host, code);
    net::Url place;
    place.host = config.listen.host;
    place.port = config.listen.port;
    if (code)
      return fail(Errc::config,
                  "proxy " + config.name + ": listen: want an IP address, got " + place.host);
    const tcp::endpoint endpoint(address, config.listen.port);
    acceptor.open(endpoint.protocol(), code);
    if (!code) acceptor.set_option(tcp::acceptor::reuse_address(true), code);
    if (!code) acceptor.bind(endpoint, code);
    if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
    if (code) return fail(code, "proxy " + config.name + ": " + place.authority());
    url = (tls ? "https://" : "http://") + address_text(acceptor.local_endpoint());
    return {};
  }

  asio::awaitable<void> accept() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (acceptor.is_open()) {
      auto [code, socket] = co_await acceptor.async_accept(net::nothrow);
      if (!acceptor.is_open()) co_return;
      if (code) {
        // Out of descriptors: connections that end give some back.
        asio::steady_timer pause(strand, std::chrono::milliseconds(50));
        co_await pause.async_wait(net::nothrow);
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none) co_return;
        continue;
      }
      boost::system::error_code ignored;
      const std::string peer = address_text(socket.remote_endpoint(ignored));
      socket.set_option(tcp::no_delay(true), ignored);
      if (open >= config.connections) continue;  // The socket closes.
      auto connection =
          std::make_shared<net::Connection>(net::Connection::Socket(std::move(socket)));
      tasks.spawn(serve(std::move(connection), peer));
    }
  }

  asio::awaitable<void> serve(ConnectionPtr client, std::string peer) {
    co_await asio::this_coro::throw_if_cancelled(false);
    ++open;
    co_await serve_one(client, std::move(peer));
    client->disarm();
    client->close();
    --open;
  }

  asio::awaitable<void> serve_one(ConnectionPtr client, std::string peer) {
    client->arm(strand, head_timeout);
    if (tls) {
      if (const auto code = co_await client->accept_tls(tls->get().context); code) co_return;
    }
    net::RequestParser parser(head_limit_bytes);
    while (!parser.has_head()) {
      boost::system::error_code code = boost::beast::http::error::need_more;
      if (!client->input().empty()) client->consume(parser.feed(client->input(), nullptr, 0, code));
      if (parser.has_head()) break;
      if (code && code != boost::beast::http::error::need_more) {
        const uint64_t ordinal = journal.record(peer, "", "");
        std::string line = "bad request: " + code.message();
        co_await refuse(client, ordinal, 400, std::move(line));
        co_return;
      }
      if (code = co_await client->fill(); code) co_return;
    }
    client->disarm();
    const net::RequestHead& head = parser.head();
    const uint64_t ordinal = journal.record(peer, head.method, head.target);
    if (!config.authorization.empty() &&
        !net::equal_in_constant_time(head.headers.get("Proxy-Authorization"),
                                     config.authorization)) {
      co_await refuse(client, ordinal, 407, "Proxy Authentication Required");
      co_return;
    }
    const bool tunnel = head.method == "CONNECT";
    net::Route route;
    auto target = net::Url::parse(tunnel ? "http://" + head.target : head.target);
    if (!target || target->scheme != net::Url::Scheme::http ||
        (!tunnel && !head.target.starts_with("http://"))) {
      co_await refuse(client, ordinal, 400,
                      "a proxy is asked for CONNECT HOST:PORT or for an http URL");
      co_return;
    }
    route.url = std::move(*target);
    const net::Url asked = route.url;
    if (const auto known = config.hosts.find(asked.host); known != config.hosts.end())
      route.url.host = known->second;
    const auto server = co_await net::dial(std::move(route), connect_timeout);
    if (!server) {
      std::string line = server.error().to_string();
      co_await refuse(client, ordinal, 502, std::move(line));
      co_return;
    }
    std::string begin;
    if (!tunnel) begin = forwarded_head(head, asked);
    co_await pass_on(client, *server, ordinal, std::move(begin));
    (*server)->close();
  }

  asio::awaitable<void> pass_on(ConnectionPtr client, ConnectionPtr server, uint64_t ordinal,
                                std::string head) {
    boost::system::error_code code;
    if (head.empty()) {
      journal.set_status(ordinal, 200);
      code = co_await client->write("HTTP/1.1 200 Connection established\r\n\r\n",
                                    config.idle_timeout);
    } else {
      code = co_await server->write(head, config.idle_timeout);
    }
    if (code) co_return;
    TimePoint moved = real_clock().now();
    co_await ((pump(client, server, ordinal, ProxyJournal::Direction::up, moved) &&
               pump(server, client, ordinal, ProxyJournal::Direction::down, moved)) ||
              close_when_idle(client, server, moved));
  }

  // Sends what one side receives to the other, until the sending side ends.
  asio::awaitable<void> pump(ConnectionPtr from, ConnectionPtr to, uint64_t ordinal,
                             ProxyJournal::Direction direction, TimePoint& moved) {
    while (true) {
      if (from->input().empty()) {
        const auto code = co_await from->fill();
        if (code == asio::error::eof) {
          to->shutdown_send();
          co_return;
        }
        if (code) break;
      }
      const size_t size = from->input().size();
      if (const auto code = co_await to->write(from->input(), config.idle_timeout); code) break;
      from->consume(size);
      moved = real_clock().now();
      journal.add_bytes(ordinal, direction, size);
    }
    // A failure of one side ends the other too.
    from->close();
    to->reset();
  }

  asio::awaitable<void> close_when_idle(ConnectionPtr client, ConnectionPtr server,
                                        const TimePoint& moved) {
    asio::steady_timer timer(strand);
    while (real_clock().now() - moved < config.idle_timeout) {
      timer.expires_at(moved + config.idle_timeout);
      const auto [code] = co_await timer.async_wait(net::nothrow);
      if (code) co_return;
    }
    client->close();
    server->close();
  }

  asio::awaitable<void> refuse(ConnectionPtr client, uint64_t ordinal, int status,
                               std::string line) {
    journal.set_status(ordinal, status);
    net::ResponseHead head;
    head.status = status;
    if (status == 407) head.headers.add("Proxy-Authenticate", "Basic realm=\"mread\"");
    head.headers.add("Content-Type", "text/plain; charset=utf-8");
    head.headers.add("Content-Length", std::to_string(line.size() + 1));
    head.headers.add("Connection", "close");
    const std::string text = net::to_wire(head) + line + "\n";
    static_cast<void>(co_await client->write(text, head_timeout));
    // A client that is still sending its body would be reset, and lose the answer.
    client->shutdown_send();
    client->arm(strand, std::chrono::milliseconds(1'000));
    co_await client->drop_input();
  }

  asio::awaitable<void> administer(net::ServerRequest request, net::ResponseWriter& writer) {
    const std::string& path = request.head.target;
    const std::string& method = request.head.method;
    net::ResponseHead head;
    head.headers.add("Content-Type", "text/plain; charset=utf-8");
    std::string body = "404 page not found\n";
    if (path == "/-/journal" && (method == "GET" || method == "DELETE")) {
      if (method == "GET") {
        head.headers.set("Content-Type", "application/json");
        body = journal.to_json() + "\n";
      } else {
        journal.clear();
        body = "the journal is empty\n";
      }
    } else if ((path == "/-/healthy" || path == "/-/ready") && method == "GET") {
      body = "mread proxy " + config.name + " is " + path.substr(3) + ".\n";
    } else if (path.starts_with("/-/")) {
      head.status = 405;
      body = "Method Not Allowed\n";
    } else {
      head.status = 404;
    }
    co_await writer.reply(std::move(head), std::move(body));
  }

  const ForwardProxyConfig config;
  const asio::strand<asio::any_io_executor> strand;
  tcp::acceptor acceptor;  // On the strand, as the tasks and `open`.
  net::TaskGroup tasks;
  size_t open = 0;
  std::shared_ptr<net::TlsSource> tls;
  std::string url;
  std::unique_ptr<net::Server> admin;
  ProxyJournal journal;
};

Result<std::unique_ptr<ForwardProxy>> ForwardProxy::start(asio::any_io_executor executor,
                                                          const ForwardProxyConfig& config) {
  auto state = std::make_shared<State>(executor, config);
  if (config.tls) {
    auto tls = net::TlsSource::create(*config.tls);
    if (!tls) return fail(tls.error().in("proxy " + config.name + ": tls"));
    state->tls = std::move(*tls);
  }
  if (auto listening = state->listen(); !listening) return fail(std::move(listening.error()));
  net::ServerOptions options;
  options.host = config.admin_listen.host;
  options.port = config.admin_listen.port;
  auto names = config.hostnames;
  names.insert(names.end(), {config.listen.host, config.admin_listen.host});
  options.screen = control_screen(std::move(names));
  net::Handler handler = [weak = std::weak_ptr<State>(state)](
                             net::ServerRequest request,
                             net::ResponseWriter& writer) -> asio::awaitable<void> {
    if (const auto self = weak.lock()) co_await self->administer(std::move(request), writer);
  };
  auto admin = net::Server::listen(executor, std::move(options), std::move(handler));
  if (!admin) return fail(admin.error().in("proxy " + config.name + " admin"));
  state->admin = std::move(*admin);
  asio::post(state->strand, [state] { state->tasks.spawn(state->accept()); });
  return std::unique_ptr<ForwardProxy>(new ForwardProxy(std::move(state)));
}

ForwardProxy::~ForwardProxy() { state_->admin.reset(); }

const std::string& ForwardProxy::name() const { return state_->config.name; }
std::string ForwardProxy::url() const { return state_->url; }
std::string ForwardProxy::admin_url() const { return state_->admin->url(); }
std::string ForwardProxy::journal() const { return state_->journal.to_json(); }

asio::awaitable<void> ForwardProxy::drain() {
  const auto state = state_;
  const auto close = [](std::shared_ptr<State> on) -> asio::awaitable<void> {
    boost::system::error_code ignored;
    on->acceptor.close(ignored);
    on->tasks.cancel_all();
    co_await on->tasks.join();
  };
  co_await asio::co_spawn(state->strand, close(state), asio::use_awaitable);
  co_await state->admin->drain(std::chrono::milliseconds(0));
}

}  // namespace mread::mockstore
