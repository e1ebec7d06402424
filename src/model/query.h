#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/matcher.h"

namespace mread::model {

/// What the client will do with the data. `func = "series"` asks for labels only. start_ms and
/// end_ms may be narrower than the query's range; samples are then trimmed to them. Tests:
/// wire/request/read_request_test.
struct ReadHints {
  int64_t step_ms = 0;
  std::string func;
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  std::vector<std::string> grouping;
  bool by = false;
  int64_t range_ms = 0;

  friend bool operator==(const ReadHints&, const ReadHints&) = default;
};

/// One selector over one time range; both ends are included.
struct Query {
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  std::vector<Matcher> matchers;
  std::optional<ReadHints> hints;

  friend bool operator==(const Query&, const Query&) = default;
};

/// Whether the client wants labels without samples.
inline bool asks_for_labels_only(const Query& query) {
  return query.hints && query.hints->func == "series";
}

/// The numbers are those of the wire (prometheus.ReadRequest.ResponseType).
enum class ResponseType { samples = 0, streamed_xor_chunks = 1 };

/// `accepted_response_types` are in order of preference; an empty list means SAMPLES.
struct ReadRequest {
  std::vector<Query> queries;
  std::vector<ResponseType> accepted_response_types;

  friend bool operator==(const ReadRequest&, const ReadRequest&) = default;
};

}  // namespace mread::model
