#include "scenarios/engine/readiness.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/duration.h"
#include "net/client.h"

namespace mread::scenarios {

using std::chrono::milliseconds;

bool pause_for(milliseconds duration, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

Result<void> poll_until_ready(const net::Url& url, milliseconds timeout,
                              const std::function<std::optional<std::string>()>& ended,
                              std::stop_token stop) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const bool connect_only = url.target.empty();
  std::string last = "nothing was tried";
  milliseconds pause{20};
  // A first packet to a network that is just coming up may be lost, and the kernel sends it again a
  // second later; a new connection is quicker. A node that is slow to answer gets more time each
  // round.
  constexpr milliseconds longest_try{2000};
  milliseconds patience{250};
  while (true) {
    if (const auto how = ended())
      return fail(Errc::unavailable, "ended (" + *how + ") before it was ready");
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return fail(Errc::deadline, "not ready within " + format_duration(timeout) + " at " +
                                      url.shown() + " (" + last + ")");
    }
    net::ClientRequest request;
    request.url = url;
    if (connect_only) request.url.target = "/";
    const auto answer = net::fetch(
        std::move(request), {.timeout = std::min(left, patience), .body_bytes = 1 << 20}, stop);
    patience = std::min(patience * 2, longest_try);
    if (stop.stop_requested()) return fail(Errc::canceled, "interrupted");
    if (answer && answer->head.status / 100 == 2) return {};
    // It wants a password (`web.basic_auth_users`), so it serves.
    if (answer && answer->head.status == 401) return {};
    // A server of another protocol is up as soon as it accepts a connection.
    if (connect_only &&
        (answer || std::string_view(answer.error().code.category().name()).starts_with("mread")))
      return {};
    last = answer ? "last answer: HTTP " + std::to_string(answer->head.status)
                  : "last: " + answer.error().to_string();
    if (!pause_for(std::min(pause, left), stop)) return fail(Errc::canceled, "interrupted");
    pause = std::min(pause * 2, milliseconds(160));
  }
}

std::string log_tail(std::string_view log, size_t lines) {
  while (!log.empty() && log.back() == '\n') log.remove_suffix(1);
  if (log.empty()) return {};
  std::string tail;
  for (size_t i = 0; i < lines; ++i) {
    const size_t newline = log.rfind('\n');
    const size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    tail.insert(0, "\n    " + std::string(log.substr(begin)));
    if (begin == 0) break;
    log = log.substr(0, newline);
  }
  return "; its log ends:" + tail;
}

}  // namespace mread::scenarios
