#pragma once

#include <string>

namespace mread::serve {

/// Which clients count as one where clients take turns: the address of "127.0.0.1:40312" or
/// "[2001:db8::1]:40312" without its port, and of an IPv6 address the first 64 bits only, since
/// whoever has one has them all.
std::string client_address(const std::string& peer);

}  // namespace mread::serve
