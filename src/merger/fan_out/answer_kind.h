#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "model/query.h"

namespace mread::merger {

/// Which of the two answers a Content-Type and a Content-Encoding announce. Errors:
/// Errc::unsupported.
Result<model::ResponseType> answer_kind(std::string_view content_type,
                                        std::string_view content_encoding);

/// Why a backend failed, in few words and on one line: "deadline 8s", "connection refused", "HTTP
/// 500: …".
std::string reason(const Error& error);

/// What a peer wrote, for a header or a log: its first line in printable ASCII, and at most 300
/// bytes of it.
std::string one_line(std::string_view text);

}  // namespace mread::merger
