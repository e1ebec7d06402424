#pragma once

#include <stop_token>
#include <vector>

#include "base/error.h"
#include "model/series.h"
#include "net/http.h"

namespace mread::scenarios {

/// Writes series into a Prometheus that runs with --web.enable-remote-write-receiver, in time order across all series,
/// so that a fresh head takes samples of any age. Staleness markers and native histograms are carried.
///
/// Input    each series' samples increasing in timestamp; `server` is the node's base URL, its path is ignored.
/// Errors   the first answer that is not 2xx, with the server's own words.
Result<void> write_series(const net::Url& server, const std::vector<model::Series>& series, std::stop_token stop);

}  // namespace mread::scenarios
