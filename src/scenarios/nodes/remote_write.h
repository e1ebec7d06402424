#pragma once

#include <stop_token>
#include <vector>

#include "base/error.h"
#include "model/series.h"
#include "net/http.h"

namespace mread::scenarios {

/// Writes series to a remote-write endpoint, such as that of a Prometheus that runs with
/// --web.enable-remote-write-receiver, in time order across all series, so that a fresh head takes
/// samples of any age. Staleness markers and native histograms are carried.
///
/// Input    each series' samples increasing in timestamp; `endpoint` with its path and query.
/// Errors   the first answer that is not 2xx, with the server's own words.
Result<void> write_series(const net::Url& endpoint, const std::vector<model::Series>& series,
                          std::stop_token stop);

}  // namespace mread::scenarios
