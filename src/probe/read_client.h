#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/query.h"
#include "model/series.h"
#include "net/http.h"
#include "probe/answer.h"

namespace mread::net {
class Transport;
}

namespace mread::probe {

/// One question, and how it is sent.
struct ReadCall {
  net::Url url;
  model::Query query;
  /// In order of preference; the default is that of Prometheus 2.55 and later. Empty: the field is
  /// not sent, as before 2.55.
  std::vector<model::ResponseType> accept = {model::ResponseType::streamed_xor_chunks,
                                             model::ResponseType::samples};
  std::shared_ptr<const net::Transport> transport;  ///< TLS and proxy; may be null
  net::Headers headers;  ///< added to those of the protocol; the same name replaces one
  std::chrono::milliseconds timeout{60'000};
  uint64_t body_limit_bytes = uint64_t{1} << 30;  ///< as received; and, for SAMPLES, uncompressed
  size_t frame_limit_bytes = 50'000'000;          ///< Prometheus's chunked_read_limit
};

/// A complete answer.
struct ReadReply {
  model::ResponseType response_type = model::ResponseType::samples;
  net::Headers headers;
  /// In the order of the wire, neither sorted nor joined, so disorder and duplicates can be seen. A
  /// series that continues in the next frame is one entry. Samples of chunks are trimmed to the
  /// query's range, as Prometheus's client does.
  std::vector<model::Series> series;
  uint64_t body_bytes = 0;
  uint64_t frames = 0;
  std::chrono::microseconds duration{0};

  /// The header X-Mread-Partial: the backends that a merger left out ("b: deadline 8s"), or empty.
  std::string_view partial() const { return headers.get("X-Mread-Partial"); }
  uint64_t samples() const;  ///< histograms included
};

/// An answer that is not decoded. An HTTP error status is a value.
struct RawReply {
  net::ResponseHead head;
  std::string body;
  std::chrono::microseconds duration{0};
};

/// Sends `body` as a read request, whatever it holds, and blocks the calling thread; the call's
/// query is not used. Errors: connection errors and Errc::deadline, Errc::canceled, Errc::limit
/// (net/client.h). Each names the URL.
Result<RawReply> post_read(const ReadCall& call, std::string body, std::stop_token stop = {});

/// Sends the call's query. Errors: as post_read(); Errc::http_status with the first line of what
/// the server said, for a status that is not 2xx.
Result<RawReply> read_raw(const ReadCall& call, std::stop_token stop = {});

/// Joins the frames of each series, and trims the samples of chunks to the query's range. Errors:
/// Errc::malformed where a SAMPLES answer has not one result.
Result<ReadReply> to_reply(const model::Query& query, Answer answer);

/// Reads series from a remote-read endpoint; blocks the calling thread.
/// Errors: connection errors and Errc::deadline, Errc::canceled, Errc::limit (net/client.h);
/// Errc::http_status with the first line of what the server said; those of decode_read_reply().
/// Each names the URL.
Result<ReadReply> read_series(ReadCall call, std::stop_token stop = {});

/// Decodes a 2xx answer's body by its Content-Type; the duration is not set. Errors: as
/// decode_answer() and to_reply().
Result<ReadReply> decode_read_reply(const ReadCall& call, const net::Headers& headers,
                                    std::string body);

}  // namespace mread::probe
