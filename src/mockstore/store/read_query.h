#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/query.h"

namespace mread::mockstore {

/// A remote-read request as Prometheus's handler reads it. Bytes that cannot be decoded refuse the
/// request. A query that can be decoded and cannot be run (its regular expression, a matcher's
/// type) fails when its turn comes.
struct ReadQueries {
  struct One {
    std::optional<model::Query> query;
    std::string error;  ///< Prometheus's text; where there is no query
  };
  std::vector<One> queries;
  std::vector<int64_t> accepted;  ///< as sent, unknown numbers too
};

/// The error's context is the text that Prometheus answers with status 400.
Result<ReadQueries> parse_read_queries(std::string_view body, size_t limit_bytes);

/// Prometheus's text for a request that accepts only unknown response types.
std::string unsupported_types_text(const std::vector<int64_t>& accepted);

}  // namespace mread::mockstore
