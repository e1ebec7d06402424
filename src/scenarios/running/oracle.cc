#include "scenarios/running/oracle.h"

#include <algorithm>

namespace mread::scenarios {
namespace {

constexpr milliseconds timeout{60'000};
// A scrape that runs during a read adds samples at most this far back.
constexpr int64_t overlap_ms = 60'000;
constexpr int64_t end_of_time_ms = 4'102'444'800'000;  // The year 2100.

std::vector<model::Matcher> everything() {
  auto matcher = model::Matcher::create(model::MatchType::regex, "__name__", ".+");
  return {std::move(*matcher)};
}

}  // namespace

Oracle::Oracle(const Test& test, std::string node, std::vector<std::string> replica_labels,
               Asker& asker)
    : test_(test),
      node_(std::move(node)),
      replica_labels_(std::move(replica_labels)),
      asker_(asker) {
  for (const NodeDeclaration& one : test.nodes) {
    if (one.is_query_node || !one.node->holds_data()) continue;
    // The first read begins at the epoch: data may be older than start_timestamp.
    sources_.push_back({one.name, 0, one.node->data_is_fixed()});
  }
}

Result<void> Oracle::sync(int64_t end_ms, const std::set<std::string>& away, std::stop_token stop) {
  if (!query_nodes_added_) {
    for (const NodeDeclaration& one : test_.nodes) {
      if (!one.is_query_node) continue;
      auto own = mockstore::expand_input_series(one.node->input_series(),
                                                {test_.start_ms, test_.interval.count()});
      if (!own) return fail(own.error().in(one.name));
      if (auto added = add(std::move(*own), stop); !added) return added;
    }
    query_nodes_added_ = true;
  }
  for (Source& source : sources_) {
    if (away.contains(source.node) || (source.is_static && source.read_up_to_ms > 0)) continue;
    // Data by input_series may well lie after now; a scrape's cannot.
    const int64_t last_ms = source.read_up_to_ms == 0 ? end_of_time_ms : end_ms;
    ReadAnswer read = asker_.read(source.node, everything(),
                                  std::max<int64_t>(0, source.read_up_to_ms - overlap_ms), last_ms,
                                  false, timeout, stop);
    if (!read.ok())
      return fail(Errc::unavailable, "the oracle cannot read " + source.node + ": " + read.error);
    if (auto added = add(std::move(read.series), stop); !added) return added;
    source.read_up_to_ms = end_ms;
  }
  if (known_.empty())
    return fail(Errc::not_found,
                "the oracle is empty: no node holds a sample, so it could judge nothing");
  return {};
}

Result<void> Oracle::add(std::vector<model::Series> series, std::stop_token stop) {
  std::vector<model::Series> fresh;
  for (model::Series& one : series) {
    for (const std::string& label : replica_labels_) one.labels.erase(label);
    KnownSeries& known = known_[one.labels];
    for (const auto& sample : one.samples)
      newest_ms_ = std::max(newest_ms_.value_or(INT64_MIN), sample.timestamp_ms);
    for (const auto& sample : one.histograms)
      newest_ms_ = std::max(newest_ms_.value_or(INT64_MIN), sample.timestamp_ms);
    std::erase_if(one.samples, [&](const model::Sample& sample) {
      if (known.histograms.contains(sample.timestamp_ms)) return ++conflicts_ > 0;
      const auto [at, is_new] = known.samples.try_emplace(sample.timestamp_ms, sample.bits);
      if (!is_new && at->second != sample.bits) ++conflicts_;
      return !is_new;
    });
    std::erase_if(one.histograms, [&](const model::HistogramSample& sample) {
      if (known.samples.contains(sample.timestamp_ms)) return ++conflicts_ > 0;
      const auto [at, is_new] = known.histograms.try_emplace(sample.timestamp_ms, sample.histogram);
      if (!is_new && !at->second.same_values(sample.histogram)) ++conflicts_;
      return !is_new;
    });
    if (!one.samples.empty() || !one.histograms.empty()) fresh.push_back(std::move(one));
  }
  if (fresh.empty()) return {};
  auto written = asker_.write(node_, fresh, stop);
  if (!written) return fail(written.error().in("the oracle cannot be written to"));
  return {};
}

QueryAnswer Oracle::instant(const std::string& expr, int64_t time_ms, std::stop_token stop) {
  return asker_.instant(node_, expr, time_ms, timeout, stop);
}

QueryAnswer Oracle::range(const std::string& expr, int64_t start_ms, int64_t end_ms,
                          milliseconds step, std::stop_token stop) {
  return asker_.range(node_, expr, start_ms, end_ms, step, timeout, stop);
}

}  // namespace mread::scenarios
