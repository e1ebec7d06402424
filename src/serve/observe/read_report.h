#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "merger/fan_out/fan_out.h"
#include "model/query.h"

namespace mread::serve {

/// How one read ended, for metrics, the status page and the query log.
struct ReadReport {
  enum class End {
    complete,     ///< the whole answer was sent, be it an error
    aborted,      ///< the connection was broken after the answer had begun
    client_gone,  ///< the client did not wait for the end
  };
  End end = End::complete;
  int status = 0;                                           ///< 0 where nothing was sent
  model::ResponseType type = model::ResponseType::samples;  ///< asked for
  uint64_t bytes_sent = 0;                                  ///< of the body
  std::chrono::nanoseconds queued{};                        ///< waited for limits.concurrent_reads
  std::chrono::nanoseconds duration{};                      ///< from the request's arrival
  bool shared = false;                                      ///< it joined a read that was under way
  bool slow_client = false;  ///< aborted since others waited for its client
  std::optional<Error> abort_reason;
  merger::Outcome outcome;
};

const char* to_string(ReadReport::End end);
/// "samples" or "streamed".
const char* to_string(model::ResponseType type);
/// "complete", "failed", …: a word for a person.
const char* to_string(merger::BackendOutcome::State state);

/// Why a backend failed, as metrics and the query log tell failures apart.
enum class FailureReason {
  deadline,
  refused,
  reset,
  unreachable,
  truncated,
  malformed,
  checksum,
  limit,
  http_status,
  unsupported,
  unsorted,
  tls,
  credentials,  ///< those for the backend could not be had
  other,
  open_circuit,  ///< it was not asked
};
constexpr size_t failure_reasons = static_cast<size_t>(FailureReason::open_circuit) + 1;

/// The enumerator's name.
const char* to_string(FailureReason reason);
FailureReason failure_reason(const Error& error);

}  // namespace mread::serve
