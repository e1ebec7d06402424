#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "model/query.h"

namespace mread::wire {

/// The body of a remote-read request: a snappy block of a prometheus.ReadRequest.
std::string encode_read_request(const model::ReadRequest& request);

/// Errors: as uncompress() for the body; Errc::malformed for bytes that are no ReadRequest, an unknown matcher type,
/// and a regular expression that RE2 refuses (the context quotes it). Response types that are not known are left out;
/// where that leaves none of those asked for, Errc::unsupported.
Result<model::ReadRequest> decode_read_request(std::string_view body, size_t limit_bytes);

}  // namespace mread::wire
