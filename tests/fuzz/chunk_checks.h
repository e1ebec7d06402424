#pragma once

#include <cstdint>
#include <string_view>

#include "fuzz/harness.h"
#include "wire/streamed/chunk_check.h"

namespace mread::fuzz {

/// What holds of the checks of any chunk: all that can be read passes the cheap one, and what
/// passes the full one can be read. `decodes`: it does.
inline void check_chunk(wire::ChunkEncoding encoding, std::string_view chunk, bool decodes) {
  if (chunk.size() < 2) return;
  const bool may_hold = wire::may_hold_its_samples(encoding, chunk);
  FUZZ_CHECK(may_hold || !decodes);
  const bool verified = wire::verify_chunk({INT64_MIN, INT64_MAX, encoding, chunk, {}}).has_value();
  FUZZ_CHECK(decodes || !verified);
}

}  // namespace mread::fuzz
