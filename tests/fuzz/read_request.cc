// The body of a remote-read request: what is read is written again and read as the same.
#include "fuzz/harness.h"
#include "wire/read_request.h"
#include "wire/snappy_block.h"

MREAD_FUZZ(read_request) {
  using namespace mread;  // NOLINT: a program of its own
  constexpr size_t limit_bytes = 1U << 16;
  const bool as_block = input.flag();
  const std::string bytes = input.rest();
  const auto request = wire::decode_read_request(as_block ? bytes : wire::compress(bytes), limit_bytes);
  if (!request) {
    FUZZ_CHECK(!request.error().context.empty());
    return;
  }
  const auto again = wire::decode_read_request(wire::encode_read_request(*request), 2 * limit_bytes);
  FUZZ_CHECK_SHOW(again.has_value(), again ? "" : again.error().to_string());
  FUZZ_CHECK(*again == *request);
  for (const auto& query : request->queries) (void)model::to_string(query.matchers);
}
