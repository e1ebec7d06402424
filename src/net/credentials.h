#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mread::net {

struct UserPassword {
  std::string user;
  std::string password;
};

/// "Basic dXNlcjpwYXNzd29yZA==" (RFC 7617).
std::string basic_authorization(std::string_view user, std::string_view password);

/// What an Authorization header of type Basic says; none for another type, and for what is not well
/// formed.
std::optional<UserPassword> parse_basic_authorization(std::string_view header);

/// Whether the two are equal, in a time that tells nothing about where they differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace mread::net
