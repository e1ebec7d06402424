#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"

/// The snappy block format (not the framed one), which remote read uses for requests and for SAMPLES answers.
namespace mread::wire {

std::string compress(std::string_view bytes);

/// Errors: Errc::limit where the length that the block claims is above `limit_bytes` (nothing is allocated for it),
/// Errc::malformed otherwise; a body in framed snappy or gzip is called by its name (Errc::unsupported).
Result<std::string> uncompress(std::string_view body, size_t limit_bytes);

}  // namespace mread::wire
