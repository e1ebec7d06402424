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

/// Errors: Errc::limit if the block claims more than `limit_bytes` (nothing is allocated then);
/// Errc::malformed otherwise; a body in framed snappy or gzip is named as such (Errc::unsupported).
Result<std::string> uncompress(std::string_view body, size_t limit_bytes);

/// The content of a block. Its memory is not touched before the bytes are written (see
/// large_memory).
struct Uncompressed {
  std::shared_ptr<char[]> memory;
  size_t size = 0;
  std::string_view view() const { return {memory.get(), size}; }
};

/// The uncompressed size that a block in pieces claims; no piece may be empty. Errors: as
/// uncompress(), but for errors in its elements.
Result<uint64_t> uncompressed_length(std::span<const std::shared_ptr<const std::string>> pieces,
                                     size_t limit_bytes);

/// Uncompresses a block in pieces without joining them; no piece may be empty.
Result<Uncompressed> uncompress(std::span<const std::shared_ptr<const std::string>> pieces,
                                size_t limit_bytes);

}  // namespace mread::wire
