#include "mockstore/store/store.h"

namespace mread::mockstore {
namespace {

// Datasets that faults have changed, kept for the next request under the same faults.
constexpr size_t most_changed = 4;

// Writes the queries of the request into its entry.
void describe(const ReadQueries& request, JournalEntry& entry) {
  entry.accepted = request.accepted;
  for (const auto& [query, error] : request.queries) {
    if (query)
      entry.queries.push_back(
          {model::to_string(query->matchers), query->start_ms, query->end_ms, query->hints});
    else
      entry.queries.push_back({error, 0, 0, std::nullopt});
  }
}

}  // namespace

Exchange::~Exchange() {
  if (!ended_) ended(JournalEntry::Outcome::client_gone);
}

void Exchange::next(std::vector<Step>& out) {
  out.clear();
  if (faults_.empty()) {
    if (auto step = next_of_answer()) out.push_back(std::move(*step));
    return;
  }
  // A stage may hold steps back.
  while (out.empty() && !faults_.finished()) {
    auto step = next_of_answer();
    if (!step) return;
    faults_.apply(std::move(*step), out);
  }
}

std::optional<Step> Exchange::next_of_answer() {
  if (upstream_) return upstream_->next();
  if (own_->done()) return std::nullopt;
  return own_->next();
}

void Exchange::sent_head(int status, std::string_view content_type) {
  const Moment now = store_.time().now();
  store_.journal().update(ordinal_, [&](JournalEntry& entry) {
    entry.first_byte = now;
    entry.status = status;
    entry.content_type = content_type;
  });
}

void Exchange::sent_body(uint64_t bytes) {
  store_.journal().update(ordinal_, [&](JournalEntry& entry) {
    entry.bytes += bytes;
    entry.series = summary().series;
    entry.samples = summary().samples;
  });
}

void Exchange::ended(JournalEntry::Outcome outcome) {
  ended_ = true;
  const Moment now = store_.time().now();
  store_.journal().update(ordinal_, [&](JournalEntry& entry) {
    entry.end = now;
    entry.outcome = outcome;
  });
}

Store::Store(const StoreConfig& config, uint64_t seed, const TimeSource& time,
             std::shared_ptr<const Dataset> dataset)
    : name_(config.name),
      upstream_(config.upstream ? config.upstream->url.authority() : ""),
      options_(config.answer),
      auth_(config.auth),
      time_(time),
      dataset_(std::move(dataset)),
      faults_(seed, config.name),
      journal_(config.journal_size) {
  faults_.set(config.faults, FaultSchedule::Time(0));
}

Result<std::unique_ptr<Store>> Store::create(const StoreConfig& config, uint64_t seed,
                                             const TimeSource& time) {
  Dataset::Options options;
  options.grid = {config.start_ms + config.sample_offset.count(), config.interval.count()};
  options.external_labels = config.external_labels;
  options.behaves_like = config.behaves_like;
  options.encodings = config.encodings;
  auto dataset = Dataset::create(config.input_series, std::move(options));
  if (!dataset) return fail(dataset.error().in("store " + config.name));
  return std::unique_ptr<Store>(new Store(config, seed, time, std::move(*dataset)));
}

void Store::set_faults(std::vector<FaultRule> rules) {
  faults_.set(std::move(rules), time_.now().since_start);
}

std::optional<std::string> Store::refuse(const net::Headers& headers, std::string_view body,
                                         const std::string& peer) {
  const Moment now = time_.now();
  auto why = auth_.refusal(headers, now);
  if (!why) return why;
  JournalEntry entry;
  entry.ordinal = next_ordinal_++;
  entry.peer = peer;
  entry.arrived = now;
  entry.first_byte = now;
  entry.end = now;
  entry.status = 401;
  entry.refused = *why;
  entry.outcome = JournalEntry::Outcome::complete;
  const StoreAnswer answer(dataset_, options_, {}, body);
  describe(answer.request(), entry);
  journal_.arrived(std::move(entry));
  return why;
}

std::shared_ptr<const Dataset> Store::dataset_with(const DataChange& change) {
  if (change == DataChange{}) return dataset_;
  const std::lock_guard lock(changed_mutex_);
  if (const auto known = changed_.find(change); known != changed_.end()) return known->second;
  if (changed_.size() == most_changed) changed_.clear();
  return changed_[change] = dataset_->changed(change);
}

std::unique_ptr<Exchange> Store::begin(std::string_view body, std::string peer) {
  const Moment now = time_.now();
  JournalEntry entry;
  entry.ordinal = next_ordinal_++;
  entry.peer = std::move(peer);
  entry.arrived = now;
  FaultChain faults = faults_.decide(entry.ordinal, now.since_start);
  const AnswerShape shape = faults.shape();
  entry.faults = faults.names();
  std::unique_ptr<Exchange> exchange(new Exchange(*this, entry.ordinal, std::move(faults)));
  if (has_upstream()) {
    exchange->upstream_ =
        std::make_unique<UpstreamAnswer>(upstream_, options_, shape, !entry.faults.empty(), body);
  } else {
    exchange->own_ = std::make_unique<StoreAnswer>(dataset_with(shape.data), options_, shape, body);
  }
  describe(exchange->request(), entry);
  journal_.arrived(std::move(entry));
  return exchange;
}

}  // namespace mread::mockstore
