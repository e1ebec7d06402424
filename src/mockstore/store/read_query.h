#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/query.h"

namespace mread::mockstore {

/// A remote-read request as Prometheus's handler looks at it: what cannot be decoded refuses the
/// request, what can be decoded but makes no sense (a regular expression, a matcher's type) is the
/// failure of one query, when its turn comes.
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

/// What Prometheus says of accepted response types of which it knows none.
std::string unsupported_types_text(const std::vector<int64_t>& accepted);

}  // namespace mread::mockstore
