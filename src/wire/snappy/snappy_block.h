#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

/// The snappy block format (not the framed one), which remote read uses for requests and for
/// SAMPLES answers.
namespace mread::wire {

std::string compress(std::string_view bytes);

/// Errors: Errc::limit where the length that the block claims is above `limit_bytes` (nothing is
/// allocated for it), Errc::malformed otherwise; a body in framed snappy or gzip is called by its
/// name (Errc::unsupported).
Result<std::string> uncompress(std::string_view body, size_t limit_bytes);

/// What a block held; its memory was not touched before the bytes were written (see large_memory).
struct Uncompressed {
  std::shared_ptr<char[]> memory;
  size_t size = 0;
  std::string_view view() const { return {memory.get(), size}; }
};

/// What a block that came in pieces, none of them empty, claims to hold. Errors as uncompress(),
/// but for what is found only in its elements.
Result<uint64_t> uncompressed_length(std::span<const std::shared_ptr<const std::string>> pieces,
                                     size_t limit_bytes);

/// The same for a block that came in pieces, none of them empty; they are not put together.
Result<Uncompressed> uncompress(std::span<const std::shared_ptr<const std::string>> pieces,
                                size_t limit_bytes);

}  // namespace mread::wire
