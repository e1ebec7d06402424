#include "serve/observe/metrics.h"

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <sstream>
#include <string_view>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "serve/observe/process_metrics.h"
#include "wire/chunk/chunk_encoding.h"

namespace mread::serve {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

const Histogram::BucketBoundaries duration_buckets{
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

prometheus::Labels with(prometheus::Labels labels, const char* name, const char* value) {
  labels.emplace(name, value);
  return labels;
}

constexpr merger::Breaker::State circuit_states[] = {
    merger::Breaker::State::closed, merger::Breaker::State::suspect, merger::Breaker::State::open,
    merger::Breaker::State::half_open};

struct BackendMetrics {
  Counter* requests;
  Counter* bytes;
  Counter* series;
  Counter* unsorted;
  Histogram* first_byte;
  Histogram* total;
  // Only with `health:`.
  Counter* opened = nullptr;
  Counter* probes_answered = nullptr;
  Counter* probes_failed = nullptr;
  std::vector<Gauge*> circuit;                       // In the order of circuit_states.
  std::array<Counter*, failure_reasons> failures{};  // By FailureReason.
  // By merger::SkipReason; null where the configuration has no such thing.
  std::array<Counter*, merger::skip_reasons> skipped{};
  // Only with `prune:`.
  Counter* learned = nullptr;
  Counter* not_learned = nullptr;
  Gauge* catalog_time = nullptr;
  Gauge* catalog_values = nullptr;
  Gauge* catalog_bytes = nullptr;
};

// Of a group with `hedge_after`.
struct HedgeMetrics {
  Counter* won = nullptr;
  Counter* lost = nullptr;
  Counter* refused = nullptr;
};

// Adds metrics of families for as long as somebody uses them. Two users of the same labels share
// one.
class SharedMetrics {
 public:
  template <typename T, typename... Arguments>
  T* add(Family<T>& family, const prometheus::Labels& labels, const Arguments&... arguments) {
    T* const metric = &family.Add(labels, arguments...);
    auto& use = uses_[metric];
    ++use.count;
    use.remove = [&family, metric] { family.Remove(metric); };
    return metric;
  }
  void release(const void* metric) {
    const auto found = uses_.find(metric);
    if (--found->second.count > 0) return;
    found->second.remove();
    uses_.erase(found);
  }

  std::mutex mutex;  // For the two above.

 private:
  struct Use {
    size_t count = 0;
    std::function<void()> remove;
  };
  std::map<const void*, Use> uses_;
};

}  // namespace

struct Metrics::Backends {
  explicit Backends(SharedMetrics& metrics) : shared(metrics) {}
  ~Backends() {
    const std::lock_guard lock(shared.mutex);
    for (const void* metric : used) shared.release(metric);
  }
  Backends(const Backends&) = delete;
  Backends& operator=(const Backends&) = delete;

  // With the mutex held.
  template <typename T, typename... Arguments>
  T* add(Family<T>& family, const prometheus::Labels& labels, const Arguments&... arguments) {
    T* const metric = shared.add(family, labels, arguments...);
    used.push_back(metric);
    return metric;
  }

  // Each adds the metrics that the configuration asks for. With the mutex held.
  void add_backend(Families& families, const config::Config& config,
                   const merger::Backend& backend);
  void add_group(Families& families, const merger::Group& group);
  void add_circuit(Families& families, const prometheus::Labels& labels, BackendMetrics& metrics);
  void add_skipped(Families& families, const config::Config& config, const merger::Backend& backend,
                   const prometheus::Labels& labels, BackendMetrics& metrics);
  void add_catalog(Families& families, const prometheus::Labels& labels, BackendMetrics& metrics);

  SharedMetrics& shared;
  std::vector<BackendMetrics> all;
  std::vector<HedgeMetrics> groups;
  std::vector<const void*> used;
};

struct Metrics::Families {
  prometheus::Registry registry;
  ProcessMetrics process;
  SharedMetrics users;

  Family<Counter>& reads = counters("mread_reads_total",
                                    "Requests on the read endpoint by status, type of answer asked "
                                    "for, and end (complete, aborted, client_gone, refused).");
  Family<Histogram>& read_duration =
      histograms("mread_read_duration_seconds", "From a read's arrival to its end.");
  Histogram& queue_wait =
      histogram("mread_read_queue_seconds", "Wait of a read for one of limits.concurrent_reads.");
  Family<Gauge>& reads_now = gauges(
      "mread_reads_in_flight", "Reads under way, and those that wait for limits.concurrent_reads.");
  Gauge& running = reads_now.Add({{"state", "running"}});
  Gauge& waiting = reads_now.Add({{"state", "waiting"}});
  Gauge& held = gauge("mread_reads_held_bytes",
                      "Bytes that the reads under way have received and not yet sent on.");
  Counter& given_up =
      single("mread_reads_given_up_total",
             "Reads refused or broken since all reads together held limits.total_bytes_in_flight.");
  Counter& partial =
      single("mread_partial_reads_total", "Reads that were answered without some backend.");
  Counter& shared_reads = single("mread_reads_shared_total",
                                 "Reads that shared the fan-out of another that asked the same.");
  Counter& conflicts =
      single("mread_conflicts_total", "Samples of equal timestamp and different value.");
  Counter& failovers = single("mread_failovers_total",
                              "Replicas that took over from a failed backend in mid-stream.");
  Counter& series = single("mread_series_total", "Series sent.");
  Counter& samples = single("mread_samples_total",
                            "Samples sent; for chunks passed on, what their headers claim.");
  Counter& frames =
      single("mread_frames_passed_on_total", "Frames sent as they came, without decoding.");
  Counter& bytes = single("mread_sent_bytes_total", "Bytes of answers sent.");
  Family<Counter>& transcoded =
      counters("mread_chunks_transcoded_total",
               "Chunks rewritten in an encoding that every client reads, without their start "
               "timestamps, by the encoding they came in.");
  Family<Counter>& left_out =
      counters("mread_series_left_out_total",
               "Series left out of answers to clients that would refuse the whole answer for them, "
               "by the client's generation and what it refuses.");
  Family<Gauge>& requests_waiting =
      gauges("mread_requests_waiting",
             "Requests that wait for what comes before their read: body, decoding.");
  Gauge& waiting_for_body = requests_waiting.Add({{"for", "body"}});
  Gauge& waiting_for_decoding = requests_waiting.Add({{"for", "decoding"}});
  Gauge& bodies_held = gauge("mread_request_bodies_held_bytes",
                             "Bytes of the bodies of requests that are not decoded yet.");
  Family<Counter>& cut = counters("mread_clients_cut_total",
                                  "Connections closed on their clients, by reason: slow_head, "
                                  "slow_body, slow_answer, slow_page, evicted, busy.");
  Family<Counter>& warnings = counters("mread_warnings_requests_total",
                                       "Requests on the warnings endpoint by result: complete, "
                                       "partial, or unmatched (no read came).");
  Family<Counter>& unauthorized = counters(
      "mread_requests_unauthorized_total",
      "Requests that web.basic_auth_users did not let in, by reason: missing, wrong, busy.");
  Counter& query_log_lost = single("mread_query_log_lost_total",
                                   "Lines of the query log that could not be written, in whole.");
  Gauge& load_accepted = gauge("mread_config_last_reload_successful",
                               "Whether the last configuration that was loaded is in force.");
  Gauge& load_time = gauge("mread_config_last_reload_success_timestamp_seconds",
                           "When the configuration in force was loaded.");
  Family<Counter>& backend_requests =
      counters("mread_backend_requests_total", "Reads that asked a backend.");
  Family<Counter>& failures =
      counters("mread_backend_failures_total", "Reads in which a backend failed, by reason.");
  Family<Counter>& backend_bytes =
      counters("mread_backend_received_bytes_total", "Bytes of bodies received from a backend.");
  Family<Counter>& backend_series =
      counters("mread_backend_series_total", "Series received from a backend.");
  Family<Counter>& unsorted = counters("mread_backend_unsorted_total",
                                       "Answers of a backend whose series were not sorted.");
  Family<Histogram>& first_byte =
      histograms("mread_backend_first_byte_seconds",
                 "From a request to a backend to the first byte of its body.");
  Family<Histogram>& total =
      histograms("mread_backend_duration_seconds",
                 "From a request to a backend to the end of its answer, failures included.");
  Family<Gauge>& circuit =
      gauges("mread_backend_circuit",
             "1 for the state that a backend's circuit is in: closed, suspect, open, half_open.");
  Family<Counter>& opened =
      counters("mread_backend_circuit_opened_total", "How often a backend's circuit opened.");
  Family<Counter>& probes = counters("mread_backend_probes_total",
                                     "Probes of a backend that is suspect or whose circuit is "
                                     "open, by result (answered, failed).");

  Family<Counter>& hedges =
      counters("mread_hedges_total",
               "Extra requests of a group by result: won, lost, or refused by the budget.");
  Family<Counter>& skipped = counters(
      "mread_backend_skipped_total",
      "Reads that did not ask a backend, by reason (route, required_matchers, time, prune), or "
      "only for what it has stored since it was learned what it holds (prune_tail).");
  Family<Counter>& refreshes =
      counters("mread_backend_catalog_refreshes_total",
               "How often it was learned what a backend holds, by result (learned, failed).");
  Family<Gauge>& catalog_time = gauges("mread_backend_catalog_timestamp_seconds",
                                       "When it was last learned what a backend holds.");
  Family<Gauge>& catalog_values =
      gauges("mread_backend_catalog_values", "Label values that a backend is known to hold.");
  Family<Gauge>& catalog_bytes =
      gauges("mread_backend_catalog_bytes", "Memory for what a backend is known to hold.");

  Family<Counter>& counters(const char* name, const char* help) {
    return BuildCounter().Name(name).Help(help).Register(registry);
  }
  Counter& single(const char* name, const char* help) { return counters(name, help).Add({}); }
  Family<Gauge>& gauges(const char* name, const char* help) {
    return BuildGauge().Name(name).Help(help).Register(registry);
  }
  Gauge& gauge(const char* name, const char* help) { return gauges(name, help).Add({}); }
  Family<Histogram>& histograms(const char* name, const char* help) {
    return BuildHistogram().Name(name).Help(help).Register(registry);
  }
  Histogram& histogram(const char* name, const char* help) {
    return histograms(name, help).Add({}, duration_buckets);
  }
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {
  auto& f = *families_;
  BuildGauge()
      .Name("mread_build_info")
      .Help("Always 1; the version stands in the label.")
      .Register(f.registry)
      .Add({{"version", MREAD_VERSION}})
      .Set(1);
  for (const auto encoding : wire::newer_encodings)
    f.transcoded.Add({{"encoding", to_string(encoding)}});
  for (const char* result : {"complete", "partial", "unmatched"})
    families_->warnings.Add({{"result", result}});
  for (const char* reason : {"missing", "wrong", "busy"})
    families_->unauthorized.Add({{"reason", reason}});
  for (const char* reason :
       {"slow_head", "slow_body", "slow_answer", "slow_page", "evicted", "busy"}) {
    families_->cut.Add({{"reason", reason}});
  }
}

Metrics::~Metrics() = default;

std::shared_ptr<const Metrics::Backends> Metrics::bind(const config::Config& config) {
  auto backends = std::make_shared<Backends>(families_->users);
  const std::lock_guard lock(families_->users.mutex);
  for (const merger::Backend& backend : config.backends)
    backends->add_backend(*families_, config, backend);
  for (const merger::Group& group : config.groups) backends->add_group(*families_, group);
  return backends;
}

void Metrics::Backends::add_backend(Families& families, const config::Config& config,
                                    const merger::Backend& backend) {
  const prometheus::Labels labels{{"backend", backend.name},
                                  {"group", config.groups[backend.group].name}};
  BackendMetrics metrics;
  metrics.requests = add(families.backend_requests, labels);
  metrics.bytes = add(families.backend_bytes, labels);
  metrics.series = add(families.backend_series, labels);
  metrics.unsorted = add(families.unsorted, labels);
  metrics.first_byte = add(families.first_byte, labels, duration_buckets);
  metrics.total = add(families.total, labels, duration_buckets);
  if (config.health) add_circuit(families, labels, metrics);
  add_skipped(families, config, backend, labels, metrics);
  if (config.prune) add_catalog(families, labels, metrics);
  // Every reason stands there from the start, at 0: an alert on a series that does not exist never
  // fires.
  for (size_t i = 0; i < failure_reasons; ++i) {
    const char* const reason = to_string(static_cast<FailureReason>(i));
    metrics.failures[i] = add(families.failures, {{"backend", backend.name}, {"reason", reason}});
  }
  all.push_back(std::move(metrics));
}

void Metrics::Backends::add_circuit(Families& families, const prometheus::Labels& labels,
                                    BackendMetrics& metrics) {
  metrics.opened = add(families.opened, labels);
  metrics.probes_answered = add(families.probes, with(labels, "result", "answered"));
  metrics.probes_failed = add(families.probes, with(labels, "result", "failed"));
  for (const auto state : circuit_states)
    metrics.circuit.push_back(add(families.circuit, with(labels, "state", to_string(state))));
}

void Metrics::Backends::add_skipped(Families& families, const config::Config& config,
                                    const merger::Backend& backend,
                                    const prometheus::Labels& labels, BackendMetrics& metrics) {
  using Reason = merger::SkipReason;
  const auto skip = [&](Reason reason) {
    metrics.skipped[static_cast<size_t>(reason)] =
        add(families.skipped, with(labels, "reason", to_string(reason)));
  };
  if (!config.routes.empty()) skip(Reason::route);
  if (!backend.required_matchers.empty()) skip(Reason::required_matchers);
  if (!config.prune) return;
  for (const Reason reason : {Reason::time, Reason::prune, Reason::prune_tail}) skip(reason);
}

void Metrics::Backends::add_catalog(Families& families, const prometheus::Labels& labels,
                                    BackendMetrics& metrics) {
  metrics.learned = add(families.refreshes, with(labels, "result", "learned"));
  metrics.not_learned = add(families.refreshes, with(labels, "result", "failed"));
  metrics.catalog_time = add(families.catalog_time, labels);
  metrics.catalog_values = add(families.catalog_values, labels);
  metrics.catalog_bytes = add(families.catalog_bytes, labels);
}

void Metrics::Backends::add_group(Families& families, const merger::Group& group) {
  HedgeMetrics metrics;
  const auto result = [&](const char* word) {
    return add(families.hedges, {{"group", group.name}, {"result", word}});
  };
  if (group.hedge_after) metrics = {result("won"), result("lost"), result("refused")};
  groups.push_back(metrics);
}

void Metrics::count_opened(const Backends& backends, size_t backend) {
  if (auto* counter = backends.all.at(backend).opened) counter->Increment();
}

void Metrics::count_probe(const Backends& backends, size_t backend, bool answered) {
  const BackendMetrics& metrics = backends.all.at(backend);
  if (auto* counter = answered ? metrics.probes_answered : metrics.probes_failed)
    counter->Increment();
}

void Metrics::set_circuit(const Backends& backends, size_t backend, merger::Breaker::State state) {
  const auto& gauges = backends.all.at(backend).circuit;
  for (size_t i = 0; i < gauges.size(); ++i) gauges[i]->Set(circuit_states[i] == state ? 1 : 0);
}

void Metrics::count_refresh(const Backends& backends, size_t backend, bool learned) {
  const BackendMetrics& metrics = backends.all.at(backend);
  if (auto* counter = learned ? metrics.learned : metrics.not_learned) counter->Increment();
}

void Metrics::set_catalog(const Backends& backends, size_t backend,
                          const merger::Catalog& catalog) {
  const BackendMetrics& metrics = backends.all.at(backend);
  if (metrics.catalog_time == nullptr) return;
  metrics.catalog_time->Set(static_cast<double>(catalog.taken_at_ms()) / 1000);
  metrics.catalog_values->Set(static_cast<double>(catalog.values()));
  metrics.catalog_bytes->Set(static_cast<double>(catalog.bytes()));
}

void Metrics::clear_circuits(const Backends& backends) {
  for (const BackendMetrics& metrics : backends.all) {
    for (Gauge* gauge : metrics.circuit) gauge->Set(0);
  }
}

void Metrics::count(const ReadReport& report) {
  auto& f = *families_;
  const std::string type = to_string(report.type);
  f.reads
      .Add(
          {{"code", std::to_string(report.status)}, {"type", type}, {"end", to_string(report.end)}})
      .Increment();
  f.read_duration.Add({{"type", type}}, duration_buckets).Observe(seconds(report.duration));
  f.queue_wait.Observe(seconds(report.queued));
  if (report.shared) f.shared_reads.Increment();
  if (report.slow_client) count_cut("slow_answer");
  const merger::Outcome& outcome = report.outcome;
  // Outcome::partial tells of series that were left out, too; they are counted by themselves.
  const bool lacks_backend =
      std::any_of(outcome.backends.begin(), outcome.backends.end(),
                  [](const auto& each) { return each.error && !each.nothing_lost; });
  if (lacks_backend && report.status == 200) f.partial.Increment();
  f.series.Increment(static_cast<double>(outcome.series_out));
  f.samples.Increment(static_cast<double>(outcome.samples_out));
  f.frames.Increment(static_cast<double>(outcome.frames_passed_on));
  f.bytes.Increment(static_cast<double>(report.bytes_sent));
}

void Metrics::count_fan_out(const merger::Outcome& outcome, const Backends& backends) {
  auto& f = *families_;
  f.conflicts.Increment(static_cast<double>(outcome.conflicts));
  f.failovers.Increment(static_cast<double>(outcome.failovers));
  for (size_t i = 0; i < outcome.transcoded.size(); ++i) {
    if (outcome.transcoded[i] == 0) continue;
    f.transcoded.Add({{"encoding", to_string(wire::newer_encodings[i])}})
        .Increment(static_cast<double>(outcome.transcoded[i]));
  }
  for (size_t i = 0; i < outcome.left_out.size(); ++i) {
    if (outcome.left_out[i] == 0) continue;
    f.left_out
        .Add({{"client", to_string(outcome.client)},
              {"reason", to_string(static_cast<merger::Refusal>(i))}})
        .Increment(static_cast<double>(outcome.left_out[i]));
  }
  using State = merger::BackendOutcome::State;
  for (const merger::BackendOutcome& each : outcome.backends) {
    if (each.backend >= backends.all.size()) continue;
    const BackendMetrics& metrics = backends.all[each.backend];
    if (each.skipped) {
      if (auto* counter = metrics.skipped[static_cast<size_t>(*each.skipped)]) counter->Increment();
    }
    if (each.state == State::not_asked) continue;
    const auto count_failure = [&metrics](FailureReason reason) {
      metrics.failures[static_cast<size_t>(reason)]->Increment();
    };
    if (each.state == State::unavailable) {
      count_failure(FailureReason::open_circuit);
      continue;
    }
    metrics.requests->Increment();
    metrics.bytes->Increment(static_cast<double>(each.bytes));
    metrics.series->Increment(static_cast<double>(each.series));
    if (each.unsorted) metrics.unsorted->Increment();
    if (each.first_byte.count() > 0) metrics.first_byte->Observe(seconds(each.first_byte));
    if (each.state == State::complete || each.state == State::failed)
      metrics.total->Observe(seconds(each.total));
    if (each.error) count_failure(failure_reason(*each.error));
  }
  for (size_t i = 0; i < std::min(outcome.hedges.size(), backends.groups.size()); ++i) {
    const HedgeMetrics& metrics = backends.groups[i];
    if (metrics.won == nullptr) continue;
    metrics.won->Increment(static_cast<double>(outcome.hedges[i].won));
    metrics.lost->Increment(static_cast<double>(outcome.hedges[i].lost));
    metrics.refused->Increment(static_cast<double>(outcome.hedges[i].refused));
  }
}

void Metrics::count_refused(int status) {
  families_->reads.Add({{"code", std::to_string(status)}, {"type", "none"}, {"end", "refused"}})
      .Increment();
}

void Metrics::count_warnings(const char* result) {
  families_->warnings.Add({{"result", result}}).Increment();
}

void Metrics::count_unauthorized(const char* reason) {
  families_->unauthorized.Add({{"reason", reason}}).Increment();
}

void Metrics::count_query_log_lost() { families_->query_log_lost.Increment(); }

void Metrics::count_load(bool accepted, std::chrono::system_clock::time_point now) {
  families_->load_accepted.Set(accepted ? 1 : 0);
  const std::chrono::duration<double> since_epoch = now.time_since_epoch();
  if (accepted) families_->load_time.Set(since_epoch.count());
}

void Metrics::set_reads(uint64_t running, uint64_t waiting, uint64_t held_bytes) {
  families_->running.Set(static_cast<double>(running));
  families_->waiting.Set(static_cast<double>(waiting));
  families_->held.Set(static_cast<double>(held_bytes));
}

void Metrics::set_requests(uint64_t waiting_for_body, uint64_t waiting_for_decoding,
                           uint64_t held_bytes) {
  families_->waiting_for_body.Set(static_cast<double>(waiting_for_body));
  families_->waiting_for_decoding.Set(static_cast<double>(waiting_for_decoding));
  families_->bodies_held.Set(static_cast<double>(held_bytes));
}

void Metrics::count_cut(std::string_view reason) {
  families_->cut.Add({{"reason", std::string(reason)}}).Increment();
}

void Metrics::count_given_up() { families_->given_up.Increment(); }

std::string Metrics::text() const {
  auto collected = families_->registry.Collect();
  for (auto& family : families_->process.Collect()) collected.push_back(std::move(family));
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, collected);
  return out.str();
}

}  // namespace mread::serve
