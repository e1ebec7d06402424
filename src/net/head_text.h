#pragma once

#include <string>
#include <string_view>

#include "net/http.h"

namespace mread::net {

/// The head of a message as it goes over the wire, with the empty line that ends it. Control
/// characters inside names and values are written as spaces, so that no value can begin a line of
/// its own.
std::string to_wire(const RequestHead& head);
std::string to_wire(const ResponseHead& head);

/// The fields of a trailer section, without the empty line.
std::string trailers_to_wire(const Headers& trailers);

/// "Not Found" for 404; "Unknown" for what no RFC names.
std::string_view reason_phrase(int status);

}  // namespace mread::net
