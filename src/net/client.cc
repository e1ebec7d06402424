#include "net/client.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include "base/shown_url.h"
#include "net/connection.h"
#include "net/dial.h"
#include "net/head_text.h"
#include "net/message_parser.h"
#include "net/tls_error.h"
#include "net/transport.h"

namespace mread::net {
namespace {

using Clock = std::chrono::steady_clock;
using Code = boost::system::error_code;
namespace http = boost::beast::http;

constexpr int redirect_limit = 10;
// As in Go.
constexpr int interim_limit = 5;
// A body that nobody wants is read to its end where it is short, so that the connection can be used
// again.
constexpr size_t short_body_bytes = 4096;

bool is_redirect(int status, const std::string& method) {
  if (status == 307 || status == 308) return true;
  return (status == 301 || status == 302 || status == 303) && (method == "GET" || method == "HEAD");
}

// A server's words in a message: no more of them than a person reads, and no query, which may hold
// secrets.
std::string shown(const Url& url) {
  constexpr size_t longest = 200;
  std::string text = url.to_string();
  text.resize(std::min(text.find('?'), text.size()));
  if (text.size() > longest) text.replace(longest, std::string::npos, "…");
  return text;
}

// The Location itself is not shown where it cannot be used: it may hold a password.
Result<Url> resolve_location(const Url& base, std::string_view location) {
  constexpr size_t longest_host = 255;
  const std::string place = base.authority() + ": redirect";
  if (base.scheme == Url::Scheme::unix_socket)
    return fail(Errc::unsupported, place + " from a unix socket");
  // A query may hold what only Go takes, and has no part in this.
  std::string base_text = base.to_string();
  base_text.resize(std::min(base_text.find('?'), base_text.size()));
  const auto from = boost::urls::parse_uri(base_text);
  const auto to =
      boost::urls::parse_uri_reference(boost::urls::string_view(location.data(), location.size()));
  boost::urls::url target;
  if (!from || !to || !boost::urls::resolve(*from, *to, target)) {
    return fail(Errc::malformed, place + " to what is no URL");
  }
  const auto scheme = target.scheme_id();
  if (scheme != boost::urls::scheme::http && scheme != boost::urls::scheme::https) {
    return fail(Errc::malformed, place + " to what is neither http nor https");
  }
  target.remove_userinfo();
  auto url = Url::parse(std::string_view(target.data(), target.size()));
  if (!url || url->host.size() > longest_host)
    return fail(Errc::malformed, place + " to what is no URL");
  return url;
}

std::string_view scheme_name(Url::Scheme scheme) {
  switch (scheme) {
    case Url::Scheme::https:
      return "https";
    case Url::Scheme::unix_socket:
      return "unix";
    case Url::Scheme::http:
      break;
  }
  return "http";
}

// Whether what answers there may be told what was told here.
bool same_peer(const Url& from, const Url& to) {
  if (from.host != to.host) return false;
  if (from.scheme == to.scheme) return from.port == to.port;
  return from.scheme == Url::Scheme::http && to.scheme == Url::Scheme::https && from.port == 80 &&
         to.port == 443;
}

bool is_cancel(const Error& error) { return error.is(Errc::canceled); }

}  // namespace

// The idle connections, by scheme, host, port, transport and io_context. Shared with every
// ResponseStream, which brings its connection back.
struct Client::Pool : std::enable_shared_from_this<Client::Pool> {
  explicit Pool(ClientOptions client_options) : options(client_options) {}

  std::shared_ptr<Connection> take(const std::string& key) {
    const std::lock_guard lock(mutex);
    expire();
    const auto found = idle.find(key);
    if (found == idle.end()) return nullptr;
    auto& entries = found->second;
    std::shared_ptr<Connection> connection;
    while (!entries.empty() && !connection) {
      // The one used last is the least likely to have been closed by the peer.
      connection = std::move(entries.back().connection);
      entries.pop_back();
      --count;
      if (!connection->is_quiet()) connection.reset();
    }
    if (entries.empty()) idle.erase(found);
    return connection;
  }

  void give(const std::string& key, std::shared_ptr<Connection> connection) {
    const std::lock_guard lock(mutex);
    expire();
    auto& entries = idle[key];
    connection->park();
    if (!sweep) sweep.emplace(connection->executor());
    entries.push_back({std::move(connection), Clock::now()});
    ++count;
    if (entries.size() > options.idle_connections_per_host) {
      entries.pop_front();
      --count;
    }
    if (count > options.idle_connections) drop_oldest();
    if (!sweeping) sweep_later();
  }

  void drop_oldest() {
    const auto since = [](const auto& entry) { return entry.second.front().since; };
    const auto oldest =
        std::min_element(idle.begin(), idle.end(),
                         [&](const auto& a, const auto& b) { return since(a) < since(b); });
    oldest->second.pop_front();
    --count;
    if (oldest->second.empty()) idle.erase(oldest);
  }

  // Requests let go what has been idle for too long; where none come, the timer does.
  void sweep_later() {
    auto oldest = Clock::time_point::max();
    for (const auto& [key, entries] : idle) oldest = std::min(oldest, entries.front().since);
    sweeping = !idle.empty();
    if (!sweeping) return;
    sweep->expires_at(oldest + options.idle_timeout);
    sweep->async_wait([weak = weak_from_this()](Code code) {
      const auto self = weak.lock();
      if (code || !self) return;
      const std::lock_guard lock(self->mutex);
      self->expire();
      self->sweep_later();
    });
  }

  void expire() {
    const auto newest = Clock::now() - options.idle_timeout;
    for (auto it = idle.begin(); it != idle.end();) {
      auto& entries = it->second;
      while (!entries.empty() && entries.front().since <= newest) {
        entries.pop_front();
        --count;
      }
      it = entries.empty() ? idle.erase(it) : std::next(it);
    }
  }

  struct Idle {
    std::shared_ptr<Connection> connection;
    Clock::time_point since;
  };
  const ClientOptions options;
  std::mutex mutex;
  std::map<std::string, std::deque<Idle>> idle;  // No deque in it is empty.
  size_t count = 0;                              // Of all of them.
  std::optional<asio::steady_timer> sweep;
  bool sweeping = false;
  const std::shared_ptr<const Transport> plain = Transport::plain();
};

namespace {

// One answer on one connection. The parser and the connection's buffer hold the state; `give_back`
// parks the connection.
class Stream final : public ResponseStream {
 public:
  using GiveBack = std::function<void(std::shared_ptr<Connection>)>;

  Stream(std::shared_ptr<Connection> connection, Url url, uint32_t header_limit, GiveBack give_back)
      : connection_(std::move(connection)),
        url_(std::move(url)),
        place_(url_.authority()),
        header_limit_(header_limit),
        give_back_(std::move(give_back)) {}

  const ResponseHead& head() const override { return parser_->head(); }
  const Headers& trailers() const override { return parser_->trailers(); }
  const Url& url() const override { return url_; }

  // Reads up to the end of the head; interim answers (1xx) are passed over.
  asio::awaitable<Result<void>> read_head(bool no_body) {
    for (int interim = 0;; ++interim) {
      if (interim > interim_limit) {
        co_return fail(Errc::limit, place_ + ": more than " + std::to_string(interim_limit) +
                                        " interim answers (1xx)");
      }
      parser_ = std::make_unique<ResponseParser>(header_limit_);
      if (no_body) parser_->expect_no_body();
      while (!parser_->has_head()) {
        if (const auto code = feed(nullptr, 0); code) {
          if (code != http::error::need_more) co_return fail(bad_message(code));
          if (auto more = co_await fill(); !more) co_return fail(std::move(more.error()));
        }
      }
      const int status = parser_->head().status;
      if (status >= 200 || status == 101) break;
    }
    if (parser_->is_complete()) release();
    co_return Result<void>();
  }

  bool received_anything() const { return received_anything_; }

  asio::awaitable<Result<std::string>> read_some(size_t max_bytes) override {
    const bool throws = co_await asio::this_coro::throw_if_cancelled();
    co_await asio::this_coro::throw_if_cancelled(false);
    auto piece = co_await next_piece(std::max<size_t>(max_bytes, 1));
    if (!piece) connection_.reset();
    co_await asio::this_coro::throw_if_cancelled(throws);
    co_return piece;
  }

 private:
  asio::awaitable<Result<std::string>> next_piece(size_t max_bytes) {
    std::string piece;
    while (!parser_->is_complete()) {
      if (!connection_) co_return fail(Errc::canceled, place_ + ": the response has failed before");
      // What has been read goes out before anything is waited for.
      piece.reserve(std::min(max_bytes, connection_->input().size()));
      const auto code = feed(&piece, max_bytes - piece.size());
      if (code && code != http::error::need_more && code != http::error::need_buffer)
        co_return fail(bad_message(code));
      if (parser_->is_complete()) release();
      if (!piece.empty()) co_return piece;
      if (parser_->is_complete()) break;
      if (auto more = co_await fill(); !more) co_return fail(std::move(more.error()));
    }
    co_return piece;
  }

  Code feed(std::string* body, size_t room) {
    Code code;
    if (connection_->input().empty()) return http::error::need_more;
    if (begin_.size() < 2) begin_.append(connection_->input().substr(0, 2 - begin_.size()));
    connection_->consume(parser_->feed(connection_->input(), body, room, code));
    return code;
  }

  // More input; at the peer's close, the end of a body that ends so.
  asio::awaitable<Result<void>> fill() {
    const auto code = co_await connection_->fill();
    if (!code) {
      received_anything_ = true;
      co_return Result<void>();
    }
    if (code != asio::error::eof) {
      co_return fail(connection_error(code, place_, "reading the answer", connection_->failure()));
    }
    if (!parser_->has_head()) {
      if (speaks_tls()) co_return fail(bad_message({}));
      const std::string_view how = parser_->has_begun()
                                       ? ": connection closed inside the response's head"
                                       : ": connection closed without an answer";
      co_return fail(Errc::truncated, place_ + std::string(how));
    }
    Code end;
    parser_->feed_end(end);
    if (end) co_return fail(Errc::truncated, place_ + ": connection closed inside the body");
    release();
    co_return Result<void>();
  }

  // What has come begins as a TLS record does: an alert, or a part of a handshake.
  bool speaks_tls() const {
    return !parser_->has_head() && begin_.size() > 1 && (begin_[0] == 0x15 || begin_[0] == 0x16) &&
           begin_[1] == 3;
  }

  Error bad_message(Code code) const {
    if (speaks_tls()) return {tls_failure(), place_ + ": the server speaks TLS: write https"};
    if (code == http::error::header_limit) {
      return {Errc::limit,
              place_ + ": the response's head is over " + std::to_string(header_limit_) + " bytes"};
    }
    if (is_message_limit(code)) return {Errc::limit, place_ + ": " + code.message()};
    return {Errc::malformed, place_ + ": not an HTTP response (" + code.message() + ")"};
  }

  void release() {
    if (connection_ && parser_->keep_alive() && connection_->input().empty())
      give_back_(std::move(connection_));
    connection_.reset();
  }

  std::shared_ptr<Connection> connection_;
  Url url_;
  std::string place_;
  uint32_t header_limit_;
  GiveBack give_back_;
  std::unique_ptr<ResponseParser> parser_;
  bool received_anything_ = false;
  std::string begin_;  // The first two bytes.
};

std::string request_text(const ClientRequest& request, const Route& route) {
  RequestHead head{request.method, request.url.target, {}};
  if (route.is_forwarded()) {
    head.target = request.url.to_string();
    if (!route.proxy->authorization.empty())
      head.headers.add("Proxy-Authorization", route.proxy->authorization);
  }
  const bool local = request.url.scheme == Url::Scheme::unix_socket;
  const uint16_t usual_port = request.url.scheme == Url::Scheme::https ? 443 : 80;
  std::string host = local ? "localhost" : request.url.authority();
  if (!local && request.url.port == usual_port) host.resize(host.rfind(':'));
  if (host.starts_with('[')) {  // A zone means nothing to the server.
    if (const size_t zone = host.find('%'); zone != std::string::npos)
      host.erase(zone, host.find(']') - zone);
  }
  Headers headers = request.headers;
  headers.replace(request.origin_headers);
  if (!headers.contains("Host")) head.headers.add("Host", host);
  if (!headers.contains("User-Agent")) head.headers.add("User-Agent", "mread/" MREAD_VERSION);
  for (const auto& [name, value] : headers.fields()) head.headers.add(name, value);
  const bool has_body =
      !request.body.empty() || (request.method != "GET" && request.method != "HEAD");
  if (has_body) head.headers.set("Content-Length", std::to_string(request.body.size()));
  return to_wire(head);
}

// Sends the request on this connection and reads the head of the answer.
asio::awaitable<Result<void>> exchange(std::shared_ptr<Connection> connection, Stream& stream,
                                       const ClientRequest& request, const Route& route,
                                       std::chrono::milliseconds write_timeout) {
  const std::string head = request_text(request, route);
  const std::array<asio::const_buffer, 2> pieces{asio::buffer(head), asio::buffer(request.body)};
  const auto code = co_await connection->write(pieces, write_timeout);
  if (code == make_error_code(Errc::canceled) || code == make_error_code(Errc::deadline)) {
    co_return fail(connection_error(code, stream.url().authority(), "sending the request"));
  }
  // A server may answer and close before it has read the whole request: its answer says why.
  auto answered = co_await stream.read_head(request.method == "HEAD");
  // An alert says why, too.
  if (!answered && code && !is_cancel(answered.error()) && !is_tls_error(answered.error().code)) {
    co_return fail(connection_error(code, stream.url().authority(), "sending the request",
                                    connection->failure()));
  }
  if (answered && route.is_forwarded() && stream.head().status == 407)
    co_return fail(proxy_refusal(route, 407));
  co_return answered;
}

}  // namespace

Client::Client(ClientOptions options) : pool_(std::make_shared<Pool>(options)) {}
Client::~Client() = default;

size_t Client::idle_connections() const {
  const std::lock_guard lock(pool_->mutex);
  return pool_->count;
}

namespace {

// Open without redirects: a pooled connection, and a fresh one where that turns out to be stale.
template <class Pool>
asio::awaitable<Result<std::unique_ptr<ResponseStream>>> open_once(std::shared_ptr<Pool> pool,
                                                                   const ClientRequest& request) {
  const auto executor = co_await asio::this_coro::executor;
  const auto* context = &asio::query(executor, asio::execution::context);
  const Transport& transport = request.transport ? *request.transport : *pool->plain;
  Route route;
  route.url = request.url;
  if (const Proxy* proxy = transport.proxy_for(request.url)) route.proxy = *proxy;
  uint64_t tls_revision = 0;
  if (request.url.scheme == Url::Scheme::https ||
      (route.proxy && route.proxy->url.scheme == Url::Scheme::https)) {
    auto tls = transport.tls();
    if (!tls) co_return fail(tls.error().in(request.url.authority() + ": TLS"));
    route.tls = std::move(tls->context);
    tls_revision = tls->revision;
    route.tls_name = transport.tls_name(request.url);
  }
  for (const auto& [name, value] : transport.settings().proxy.connect_headers)
    route.connect_headers.add(name, value);
  std::string key(scheme_name(request.url.scheme));
  key += "|" + request.url.authority();
  for (const uint64_t part :
       {transport.id(), tls_revision, uint64_t{reinterpret_cast<uintptr_t>(context)}}) {
    key += "|" + std::to_string(part);
  }
  const auto give_back = [pool, key](std::shared_ptr<Connection> connection) {
    pool->give(key, std::move(connection));
  };
  auto connection = pool->take(key);
  bool pooled = connection != nullptr;
  while (true) {
    if (!connection) {
      auto dialed = co_await dial(route, pool->options.connect_timeout, pool->options.resolver);
      if (!dialed) co_return fail(std::move(dialed.error()));
      connection = std::move(*dialed);
    }
    auto stream =
        std::make_unique<Stream>(connection, request.url, request.header_limit_bytes, give_back);
    auto answered =
        co_await exchange(connection, *stream, request, route, pool->options.write_timeout);
    connection.reset();
    if (answered) co_return std::unique_ptr<ResponseStream>(std::move(stream));
    const Error& error = answered.error();
    const bool stale =
        pooled && !stream->received_anything() && !is_cancel(error) && !error.is(Errc::deadline);
    if (!stale) co_return fail(error);
    pooled = false;
  }
}

// Open with what the authorizer gives, and once more where it has something better.
template <class Pool>
asio::awaitable<Result<std::unique_ptr<ResponseStream>>> open_authorized(std::shared_ptr<Pool> pool,
                                                                         ClientRequest& request) {
  for (bool again = false;; again = true) {
    std::string value;
    if (request.authorizer) {
      auto authorization = co_await request.authorizer->authorization();
      if (!authorization) co_return fail(std::move(authorization.error()));
      value = std::move(*authorization);
      if (!value.empty()) request.origin_headers.set("Authorization", value);
      auto more = request.authorizer->headers();
      if (!more) co_return fail(std::move(more.error()));
      request.origin_headers.replace(*more);
    }
    auto stream = co_await open_once(pool, request);
    if (again || !request.authorizer || !stream || (*stream)->head().status != 401)
      co_return stream;
    if (!request.authorizer->refused(value)) co_return stream;
    static_cast<void>(co_await (*stream)->read_some(short_body_bytes));
  }
}

template <class Pool>
asio::awaitable<Result<std::unique_ptr<ResponseStream>>> open_following(std::shared_ptr<Pool> pool,
                                                                        ClientRequest request) {
  for (int redirects = 0;; ++redirects) {
    auto stream = co_await open_authorized(pool, request);
    if (!stream) co_return stream;
    const auto& head = (*stream)->head();
    const std::string location(head.headers.get("Location"));
    if (!request.follow_redirects || location.empty() || !is_redirect(head.status, request.method))
      co_return stream;
    auto target = resolve_location(request.url, location);
    if (!target) co_return fail(std::move(target.error()));
    if (redirects == redirect_limit) {
      co_return fail(Errc::limit, request.url.authority() + ": more than " +
                                      std::to_string(redirect_limit) + " redirects, the last to " +
                                      shown(*target));
    }
    if (!same_peer(request.url, *target)) {
      request.authorizer.reset();
      request.origin_headers = {};
      for (const char* name : {"Authorization", "Cookie"}) request.headers.remove(name);
    }
    static_cast<void>(co_await (*stream)->read_some(short_body_bytes));
    request.url = std::move(*target);
  }
}

}  // namespace

asio::awaitable<Result<std::unique_ptr<ResponseStream>>> Client::open(ClientRequest request) {
  const auto pool = pool_;
  const bool throws = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  auto stream = co_await open_following(pool, std::move(request));
  co_await asio::this_coro::throw_if_cancelled(throws);
  co_return stream;
}

asio::awaitable<Result<std::string>> read_all(ResponseStream& stream, uint64_t limit_bytes) {
  std::string body;
  while (true) {
    auto piece = co_await stream.read_some(256U << 10);
    if (!piece) co_return fail(std::move(piece.error()));
    if (piece->empty()) co_return body;
    if (piece->size() > limit_bytes - body.size()) {
      co_return fail(Errc::limit, stream.url().authority() + ": the body is over " +
                                      std::to_string(limit_bytes) + " bytes");
    }
    if (body.empty()) {
      body = std::move(*piece);
    } else {
      body += *piece;
    }
  }
}

}  // namespace mread::net
