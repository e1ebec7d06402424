#pragma once

#include <optional>
#include <string>

namespace mread::serve {

/// Whether `password` is what `hash` (config::bcrypt_cost() has taken it) was made of. Takes tens
/// of milliseconds at cost 10, and twice that for each one more; the time does not depend on
/// whether it is. Of a password, bcrypt sees the first 72 bytes; one with a zero byte in it, or of
/// 512 bytes or more, is never right.
bool bcrypt_matches(const std::string& password, const std::string& hash);

/// A hash of that cost that no password is known for: what the password of an unknown user is
/// compared with.
std::string bcrypt_decoy(int cost);

}  // namespace mread::serve
