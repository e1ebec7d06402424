#pragma once

#include <string>
#include <vector>

#include "mockstore/steps/step.h"

namespace mread::mockstore {

/// An error as Go's HTTP server writes it: the text, a line end, text/plain, nosniff. Appends Head,
/// Body and End.
void append_http_error(std::vector<Step>& out, int code, const std::string& text);

/// The headers of such an error; those of `head` that say something else of the body are replaced.
void set_error_headers(net::ResponseHead& head, int code, size_t body_bytes);

}  // namespace mread::mockstore
