#include "mockstore/server/store_server.h"

#include <cstdio>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/printable.h"
#include "mockstore/server/admin.h"
#include "mockstore/server/control_screen.h"
#include "mockstore/server/sink.h"
#include "mockstore/server/upstream.h"
#include "mockstore/steps/http_error.h"
#include "net/nothrow.h"
#include "net/server.h"
#include "net/tls_source.h"

namespace mread::mockstore {
namespace {

namespace asio = boost::asio;

constexpr size_t write_size_bytes = 64U << 10;  // Frames go out together up to here.
constexpr uint64_t body_limit_bytes =
    256U << 20;  // Above what a Prometheus reads: it does not refuse, it stops reading.

void tell(const std::string& store, const std::string& line) {
  std::fprintf(stderr, "mock store %s: %s\n", printable(store).c_str(), printable(line).c_str());
}

constexpr std::string_view unauthorized = "Unauthorized\n";

// Carries out the steps of one exchange. A step that waits ends early when the client goes away; so
// does a wait for the upstream.
class Delivery {
 public:
  // `upstream` is null for a store with data of its own, and `head` is then not used.
  Delivery(Exchange& exchange, net::ResponseWriter& writer, Upstream* upstream,
           net::RequestHead head)
      : exchange_(exchange), writer_(writer), upstream_(upstream), head_(std::move(head)) {}

  asio::awaitable<void> run() {
    std::vector<Step> steps;
    for (;;) {
      exchange_.next(steps);
      for (const Step& step : steps) {
        if (collect(step)) continue;
        if (!co_await carry_out(step)) co_return;
      }
      if (!steps.empty()) continue;
      if (!needs_input()) {  // An answer without an end: there is none.
        abort(false);
        co_return;
      }
      if (!co_await flush() || !co_await fetch_input()) co_return;
    }
  }

 private:
  bool needs_input() const {
    return exchange_.upstream() != nullptr && exchange_.upstream()->needs_input();
  }

  // Gets one piece from the upstream. False where the client has gone meanwhile.
  asio::awaitable<bool> fetch_input() {
    using namespace asio::experimental::awaitable_operators;
    UpstreamAnswer& answer = *exchange_.upstream();
    if (!stream_) {
      auto opened = co_await (upstream_->open(std::move(head_), answer.take_request_body()) ||
                              writer_.client_gone());
      if (opened.index() == 1) co_return client_went();
      auto& stream = std::get<0>(opened);
      if (!stream) {
        answer.on_failure(stream.error());
        co_return true;
      }
      stream_ = std::move(*stream);
      answer.on_head(passed_on(stream_->head()));
      co_return true;
    }
    auto read = co_await (stream_->read_some(upstream_piece_bytes) || writer_.client_gone());
    if (read.index() == 1) co_return client_went();
    auto& piece = std::get<0>(read);
    if (!piece) {
      answer.on_failure(piece.error());
    } else if (piece->empty()) {
      answer.on_end();
    } else {
      answer.on_bytes(std::move(*piece));
    }
    co_return true;
  }

  bool client_went() {
    exchange_.ended(JournalEntry::Outcome::client_gone);
    writer_.abort(false);
    return false;
  }

  // Takes bytes of the body together; false where something is to be waited for. Most steps are
  // frames that are not worth a coroutine each.
  bool collect(const Step& step) {
    const auto* body = std::get_if<BodyStep>(&step);
    if (body == nullptr) return false;
    buffer_ += body->bytes;
    return buffer_.size() < write_size_bytes;
  }

  // What collect() did not settle. False when nothing more is to be done.
  asio::awaitable<bool> carry_out(const Step& step) {
    if (!co_await flush()) co_return false;
    if (std::holds_alternative<BodyStep>(step)) co_return true;
    if (const auto* head = std::get_if<HeadStep>(&step)) {
      exchange_.sent_head(head->head.status, head->head.headers.get("Content-Type"));
      co_return note(co_await writer_.start(head->head));
    }
    if (const auto* wait = std::get_if<WaitStep>(&step))
      co_return co_await pass_time(wait->duration);
    if (const auto* abort_step = std::get_if<AbortStep>(&step)) {
      abort(abort_step->reset);
      co_return false;
    }
    if (std::holds_alternative<HangStep>(step)) {
      stream_.reset();  // The upstream has a limit of reads at once.
      const auto gone = co_await writer_.client_gone();
      exchange_.ended(gone ? JournalEntry::Outcome::client_gone : JournalEntry::Outcome::aborted);
      if (!gone) writer_.abort(false);
      co_return false;
    }
    if (note(co_await writer_.finish())) exchange_.ended(JournalEntry::Outcome::complete);
    co_return false;
  }

  asio::awaitable<bool> flush() {
    if (buffer_.empty()) co_return true;
    const bool sent = note(co_await writer_.write(buffer_));
    if (sent) exchange_.sent_body(buffer_.size());
    buffer_.clear();
    co_return sent;
  }

  asio::awaitable<bool> pass_time(std::chrono::nanoseconds duration) {
    using namespace asio::experimental::awaitable_operators;
    asio::steady_timer timer(co_await asio::this_coro::executor, duration);
    const auto first = co_await (timer.async_wait(net::nothrow) || writer_.client_gone());
    if (first.index() == 0 && !std::get<0>(std::get<0>(first))) co_return true;
    co_return client_went();
  }

  void abort(bool reset) {
    exchange_.ended(JournalEntry::Outcome::aborted);
    writer_.abort(reset);
  }

  bool note(const Result<void>& sent) {
    if (!sent) exchange_.ended(JournalEntry::Outcome::client_gone);
    return sent.has_value();
  }

  Exchange& exchange_;
  net::ResponseWriter& writer_;
  Upstream* const upstream_;
  net::RequestHead head_;  // Of the client's request; it goes to the upstream.
  std::unique_ptr<net::ResponseStream> stream_;
  std::string buffer_;
};

asio::awaitable<void> send_error(net::ResponseWriter& writer, int status, const std::string& text,
                                 std::string_view allow = {}) {
  net::ResponseHead head;
  set_error_headers(head, status, text.size() + 1);
  if (!allow.empty()) head.headers.set("Allow", std::string(allow));
  (void)co_await writer.reply(std::move(head), text + "\n");
}

}  // namespace

struct StoreServer::State : std::enable_shared_from_this<State> {
  State(const asio::any_io_executor& executor, std::unique_ptr<Store> new_store, std::string path)
      : store(std::move(new_store)),
        read_path(std::move(path)),
        strand(asio::make_strand(executor)),
        timer(strand) {}

  asio::awaitable<void> serve(net::ServerRequest request, net::ResponseWriter& writer,
                              bool admin_only) {
    const std::string_view target = request.head.target;
    if (sink && target == "/-/sink" && request.head.method == "GET") {
      AdminReply answer = sink->counts();
      (void)co_await writer.reply(std::move(answer.head), std::move(answer.body));
      co_return;
    }
    // An upstream has paths below /-/ itself; the control interface is on the other listener.
    if (is_admin_path(target) && (admin_only || !upstream)) {
      const bool changes = request.head.method != "GET";
      AdminReply answer = answer_admin(*store, request.head.method, target, request.body);
      if (changes) post_refresh();
      (void)co_await writer.reply(std::move(answer.head), std::move(answer.body));
      co_return;
    }
    const bool is_read = !admin_only && target.substr(0, target.find('?')) == read_path;
    if (sink && !admin_only && !is_read) {
      if (auto answer = sink->answer(request.head.method, target)) {
        (void)co_await writer.reply(std::move(answer->head), std::move(answer->body));
        co_return;
      }
    }
    if (upstream && !admin_only && !(is_read && request.head.method == "POST")) {
      co_await upstream->forward(std::move(request), writer);
      co_return;
    }
    if (!is_read) {
      co_await send_error(writer, 404, "404 page not found");
      co_return;
    }
    if (request.head.method != "POST") {
      co_await send_error(writer, 405, "Method Not Allowed", "OPTIONS, POST");
      co_return;
    }
    if (store->refuse(request.head.headers, request.body, request.peer)) {
      net::ResponseHead head;
      set_error_headers(head, 401, unauthorized.size());
      head.headers.set("WWW-Authenticate", store->auth().challenge());
      (void)co_await writer.reply(std::move(head), std::string(unauthorized));
      co_return;
    }
    const auto exchange = store->begin(request.body, request.peer);
    request.body = {};
    // The password of this store is none of the upstream's.
    if (store->auth().wants_authorization()) request.head.headers.remove("Authorization");
    Delivery delivery(*exchange, writer, upstream.get(), std::move(request.head));
    co_await delivery.run();
  }

  void post_refresh() {
    asio::post(strand, [self = shared_from_this()] { self->refresh(); });
  }

  // Opens or closes the listener as the faults want it, and comes back when that may change. Runs
  // on the strand.
  void refresh() {
    if (stopped) return;
    const auto now = store->time().now().since_start;
    const bool accept = !store->faults().refusing(now);
    if (accept != accepting) {
      if (auto done = server->set_accepting(accept); done)
        accepting = accept;
      else
        tell(store->name(), done.error().to_string());
    }
    timer.cancel();
    const auto next = store->faults().next_change(now);
    if (!next) return;
    timer.expires_after(*next - now);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->refresh();
    });
  }

  const std::unique_ptr<Store> store;
  const std::string read_path;
  std::optional<Sink> sink;
  std::unique_ptr<Upstream> upstream;  // Null: the store has data of its own.
  std::string url;
  const asio::strand<asio::any_io_executor> strand;
  asio::steady_timer timer;  // On the strand, as what follows.
  bool accepting = true;
  bool stopped = false;
  std::unique_ptr<net::Server> admin;
  std::unique_ptr<net::Server> server;
};

Result<std::unique_ptr<StoreServer>> StoreServer::start(asio::any_io_executor executor,
                                                        const StoreConfig& config, uint64_t seed,
                                                        const TimeSource& time) {
  auto store = Store::create(config, seed, time);
  if (!store) return fail(store.error());
  auto state = std::make_shared<State>(executor, std::move(*store), config.read_path);
  if (config.sink) state->sink.emplace();
  if (config.upstream) {
    auto upstream = Upstream::create(*config.upstream);
    if (!upstream) return fail(upstream.error().in("store " + config.name));
    state->upstream = std::move(*upstream);
  }
  std::shared_ptr<net::TlsSource> tls;
  if (config.tls) {
    const auto tell = [name = config.name](bool, const std::string& line) {
      mockstore::tell(name, line);
    };
    auto source = net::TlsSource::create(*config.tls, tell);
    if (!source) return fail(source.error().in("store " + config.name + ": tls"));
    tls = std::move(*source);
  }
  auto names = config.hostnames;
  names.insert(names.end(), {config.listen.host, config.admin_listen.host});
  const net::Screen screen = control_screen(std::move(names));
  const auto listen = [&](const net::ListenAddress& address, bool admin_only) {
    net::ServerOptions options;
    options.host = address.host;
    options.port = address.port;
    options.body_limit_bytes = admin_only ? admin_body_limit_bytes : body_limit_bytes;
    // Behind a store with an upstream, every path of the main listener is the upstream's.
    if (admin_only || !config.upstream) options.screen = screen;
    if (tls && !admin_only) options.tls = [tls] { return tls; };
    net::Handler handler = [weak = std::weak_ptr<State>(state), admin_only](
                               net::ServerRequest request,
                               net::ResponseWriter& writer) -> asio::awaitable<void> {
      if (const auto self = weak.lock())
        co_await self->serve(std::move(request), writer, admin_only);
    };
    return net::Server::listen(executor, std::move(options), std::move(handler));
  };
  auto server = listen(config.listen, false);
  if (!server) return fail(server.error().in("store " + config.name));
  auto admin = listen(config.admin_listen, true);
  if (!admin) return fail(admin.error().in("store " + config.name + " admin"));
  state->server = std::move(*server);
  state->admin = std::move(*admin);
  state->url = state->server->url();
  state->post_refresh();
  return std::unique_ptr<StoreServer>(new StoreServer(std::move(state)));
}

StoreServer::~StoreServer() {
  state_->server.reset();
  state_->admin.reset();
}

std::string StoreServer::url() const { return state_->url; }
std::string StoreServer::read_url() const { return state_->url + state_->read_path; }
std::string StoreServer::admin_url() const { return state_->admin->url(); }
Store& StoreServer::store() { return *state_->store; }

void StoreServer::set_faults(std::vector<FaultRule> rules) {
  state_->store->set_faults(std::move(rules));
  state_->post_refresh();
}

asio::awaitable<void> StoreServer::drain(std::chrono::milliseconds grace) {
  const auto state = state_;
  asio::post(state->strand, [state] {
    state->stopped = true;
    state->timer.cancel();
  });
  co_await state->server->drain(grace);
  co_await state->admin->drain(grace);
}

}  // namespace mread::mockstore
