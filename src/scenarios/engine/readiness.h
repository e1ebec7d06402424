#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/error.h"
#include "net/http.h"

namespace mread::scenarios {

/// Asks `url` (its target included; "" for a target asks only whether it accepts connections) until
/// it answers 2xx, or 401: a node with passwords is up when it asks for one.
///
/// `ended` tells how the node's program ended, or nothing while it runs; an end ends the wait.
/// Errors: Errc::unavailable where it ended, Errc::deadline after `timeout` with what came last,
/// Errc::canceled.
Result<void> poll_until_ready(const net::Url& url, std::chrono::milliseconds timeout,
                              const std::function<std::optional<std::string>()>& ended,
                              std::stop_token stop);

/// Waits, or returns early (false) when `stop` is requested.
bool pause_for(std::chrono::milliseconds duration, std::stop_token stop);

/// The last lines of a log, indented, below "its log ends:"; for an error's context. Empty for an
/// empty log.
std::string log_tail(std::string_view log, size_t lines = 8);

}  // namespace mread::scenarios
