#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/query.h"

namespace mread::wire {

/// The body of a remote-read request: a snappy block of a prometheus.ReadRequest.
std::string encode_read_request(const model::ReadRequest& request);

/// How much a request may hold. What is above is refused before memory is taken for it. 0: no
/// limit.
struct DecodeLimits {
  size_t bytes = 8U << 20;         ///< uncompressed
  size_t queries = 100;            ///< `limits.queries` of mread.yml
  size_t matchers = 1'000;         ///< of all queries together: `limits.matchers`
  size_t groupings = 10'000;       ///< labels in the hints of all queries
  size_t response_types = 100;     ///< accepted ones
  size_t unknown_fields = 10'000;  ///< fields that a newer protocol may have

  /// Of what is not a server of others: much more than anybody sends.
  static DecodeLimits wide(size_t bytes) {
    return {bytes, 100'000, 1'000'000, 1'000'000, 10'000, 100'000};
  }
};

/// Counts what the message holds, without taking memory. Errors: Errc::limit: what is too many, and
/// which setting or limit says so; Errc::malformed for what is no protobuf message, or has groups.
Result<void> check_counts(std::string_view message, const DecodeLimits& limits);

/// Errors: as uncompress() for the body; as check_counts(); Errc::malformed for bytes that are no
/// ReadRequest, an unknown matcher type, and a regular expression that RE2 refuses (the context
/// quotes its beginning); Errc::limit where the expressions together are beyond a RegexBudget.
/// Response types that are not known are left out; where that leaves none of those asked for,
/// Errc::unsupported.
Result<model::ReadRequest> decode_read_request(std::string_view body, const DecodeLimits& limits,
                                               model::RegexBudget::Use use);
/// With no limits but the bytes, the expressions to be matched.
Result<model::ReadRequest> decode_read_request(std::string_view body, size_t limit_bytes);

/// One prometheus.Query by itself, whose counts were checked.
Result<model::Query> decode_read_query(std::string_view message, model::RegexBudget& budget);

}  // namespace mread::wire
