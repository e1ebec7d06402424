#include "serve/generation.h"

#include <algorithm>
#include <utility>

#include <boost/asio/ip/host_name.hpp>
#include <fmt/format.h>

#include "net/listen_address.h"
#include "serve/backends/backend_credentials.h"

namespace mread::serve {
namespace {

using Kind = LimitedLog::Kind;

// By backend of `config`: its index in `previous`, or none.
std::vector<std::optional<size_t>> origins(const config::Config& config,
                                           const config::Config& previous) {
  std::vector<std::optional<size_t>> origins(config.backends.size());
  for (size_t i = 0; i < config.backends.size(); ++i) {
    for (size_t j = 0; j < previous.backends.size(); ++j) {
      if (config.backends[i].name != previous.backends[j].name) continue;
      if (config.endpoints[i].url == previous.endpoints[j].url) origins[i] = j;
    }
  }
  return origins;
}

std::vector<net::ClientRequest> requests(const config::Config& config, const Transports& transports,
                                         TokenSources& tokens) {
  auto requests = authorized_requests(config, tokens);
  for (size_t i = 0; i < requests.size(); ++i) requests[i].transport = transports.backends[i];
  return requests;
}

// Reads of the same series are the same read, whatever their time.
uint64_t selector_hash(const model::ReadRequest& request) {
  std::string selectors;
  for (const model::Query& query : request.queries)
    selectors += model::to_string(query.matchers) + '\n';
  return std::hash<std::string>()(selectors);
}

std::vector<std::string> host_names(const config::Config& config) {
  std::vector<std::string> names = config.web.hostnames;
  if (const auto address = net::parse_listen_address(config.listen)) names.push_back(address->host);
  boost::system::error_code code;
  const std::string own = asio::ip::host_name(code);
  if (!code) {
    names.push_back(own);
    names.push_back(own.substr(0, own.find('.')));
  }
  return names;
}

void tell(LimitedLog& log, const std::string& backend, merger::Breaker::State state) {
  switch (state) {
    case merger::Breaker::State::closed:
      log.write(Kind::circuit, backend, spdlog::level::info,
                fmt::format("backend {}: circuit closed, it answers", backend));
      break;
    case merger::Breaker::State::suspect:
      log.write(Kind::circuit, backend, spdlog::level::debug,
                fmt::format("backend {}: suspect after a failed read, a probe decides", backend));
      break;
    case merger::Breaker::State::open:
      log.write(
          Kind::circuit, backend, spdlog::level::warn,
          fmt::format(
              "backend {}: circuit open, it is not asked until it answers a probe and then a read",
              backend));
      break;
    case merger::Breaker::State::half_open:
      log.write(Kind::circuit, backend, spdlog::level::info,
                fmt::format("backend {}: circuit half-open, the next read decides", backend));
      break;
  }
}

// Whether the backend's process may be another when it answers again.
bool means_gone(const Error& error) {
  using Reason = FailureReason;
  const Reason reason = failure_reason(error);
  return reason == Reason::refused || reason == Reason::reset || reason == Reason::unreachable ||
         reason == Reason::truncated || reason == Reason::tls;
}

}  // namespace

Generation::Generation(config::Config config, Transports transports, Services services,
                       const Generation* previous)
    : config_(std::move(config)),
      transports_(std::move(transports)),
      services_(std::move(services)),
      circuits_(std::make_shared<Circuits>(
          config_, previous == nullptr ? nullptr : previous->circuits_.get())),
      catalogs_(std::make_shared<Catalogs>(
          config_, previous == nullptr ? nullptr : previous->catalogs_.get())),
      metrics_(services_.metrics.bind(config_)),
      context_{config_,
               services_.clock,
               services_.client,
               services_.gate,
               services_.memory_budget,
               requests(config_, transports_, *services_.tokens)},
      guard_(host_names(config_), "web.hostnames"),
      board_(config_.backends.size()),
      hedging_(config_) {
  if (previous == nullptr) return;
  const auto known = origins(config_, previous->config_);
  board_.take_over(previous->board_.standings(), known);
  hedging_.take_over(previous->hedging_, known);
}

Result<std::shared_ptr<Generation>> Generation::create(config::Config config, Services services,
                                                       const Generation* previous) {
  const auto tell = [&log = services.log](bool failed, const std::string& line) {
    log.write(Kind::tls_files, "", failed ? spdlog::level::err : spdlog::level::info, line);
  };
  auto transports =
      make_transports(config, previous == nullptr ? nullptr : &previous->transports_, tell);
  if (!transports) return fail(std::move(transports.error()));
  for (const std::string& warning : config.warnings) services.logger->warn("{}", warning);
  std::shared_ptr<Generation> generation(
      new Generation(std::move(config), std::move(*transports), std::move(services), previous));
  if (!generation->config_.query_log_file.empty()) {
    auto log = QueryLog::open(generation->config_.query_log_file);
    if (!log) return fail(std::move(log.error()));
    generation->query_log_ = std::move(*log);
  }
  return generation;
}

std::vector<BackendStanding> Generation::standings() const {
  auto standings = board_.standings();
  for (size_t i = 0; circuits_->enabled() && i < standings.size(); ++i)
    standings[i].circuit = circuits_->state(i);
  const auto catalogs = catalogs_->standings();
  for (size_t i = 0; i < catalogs.size(); ++i) standings[i].catalog = catalogs[i];
  return standings;
}

void Generation::show_states() const {
  const auto catalogs = catalogs_->standings();
  for (size_t i = 0; i < catalogs.size(); ++i) {
    if (catalogs[i].catalog) services_.metrics.set_catalog(*metrics_, i, *catalogs[i].catalog);
  }
  for (size_t i = 0; circuits_->enabled() && i < config_.backends.size(); ++i) {
    services_.metrics.set_circuit(*metrics_, i, circuits_->state(i));
  }
}

std::unique_ptr<Subscriber> Generation::subscriber(const asio::any_io_executor& strand,
                                                   const model::ReadRequest& request,
                                                   const net::Headers& passed_on,
                                                   const Asker& asker) {
  const auto key = config_.server_limits.read_sharing
                       ? share_key(request, passed_on, asker.client_class)
                       : std::nullopt;
  const merger::ReadIdentity who{std::hash<std::string>()(asker.client), selector_hash(request)};
  const auto create = [&] {
    Broadcast::Limits limits;
    // Nobody can join, so nothing need be kept.
    if (!key) limits.join_bytes = 0;
    return std::make_shared<SharedRead>(strand, context_, request, passed_on,
                                        shared_read_hooks(who, asker.client_class), limits, asker);
  };
  if (key) return shared_reads_.subscriber(*key, strand, create);
  const auto shared_read = create();
  auto subscriber = Subscriber::join(shared_read, strand);
  shared_read->start();
  return subscriber;
}

SharedReadHooks Generation::shared_read_hooks(merger::ReadIdentity who,
                                              merger::ClientClass client) {
  // Held by the hooks, so that a shared read that never reports anything gives its permit back.
  const auto admission = std::make_shared<std::optional<Circuits::Admission>>();
  SharedReadHooks hooks;
  hooks.begin = [this, admission, who, client] {
    admission->emplace(*circuits_, services_.clock.now(), who);
    merger::FanOutOptions options;
    board_.prepare(options);
    hedging_.prepare(options);
    (*admission)->prepare(options);
    options.knowledge = catalogs_->knowledge();
    options.client = client;
    return options;
  };
  if (circuits_->enabled()) {
    hooks.late_after = [this](size_t backend) {
      return circuits_->late_after(config_.backends[backend]);
    };
    hooks.late = [this](size_t backend) {
      if (circuits_->late(backend, services_.clock.now())) probe(backend);
    };
  }
  hooks.given_up = [this](const std::string& line) {
    services_.metrics.count_given_up();
    services_.log.write(Kind::read_given_up, "", spdlog::level::warn, "read given up: " + line);
  };
  hooks.ended = [this, admission](const merger::Outcome& outcome) { learn(outcome, **admission); };
  return hooks;
}

void Generation::learn(const merger::Outcome& outcome, Circuits::Admission& admission) {
  services_.metrics.count_fan_out(outcome, *metrics_);
  hedging_.learn(outcome);
  services_.conflicts.record(outcome, std::chrono::system_clock::now());
  LimitedLog& log = services_.log;
  for (const Change& change : board_.record(outcome, std::chrono::system_clock::now())) {
    const std::string& name = config_.backends[change.backend].name;
    if (change.failing) {
      log.write(Kind::backend, name, spdlog::level::warn,
                fmt::format("backend {} fails: {}", name, change.reason));
    } else {
      log.write(Kind::backend, name, spdlog::level::info,
                fmt::format("backend {} answers again", name));
    }
  }
  for (const merger::BackendOutcome& each : outcome.backends) {
    if (each.state == merger::BackendOutcome::State::unavailable) continue;  // It was not asked.
    if (each.error && means_gone(*each.error)) catalogs_->gone(each.backend);
  }
  for (const Circuits::Change& change : admission.settle(outcome, services_.clock.now())) {
    tell(log, config_.backends[change.backend].name, change.state);
    if (change.state == merger::Breaker::State::open)
      services_.metrics.count_opened(*metrics_, change.backend);
    probe(change.backend);
  }
}

void Generation::take_over(const Generation* previous) {
  if (previous != nullptr) {
    previous->circuits_->retire();
    previous->catalogs_->retire();
    services_.metrics.clear_circuits(*previous->metrics_);
  }
  for (size_t i = 0; circuits_->enabled() && i < config_.backends.size(); ++i) probe(i);
  for (size_t i = 0; catalogs_->enabled() && i < config_.backends.size(); ++i) keep_catalog(i);
}

void Generation::keep_catalog(size_t backend) {
  const merger::PruneSettings& settings = *config_.prune;
  if (!settings.learns(backend)) return;
  Learner::Target target;
  target.source.read = context_.backends[backend];
  target.source.api = settings.api_of(backend).value_or("");
  target.source.by_series = settings.by_series;
  target.source.limits = {settings.values, settings.memory};
  target.timeout = settings.timeout;
  target.refresh = settings.refresh;
  target.may_ask = [circuits = circuits_, backend] {
    return !circuits->enabled() || circuits->state(backend) != merger::Breaker::State::open;
  };
  target.means_gone = means_gone;
  target.ended = [catalogs = catalogs_, backend, name = config_.backends[backend].name,
                  logger = services_.logger, &log = services_.log,
                  counters = std::weak_ptr(metrics_), &metrics = services_.metrics,
                  failing = false](const Error* error) mutable {
    if (const auto shown = counters.lock())
      metrics.count_refresh(*shown, backend, error == nullptr);
    if (error != nullptr && !failing) {
      log.write(
          Kind::catalog, name, spdlog::level::warn,
          fmt::format("backend {}: what it holds cannot be learned: {}", name, error->to_string()));
    } else if (error == nullptr && failing) {
      log.write(Kind::catalog, name, spdlog::level::info,
                fmt::format("backend {}: what it holds is known again", name));
    }
    failing = error != nullptr;
    const auto standing = catalogs->standings().at(backend);
    if (error != nullptr || !standing.catalog) return;
    logger->debug("backend {}: {} labels, {} values, {} bytes", name, standing.catalog->labels(),
                  standing.catalog->values(), standing.catalog->bytes());
  };
  services_.learner->keep(catalogs_, backend, std::move(target));
}

void Generation::probe(size_t backend) {
  Prober::Target target;
  target.request = context_.backends[backend];
  target.request.method = "GET";
  target.request.url.target = config_.health->path;
  target.timeout = std::min(
      {config_.health->probe, config_.health->hung_after, config_.backends[backend].timeout});
  target.ended = [&clock = services_.clock, circuits = circuits_, backend,
                  name = config_.backends[backend].name, &log = services_.log,
                  // A probe that is hours away does not keep the metrics of a backend that is gone.
                  counters = std::weak_ptr(metrics_), &metrics = services_.metrics](bool answered) {
    const auto shown = counters.lock();
    if (shown) metrics.count_probe(*shown, backend, answered);
    const auto changed = circuits->probe_ended(backend, answered, clock.now());
    if (!changed) return;
    tell(log, name, *changed);
    if (shown && *changed == merger::Breaker::State::open) metrics.count_opened(*shown, backend);
  };
  services_.prober->watch(circuits_, backend, std::move(target));
}

}  // namespace mread::serve
