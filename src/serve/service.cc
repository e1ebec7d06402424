#include "serve/service.h"

#include <utility>

#include <boost/asio/this_coro.hpp>

#include "serve/status_page.h"
#include "wire/read_request.h"

namespace mread::serve {
namespace {

// As Prometheus reads at most 32 MiB of a request; a matcher list that unfolds to more than this is no query.
constexpr size_t request_limit_bytes = 64U << 20;

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

}  // namespace

Service::Service(const asio::any_io_executor& executor, std::shared_ptr<spdlog::logger> logger)
    : logger_(std::move(logger)),
      started_(std::chrono::system_clock::now()),
      gate_(0),
      prober_(std::make_shared<Prober>(executor, client_)) {}

Lasting Service::lasting() { return {client_, gate_, metrics_, prober_, logger_}; }

Result<std::unique_ptr<Service>> Service::create(const asio::any_io_executor& executor, merger::Config config,
                                                 std::shared_ptr<spdlog::logger> logger) {
  std::unique_ptr<Service> service(new Service(executor, std::move(logger)));
  auto generation = Generation::create(std::move(config), service->lasting(), nullptr);
  if (!generation) return fail(std::move(generation.error()));
  service->generation_ = std::move(*generation);
  service->gate_.set_places(service->generation_->config().limits.concurrent_reads);
  return service;
}

std::shared_ptr<Generation> Service::generation() const {
  const std::lock_guard lock(mutex_);
  return generation_;
}

asio::awaitable<void> Service::stop() { co_await prober_->stop(); }

net::Handler Service::handler() {
  return [this](net::ServerRequest request, net::ResponseWriter& writer) { return handle(std::move(request), writer); };
}

asio::awaitable<void> Service::handle(net::ServerRequest request, net::ResponseWriter& writer) {
  const std::string& target = request.head.target;
  const std::string path = target.substr(0, target.find('?'));
  const std::string& method = request.head.method;
  if (path == "/api/v1/read" && method == "POST") {
    co_await read(std::move(request), writer);
    co_return;
  }
  const bool is_page = path == "/" || path == "/metrics" || path == "/-/healthy" || path == "/-/ready";
  auto head = plain(200);
  std::string body;
  if (path == "/api/v1/read") {
    metrics_.count_refused(405);
    head = plain(405);
    head.headers.add("Allow", "POST");
    body = "method " + method + " is not allowed here: remote read is a POST\n";
  } else if (!is_page) {
    head = plain(404);
    body = "no such page: " + path + "\n";
  } else if (method != "GET" && method != "HEAD") {
    head = plain(405);
    head.headers.add("Allow", "GET, HEAD");
    body = "method " + method + " is not allowed here\n";
  } else if (path == "/-/healthy") {
    body = "mread is healthy\n";
  } else if (path == "/-/ready") {
    if (leaving_) head = plain(503);
    body = leaving_ ? "mread is shutting down\n" : "mread is ready\n";
  } else if (path == "/metrics") {
    generation()->show_circuits();
    metrics_.set_reads(gate_.inside(), gate_.waiting());
    head = head_of(200, "text/plain; version=0.0.4; charset=utf-8");
    body = metrics_.text();
  } else {
    head = head_of(200, "text/html; charset=utf-8");
    const auto current = generation();
    body = status_page(current->config(), current->standings(), started_, std::chrono::system_clock::now());
  }
  co_await writer.reply(std::move(head), std::move(body));
}

asio::awaitable<void> Service::read(net::ServerRequest request, net::ResponseWriter& writer) {
  auto decoded = wire::decode_read_request(request.body, request_limit_bytes);
  if (!decoded) {
    metrics_.count_refused(400);
    auto head = plain(400);
    co_await writer.reply(std::move(head), decoded.error().to_string() + "\n");
    co_return;
  }
  request.body = {};
  const auto current = generation();
  std::unique_ptr<Circuits::Admission> admission;
  ReadHooks hooks;
  hooks.begin = [&admission, &current] {
    admission = std::make_unique<Circuits::Admission>(current->circuits());
    merger::FanOutOptions options;
    options.known_unsorted = current->board().known_unsorted();
    options.unavailable = admission->unavailable();
    return options;
  };
  const auto strand = co_await asio::this_coro::executor;
  const auto session = std::make_shared<ReadSession>(strand, current->context(), *decoded,
                                                     passed_on(request.head.headers), std::move(hooks), writer);
  const ReadReport report = co_await session->run();
  finish_read(*current, *decoded, report, admission.get(), request.peer);
}

void Service::finish_read(Generation& generation, const model::ReadRequest& request, const ReadReport& report,
                          Circuits::Admission* admission, const std::string& peer) {
  const auto now = std::chrono::system_clock::now();
  generation.learn(report, admission, now);
  if (report.abort_reason) logger_->error("read aborted: {}", report.abort_reason->to_string());
  logger_->debug("read from {}: {} {}, {} series, {} bytes{}{}", peer, report.status, to_string(report.end),
                 report.outcome.series_out, report.bytes_sent, report.outcome.partial.empty() ? "" : ", left out ",
                 report.outcome.partial);
  if (generation.query_log() == nullptr) return;
  if (auto written = generation.query_log()->append(query_log_line(generation.config(), request, report, peer, now));
      !written) {
    logger_->error("{}", written.error().to_string());
  }
}

}  // namespace mread::serve
