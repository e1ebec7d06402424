#include "serve/service.h"

#include <exception>
#include <new>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "base/printable.h"
#include "base/quantity.h"
#include "merger/answer/make_answer_writer.h"
#include "serve/clients/client_address.h"
#include "serve/clients/descriptors.h"
#include "serve/observe/status_page.h"
#include "serve/read/read_session.h"

namespace mread::serve {
namespace {

using Kind = LimitedLog::Kind;

// As Prometheus reads at most of a request.
constexpr uint64_t body_limit_bytes = 32ULL << 20;
// Of a request that needs none: so much of it is read and dropped.
constexpr uint64_t useless_body_bytes = 4ULL << 10;
// Pages on their way to clients.
constexpr size_t most_pages = 64;

net::ResponseHead head_of(int status, std::string content_type) {
  net::ResponseHead head;
  head.status = status;
  head.headers.add("Content-Type", std::move(content_type));
  return head;
}

net::ResponseHead plain(int status) {
  auto head = head_of(status, "text/plain; charset=utf-8");
  if (status >= 400) head.headers.add("X-Content-Type-Options", "nosniff");
  return head;
}

// The trace of the asking side goes on through here.
net::Headers passed_on(const net::Headers& headers) {
  net::Headers out;
  for (const char* name : {"traceparent", "tracestate", "baggage"}) {
    if (headers.contains(name)) out.add(name, std::string(headers.get(name)));
  }
  return out;
}

std::string warning_of(int status, const std::string& partial) {
  if (status == 200) return partial.empty() ? "" : "partial: " + partial;
  return fmt::format("the read failed with status {}{}{}", status, partial.empty() ? "" : ": ",
                     partial);
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

// Requests that a web page makes a visitor's browser send. Query nodes and scrapers come by any
// name that leads here, so a program's Host is compared with the known names only where the
// configuration lists them, and where the request changes something.
std::optional<net::Refusal> browser_refusal(const Generation& generation,
                                            const net::RequestHead& head) {
  const bool only_asks = head.method == "GET" || head.method == "HEAD";
  const bool changes = !only_asks && path_of(head.target) == "/-/reload";
  std::optional<net::Refusal> refusal;
  if (changes || !generation.config().web.hostnames.empty()) {
    refusal = generation.guard().other_host(head);
  } else {
    refusal = generation.guard().browser_at_other_host(head);
  }
  if (!refusal && !only_asks) refusal = generation.guard().other_origin(head);
  return refusal;
}

// An answer without series.
struct EmptyAnswer {
  net::ResponseHead head;
  std::string body;
};

EmptyAnswer empty_answer(const model::ReadRequest& request, const config::Config& config) {
  const auto& accepted = request.accepted_response_types;
  const auto answer = merger::make_answer_writer(
      accepted.empty() ? model::ResponseType::samples : accepted.front(), config);
  merger::Batch batch;
  for (size_t i = 0; i < request.queries.size(); ++i) answer->begin_result(i, request.queries[i]);
  answer->finish(batch, SIZE_MAX);
  EmptyAnswer out{head_of(200, answer->content_type()), ""};
  if (*answer->content_encoding() != '\0')
    out.head.headers.add("Content-Encoding", answer->content_encoding());
  for (const auto piece : batch.pieces()) out.body += piece;
  return out;
}

}  // namespace

Service::Service(const asio::any_io_executor& executor, std::shared_ptr<spdlog::logger> logger,
                 Warnings::Limits warnings, const Clock& clock)
    : clock_(clock),
      logger_(std::move(logger)),
      log_(logger_, LimitedLog::Limits(), clock_),
      started_(std::chrono::system_clock::now()),
      gate_(0),
      memory_budget_(clock_),
      client_authentication_(metrics_),
      pages_(most_pages),
      warnings_(warnings, clock_),
      prober_(std::make_shared<Prober>(executor, client_, clock_)),
      tokens_(std::make_shared<TokenSources>(executor, client_, clock_)),
      learner_(std::make_shared<Learner>(executor, client_, clock_)),
      discovery_watch_(std::make_shared<FileWatch>(
          executor,
          [this]() -> FileWatch::Subject {
            const auto current = generation();
            const auto& discovery = current->config().discovery;
            if (!discovery) return {"", config::Discovery{}.refresh};
            return {discovery->file, discovery->refresh};
          },
          [this] {
            logger_->info("discovery: the file is new, loading the configuration again");
            start_reload();
          },
          [this](const std::string& why) { logger_->error("discovery: {}", why); })) {}

Services Service::services() {
  return {clock_,  client_, gate_,    memory_budget_, metrics_, conflicts_,
          prober_, tokens_, learner_, log_,           logger_};
}

void Service::apply_limits(const config::Config& config) {
  const config::ServerLimits& limits = config.server_limits;
  gate_.set_slots(limits.concurrent_reads, limits.queue);
  memory_budget_.set_limit(limits.total_bytes_in_flight);
  bodies_.set_limits({limits.request_bodies, limits.request_bytes, limits.queue, limits.queue_wait,
                      body_limit_bytes});
  decoder_.set_limits(limits.queue, limits.queue_wait, config.limits.queries,
                      config.limits.matchers);
  warnings_.set_most_waiting(limits.warnings);
}

Result<std::unique_ptr<Service>> Service::create(const asio::any_io_executor& executor,
                                                 config::Config config,
                                                 std::shared_ptr<spdlog::logger> logger,
                                                 Warnings::Limits warnings, const Clock& clock) {
  std::unique_ptr<Service> service(new Service(executor, std::move(logger), warnings, clock));
  auto generation = Generation::create(std::move(config), service->services(), nullptr);
  if (!generation) return fail(std::move(generation.error()));
  service->generation_ = std::move(*generation);
  service->generation_->take_over(nullptr);
  service->metrics_.count_load(true, service->started_);
  service->apply_limits(service->generation_->config());
  return service;
}

std::shared_ptr<Generation> Service::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

void Service::set_source(std::function<config::Config()> source) {
  source_ = std::move(source);
  discovery_watch_->start();
}

Result<void> Service::reload() {
  const std::lock_guard lock(loading_);
  auto loaded = load();
  const auto now = std::chrono::system_clock::now();
  metrics_.count_load(loaded.has_value(), now);
  {
    const std::lock_guard current(mutex_);
    refused_.reset();
    if (!loaded) refused_ = RefusedReload{loaded.error().to_string(), now};
  }
  if (!loaded) {
    log_.write(
        Kind::reload, "refused", spdlog::level::err,
        "the new configuration is refused, the old one stays: " + loaded.error().to_string());
  }
  return loaded;
}

asio::awaitable<void> Service::idle_loader() { co_return; }

asio::awaitable<Result<void>> Service::reload_here() { co_return reload(); }

asio::awaitable<Result<void>> Service::reload_aside() {
  auto task = reload_here();
  co_return co_await asio::co_spawn(loader_.get_executor(), std::move(task), asio::use_awaitable);
}

void Service::start_reload() {
  asio::post(loader_, [this] { (void)reload(); });  // It logs.
}

Result<void> Service::load() try {
  if (!source_) return fail(Errc::config, "there is no file to load a configuration from");
  const auto old = generation();
  config::Config config = source_();
  if (config.listen != old->config().listen) {
    log_.write(Kind::reload, "listen", spdlog::level::warn,
               fmt::format("listen: {} takes a restart; still listening on {}", config.listen,
                           old->config().listen));
    config.listen = old->config().listen;
  }
  auto created = Generation::create(std::move(config), services(), old.get());
  if (!created) return fail(std::move(created.error()));
  const std::shared_ptr<Generation> next = std::move(*created);
  {
    const std::lock_guard lock(mutex_);
    generation_ = next;
  }
  next->take_over(old.get());
  apply_limits(next->config());
  log_.write(Kind::reload, "loaded", spdlog::level::info,
             fmt::format("configuration loaded: {} in {}, partial: {}",
                         counted(next->config().backends.size(), "backend"),
                         counted(next->config().groups.size(), "group"),
                         to_string(next->config().partial)));
  return {};
} catch (const yaml::ConfigError& error) {
  return fail(Errc::config, error.what());
} catch (const std::bad_alloc&) {
  return fail(Errc::limit, "the configuration takes more memory than there is");
} catch (const std::exception& error) {
  return fail(Errc::config, std::string("the configuration cannot be loaded: ") + error.what());
} catch (...) {
  return fail(Errc::config, "the configuration cannot be loaded, for a reason that is not known");
}

asio::awaitable<void> Service::stop() {
  co_await discovery_watch_->stop();
  // A reload under way ends first: the loader takes one after another.
  auto idle = idle_loader();
  co_await asio::co_spawn(loader_.get_executor(), std::move(idle), asio::use_awaitable);
  co_await prober_->stop();
  co_await learner_->stop();
  co_await tokens_->stop();
}

Result<std::unique_ptr<net::Server>> Service::listen(const asio::any_io_executor& executor,
                                                     net::ServerOptions options) {
  options.screen = [this](const net::RequestHead& head) { return screen(head); };
  options.handshake_failed = [this](const std::string& line) {
    log_.write(Kind::handshake, "", spdlog::level::info, line);
  };
  options.admit = [this](const net::RequestHead& head, std::string peer, bool is_there) {
    return admit(head, std::move(peer), is_there);
  };
  options.connection_limit = [this] {
    return connection_limit(generation()->config().server_limits.connections, descriptor_limit());
  };
  options.cut = [this](std::string_view reason, const std::string& peer) {
    metrics_.count_cut(reason);
    logger_->debug("client {}: cut, {}", peer, reason);
  };
  return net::Server::listen(executor, std::move(options),
                             [this](net::ServerRequest request, net::ResponseWriter& writer) {
                               return handle(std::move(request), writer);
                             });
}

asio::awaitable<std::optional<net::Refusal>> Service::screen(const net::RequestHead& head) {
  const auto current = generation();
  auto refusal = browser_refusal(*current, head);
  if (!refusal)
    refusal = co_await client_authentication_.refusal(current->config().web.basic_auth_users, head);
  co_return refusal;
}

asio::awaitable<net::BodyPermit> Service::admit(const net::RequestHead& head, std::string peer,
                                                bool is_there) {
  const std::string path(path_of(head.target));
  net::BodyPermit permit;
  permit.limit_bytes = useless_body_bytes;
  const bool is_read = path == "/api/v1/read" && head.method == "POST";
  if (is_read || (path == "/api/v1/read/warnings" && head.method == "POST")) {
    Bodies::Refused refused = [this, is_read](int status) {
      if (is_read) metrics_.count_refused(status);
    };
    permit = co_await bodies_.admit(client_address(peer), is_there, std::move(refused));
  }
  co_return permit;
}

asio::awaitable<void> Service::handle(net::ServerRequest request, net::ResponseWriter& writer) {
  const auto current = generation();
  const std::string& target = request.head.target;
  const std::string path(path_of(target));
  const std::string& method = request.head.method;
  if (path == "/api/v1/read" && method == "POST") {
    co_await read(std::move(request), writer);
    co_return;
  }
  const bool is_warnings = path == "/api/v1/read/warnings";
  if (is_warnings && method == "POST") {
    co_await warn(std::move(request), writer);
    co_return;
  }
  const bool is_page =
      path == "/" || path == "/metrics" || path == "/-/healthy" || path == "/-/ready";
  auto head = plain(200);
  std::string body;
  if (path == "/api/v1/read" || is_warnings) {
    if (!is_warnings) metrics_.count_refused(405);
    head = plain(405);
    head.headers.add("Allow", "POST");
    body = "method " + printable(method) + " is not allowed here: remote read is a POST\n";
  } else if (path == "/-/reload") {
    if (method != "POST" && method != "PUT") {
      head = plain(405);
      head.headers.add("Allow", "POST, PUT");
      body = "a reload is a POST\n";
    } else {
      const auto reloaded = co_await reload_aside();
      if (!reloaded) head = plain(400);
      body = reloaded ? "the configuration is loaded\n" : reloaded.error().to_string() + "\n";
    }
  } else if (!is_page) {
    head = plain(404);
    body = "no such page: " + printable(path) + "\n";
  } else if (method != "GET" && method != "HEAD") {
    head = plain(405);
    head.headers.add("Allow", "GET, HEAD");
    body = "method " + printable(method) + " is not allowed here\n";
  } else if (path == "/-/healthy") {
    body = "mread is healthy\n";
  } else if (path == "/-/ready") {
    if (leaving_) head = plain(503);
    body = leaving_ ? "mread is shutting down\n" : "mread is ready\n";
  } else {
    co_await send_page(path == "/metrics", writer);
    co_return;
  }
  co_await writer.reply(std::move(head), std::move(body));
}

asio::awaitable<void> Service::send_page(bool is_metrics, net::ResponseWriter& writer) {
  const auto strand = co_await asio::this_coro::executor;
  const auto ticket = pages_.put(strand, [this, &writer] {
    metrics_.count_cut("slow_page");
    writer.abort(true);
  });
  const auto current = generation();
  const ReadsNow reads{gate_.inside(), gate_.waiting(), memory_budget_.held()};
  if (is_metrics) {
    current->show_states();
    metrics_.set_reads(reads.running, reads.waiting, reads.held_bytes);
    metrics_.set_requests(bodies_.waiting(), decoder_.waiting(), bodies_.held());
    auto head = head_of(200, "text/plain; version=0.0.4; charset=utf-8");
    co_await writer.reply(std::move(head), metrics_.text());
    co_return;
  }
  auto head = head_of(200, "text/html; charset=utf-8");
  std::optional<RefusedReload> refused;
  {
    const std::lock_guard lock(mutex_);
    refused = refused_;
  }
  std::string body =
      status_page(current->config(), reads, current->standings(), current->hedging().counts(),
                  conflicts_.last(), started_, std::chrono::system_clock::now(), refused);
  co_await writer.reply(std::move(head), std::move(body));
}

// None where the client has gone or was refused.
asio::awaitable<std::optional<DecodedRequest>> Service::decode(net::ServerRequest request,
                                                               net::ResponseWriter& writer) {
  using namespace asio::experimental::awaitable_operators;
  const bool is_read = path_of(request.head.target) == "/api/v1/read";
  auto first = co_await (decoder_.decode(std::move(request)) || writer.client_gone());
  auto* const decoded = std::get_if<0>(&first);
  if (decoded == nullptr) {
    writer.abort(true);
    co_return std::nullopt;
  }
  if (decoded->refusal) {
    if (is_read) metrics_.count_refused(decoded->refusal->head.status);
    co_await writer.reply(std::move(decoded->refusal->head), std::move(decoded->refusal->body));
    co_return std::nullopt;
  }
  co_return std::move(*decoded);
}

asio::awaitable<void> Service::read(net::ServerRequest request, net::ResponseWriter& writer) {
  const std::string peer = request.peer;
  const net::Headers to_backends = passed_on(request.head.headers);
  const std::string user_agent(request.head.headers.get("User-Agent"));
  const auto decoded = co_await decode(std::move(request), writer);
  if (!decoded) co_return;
  const auto read = warnings_.announce(decoded->warnings_key);
  const auto current = generation();
  // However the read ends, its subscriber leaves it in good order.
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto strand = co_await asio::this_coro::executor;
  const Asker asker{client_address(peer), decoded->bytes, current->config().class_of(user_agent)};
  const auto subscriber = current->subscriber(strand, decoded->read, to_backends, asker);
  const auto& accepted = decoded->read.accepted_response_types;
  const auto type = accepted.empty() ? model::ResponseType::samples : accepted.front();
  const auto decided = [&read](int status, const std::string& partial) {
    read->decide(warning_of(status, partial));
  };
  const config::ServerLimits& limits = current->config().server_limits;
  const Pace::Limits pace{limits.client_rate, limits.client_patience};
  const auto session =
      std::make_shared<ReadSession>(strand, *subscriber, type, decided, writer, pace, clock_);
  ReadReport report = co_await session->run();
  // What the client has seen in whole is counted before it can ask for it.
  if (report.end == ReadReport::End::complete) finish_read(*current, decoded->read, report, peer);
  co_await subscriber->leave();
  if (report.end == ReadReport::End::complete) co_return;
  report.outcome = subscriber->outcome();
  finish_read(*current, decoded->read, report, peer);
}

asio::awaitable<void> Service::warn(net::ServerRequest request, net::ResponseWriter& writer) {
  using namespace asio::experimental::awaitable_operators;
  if (!warnings_.has_room()) {
    auto busy = try_again_later(
        503, "too many requests wait for the warnings of their reads (limits.warnings)");
    co_await writer.reply(std::move(busy.head), std::move(busy.body));
    co_return;
  }
  auto decoded = co_await decode(std::move(request), writer);
  if (!decoded) co_return;
  // All that is needed of the request while it waits.
  EmptyAnswer answer = empty_answer(decoded->read, generation()->config());
  std::string key = std::move(decoded->warnings_key);
  decoded.reset();
  const auto first = co_await (warnings_.warning(std::move(key)) || writer.client_gone());
  const auto* warning = std::get_if<0>(&first);
  if (warning == nullptr) {
    writer.abort(true);
    co_return;
  }
  const bool matched = warning->has_value();
  const bool partial = matched && !(*warning)->empty();
  metrics_.count_warnings(partial ? "partial" : matched ? "complete" : "unmatched");
  if (partial) {
    auto head = plain(503);
    std::string line = **warning + "\n";
    co_await writer.reply(std::move(head), std::move(line));
    co_return;
  }
  co_await writer.reply(std::move(answer.head), std::move(answer.body));
}

void Service::finish_read(Generation& generation, const model::ReadRequest& request,
                          const ReadReport& report, const std::string& peer) {
  const auto now = std::chrono::system_clock::now();
  if (report.abort_reason) {
    log_.write(Kind::read_aborted, "", spdlog::level::err,
               "read aborted: " + report.abort_reason->to_string());
  }
  logger_->debug("read from {}: {} {}, {} series, {} bytes{}{}", peer, report.status,
                 to_string(report.end), report.outcome.series_out, report.bytes_sent,
                 report.outcome.partial.empty() ? "" : ", left out ", report.outcome.partial);
  if (QueryLog* const log = generation.query_log(); log != nullptr) {
    const auto written =
        log->append(query_log_line(generation.config(), request, report, peer, now));
    if (!written) {
      metrics_.count_query_log_lost();
      log_.write(Kind::query_log, "", spdlog::level::err,
                 "a line is lost: " + written.error().to_string());
    }
  }
  // Last, so that a read that is counted has its line in the log.
  metrics_.count(report);
}

}  // namespace mread::serve
