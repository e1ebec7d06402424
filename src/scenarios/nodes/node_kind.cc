#include "scenarios/nodes/node_kind.h"

#include <algorithm>

namespace mread::scenarios {

const std::vector<mockstore::InputSeries>& NodeKind::input_series() const {
  static const std::vector<mockstore::InputSeries> none;
  return none;
}

const NodeUses& NodeKind::uses() const {
  static const NodeUses none;
  return none;
}

const std::set<std::string>& NodeKind::series_of_rules() const {
  static const std::set<std::string> none;
  return none;
}

std::optional<int64_t> NodeKind::last_sample_ms(const mockstore::TimeGrid& grid) const {
  int64_t last_ms = INT64_MIN;
  for (const mockstore::InputSeries& entry : input_series()) {
    const model::Series one = entry.series(0, grid);  // The others of a repeat: have its times.
    if (!one.samples.empty()) last_ms = std::max(last_ms, one.samples.back().timestamp_ms);
    if (!one.histograms.empty()) last_ms = std::max(last_ms, one.histograms.back().timestamp_ms);
  }
  return last_ms;
}

Result<std::string> NodeKind::resolve_version(const NodeContext&) const { return std::string(); }

Result<void> NodeKind::feed(const NodeContext&, const net::Url&, std::stop_token) const {
  return {};
}

}  // namespace mread::scenarios
