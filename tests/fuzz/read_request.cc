// The body of a remote-read request: what is read is written again and read as the same.
#include "wire/request/read_request.h"

#include "fuzz/harness.h"
#include "wire/snappy/snappy_block.h"

MREAD_FUZZ(read_request) {
  using namespace mread;  // NOLINT: a program of its own
  constexpr size_t limit_bytes = 1U << 16;
  const uint8_t most = input.byte();
  const bool as_block = input.flag();
  const std::string bytes = input.rest();
  const std::string body = as_block ? bytes : wire::compress(bytes);
  const auto request = wire::decode_read_request(body, limit_bytes);
  // Counted before it is read: what is within the limits is the same request.
  wire::DecodeLimits limits{limit_bytes,    1U + most % 4, 1U + most % 8,
                            1U + most % 16, 1U + most % 4, most};
  const auto limited = wire::decode_read_request(body, limits, model::RegexBudget::Use::matched);
  if (limited) {
    FUZZ_CHECK(request.has_value() && *limited == *request);
    size_t matchers = 0;
    for (const auto& query : limited->queries) matchers += query.matchers.size();
    FUZZ_CHECK(limited->queries.size() <= limits.queries && matchers <= limits.matchers);
  }
  if (!request) {
    FUZZ_CHECK(!request.error().context.empty());
    return;
  }
  const auto again =
      wire::decode_read_request(wire::encode_read_request(*request), 2 * limit_bytes);
  FUZZ_CHECK_SHOW(again.has_value(), again ? "" : again.error().to_string());
  FUZZ_CHECK(*again == *request);
  for (const auto& query : request->queries) (void)model::to_string(query.matchers);
}
