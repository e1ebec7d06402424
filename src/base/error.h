#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <boost/system/error_code.hpp>
#include <tl/expected.hpp>

namespace mread {

/// What went wrong, as a class of failure that a caller can act on. System errors (ECONNREFUSED, …)
/// keep their own category; these are the project's.
enum class Errc {
  malformed = 1,  ///< the bytes are not what the format allows
  truncated,      ///< the bytes end before the format says so
  checksum,       ///< a CRC does not match
  limit,          ///< a configured limit would be exceeded; nothing was allocated for it
  deadline,       ///< time ran out
  canceled,       ///< the caller gave up
  unsupported,    ///< well-formed, but nothing here can handle it
  http_status,    ///< the peer answered with an HTTP error
  unavailable,    ///< the peer is known to be down, or cannot be reached
  unsorted,       ///< series out of order beyond what could be repaired
  config,         ///< a configuration or a command line is wrong
  not_found,      ///< the thing named does not exist
  environment,    ///< the machine lacks what is needed (no Docker, no such Prometheus version)
};

}  // namespace mread

template <>
struct boost::system::is_error_code_enum<mread::Errc> : std::true_type {};

namespace mread {

const boost::system::error_category& mread_category();
boost::system::error_code make_error_code(Errc errc);

/// A failure: its class, and one line for a person. The context names the backend, the file, the
/// frame or the byte; it does not end in a period.
struct Error {
  boost::system::error_code code;
  std::string context;

  Error(boost::system::error_code error_code, std::string what)
      : code(error_code), context(std::move(what)) {}
  Error(Errc errc, std::string what) : code(make_error_code(errc)), context(std::move(what)) {}

  bool is(Errc errc) const { return code == make_error_code(errc); }

  /// "context: message of the code" (the context alone where the code is one of Errc), as
  /// printable_lines() shows it.
  std::string to_string() const;

  /// The same failure seen from further out: "prefix: context".
  Error in(std::string_view prefix) const;
};

template <class T>
using Result = tl::expected<T, Error>;

using tl::unexpected;

/// `return fail(Errc::malformed, "frame 3: …");`
inline tl::unexpected<Error> fail(Errc errc, std::string what) {
  return tl::unexpected<Error>(Error(errc, std::move(what)));
}
inline tl::unexpected<Error> fail(boost::system::error_code code, std::string what) {
  return tl::unexpected<Error>(Error(code, std::move(what)));
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

}  // namespace mread
