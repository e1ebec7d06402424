#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "merger/select/catalog.h"
#include "net/client.h"

namespace mread::serve {

namespace asio = boost::asio;

/// Where and how one backend's catalog is learned. One at a time uses it.
///
/// A Prometheus is recognized by /api/v1/status/config, which also has its external labels: its
/// labels API shows what it stores, without them. Its labels API without a range covers all of its
/// time (measured with 2.42, 2.53 and 3.5). From any other store, and with `by_series`, the series
/// are listed by remote read with the hint func="series", first of a minute, to see that it leaves
/// the samples out; then of all of its time.
struct CatalogSource {
  net::ClientRequest read;  ///< as reads ask the backend
  std::string api;  ///< path of the labels API, "/api/v1"; empty: the folder of the read endpoint
  bool by_series = false;
  merger::CatalogBuilder::Limits limits;
  /// Labels that had too many values, and for how many refreshes more they are not asked for.
  std::map<std::string, int, std::less<>> too_many;
};

/// One refresh; `now_ms` is the catalog's time. Takes one request at a time, at most one for each
/// of 1000 labels, and gives way between them; the caller sets the deadline. Errors: what failed,
/// and Errc::unsupported for a backend of which nothing can be learned: one that reads from others
/// itself, or that sends samples with its series.
asio::awaitable<Result<merger::Catalog>> learn_catalog(net::Client& client, CatalogSource& source,
                                                       int64_t now_ms);

/// What a Prometheus says of itself at /api/v1/status/config, as far as it matters here.
struct PrometheusConfig {
  std::vector<std::pair<std::string, std::string>> external_labels;
  bool reads_remotely = false;
  bool takes_old_samples = false;  ///< out_of_order_time_window is set
};
/// `text` as Prometheus writes it: one key a line, those of the top level at its begin. Errors: it
/// is no such text.
Result<PrometheusConfig> parse_prometheus_config(const std::string& text);

/// prometheus_tsdb_lowest_timestamp in an exposition, in milliseconds; none where it is not there.
std::optional<int64_t> lowest_timestamp(std::string_view exposition);

}  // namespace mread::serve
