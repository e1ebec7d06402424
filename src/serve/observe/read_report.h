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

/// A backend's failure as one word: deadline, refused, reset, unreachable, truncated, malformed,
/// checksum, limit, http_status, unsupported, unsorted, tls, credentials (ours could not be had),
/// other.
const char* failure_reason(const Error& error);

}  // namespace mread::serve
