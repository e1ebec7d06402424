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

Service::Service(merger::Config config, std::shared_ptr<spdlog::logger> logger)
    : config_(std::move(config)),
      logger_(std::move(logger)),
      started_(std::chrono::system_clock::now()),
      gate_(config_.limits.concurrent_reads),
      metrics_(config_),
      board_(config_.backends.size()),
      context_{config_, client_, gate_, backend_requests(config_)} {}

Result<std::unique_ptr<Service>> Service::create(merger::Config config, std::shared_ptr<spdlog::logger> logger) {
  std::unique_ptr<Service> service(new Service(std::move(config), std::move(logger)));
  if (!service->config_.query_log_file.empty()) {
    auto log = QueryLog::open(service->config_.query_log_file);
    if (!log) return fail(std::move(log.error()));
    service->query_log_ = std::move(*log);
  }
  return service;
}

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
    metrics_.set_reads(gate_.inside(), gate_.waiting());
    head = head_of(200, "text/plain; version=0.0.4; charset=utf-8");
    body = metrics_.text();
  } else {
    head = head_of(200, "text/html; charset=utf-8");
    body = status_page(config_, board_.standings(), started_, std::chrono::system_clock::now());
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
  merger::FanOutOptions options;
  options.known_unsorted = board_.known_unsorted();
  const auto strand = co_await asio::this_coro::executor;
  const auto session = std::make_shared<ReadSession>(strand, context_, *decoded, passed_on(request.head.headers),
                                                     std::move(options), writer);
  const ReadReport report = co_await session->run();
  finish_read(*decoded, report, request.peer);
}

void Service::finish_read(const model::ReadRequest& request, const ReadReport& report, const std::string& peer) {
  const auto now = std::chrono::system_clock::now();
  metrics_.count(report);
  for (const Change& change : board_.record(report.outcome, now)) {
    const std::string& name = config_.backends[change.backend].name;
    if (change.failing) {
      logger_->warn("backend {} fails: {}", name, change.reason);
    } else {
      logger_->info("backend {} answers again", name);
    }
  }
  if (report.abort_reason) logger_->error("read aborted: {}", report.abort_reason->to_string());
  logger_->debug("read from {}: {} {}, {} series, {} bytes{}{}", peer, report.status, to_string(report.end),
                 report.outcome.series_out, report.bytes_sent, report.outcome.partial.empty() ? "" : ", left out ",
                 report.outcome.partial);
  if (!query_log_) return;
  if (auto written = query_log_->append(query_log_line(config_, request, report, peer, now)); !written) {
    logger_->error("{}", written.error().to_string());
  }
}

}  // namespace mread::serve
