#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/query.h"

namespace mread::wire {

/// The body of a remote-read request: a snappy block of a prometheus.ReadRequest.
std::string encode_read_request(const model::ReadRequest& request);

/// Limits of a request. A request above a limit is refused before memory is taken for it. 0 means
/// no limit.
struct DecodeLimits {
  size_t bytes = 8U << 20;         ///< uncompressed
  size_t queries = 100;            ///< `limits.queries` of mread.yml
  size_t matchers = 1'000;         ///< of all queries together: `limits.matchers`
  size_t groupings = 10'000;       ///< labels in the hints of all queries
  size_t response_types = 100;     ///< accepted ones
  size_t unknown_fields = 10'000;  ///< fields that a newer protocol may have

  /// Limits for programs that serve nobody else: much more than anybody sends.
  static DecodeLimits wide(size_t bytes) {
    return {bytes, 100'000, 1'000'000, 1'000'000, 10'000, 100'000};
  }
};

/// Counts the parts of the message without taking memory. Errors: Errc::limit, which names the part
/// and the setting or limit; Errc::malformed for bytes that are no protobuf message, or have
/// groups.
Result<void> check_counts(std::string_view message, const DecodeLimits& limits);

/// Errors: as uncompress() and check_counts(); Errc::malformed for bytes that are no ReadRequest,
/// for an unknown matcher type, and for a regular expression that RE2 refuses (the context quotes
/// its beginning); Errc::limit if the expressions together exceed a RegexBudget. Unknown response
/// types are dropped; if none of the requested types is known, Errc::unsupported.
Result<model::ReadRequest> decode_read_request(std::string_view body, const DecodeLimits& limits,
                                               model::RegexBudget::Use use);
/// Parses with no limit but the bytes. The expressions will be matched.
Result<model::ReadRequest> decode_read_request(std::string_view body, size_t limit_bytes);

/// Parses one prometheus.Query whose counts were checked.
Result<model::Query> decode_read_query(std::string_view message, model::RegexBudget& budget);

}  // namespace mread::wire
