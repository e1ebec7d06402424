#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/time_point.h"
#include "model/query.h"

namespace mread::merger {

/// One request to one backend, unique within a FanOut.
using RequestId = uint32_t;

// ---- actions: what the driver has to do

/// Send `request` to backend number `backend` (index in Policy::backends).
struct Ask {
  RequestId id;
  size_t backend;
  model::ReadRequest request;
};
/// Read one more piece of the body: answered by exactly one on_data, on_end or on_failure.
struct Read {
  RequestId id;
};
/// Close the connection; no more events for this id are wanted (late ones are ignored).
struct Drop {
  RequestId id;
};
/// Begin the answer. Always the first action towards the client. `partial` goes into
/// X-Mread-Partial when not empty; it is cut to failures_in_header_bytes (read_policy.h),
/// Outcome::partial is not.
struct Head {
  int status;
  std::string content_type;
  std::string content_encoding;  ///< "snappy" or empty
  std::string partial;
};
/// Send these bytes, then call on_sent. At most one Body is out at a time: this is the
/// back-pressure. The views stay valid until on_sent.
struct Body {
  std::vector<std::string_view> pieces;
};
/// The answer is complete. `partial` is set when something was left out after Head (goes into the
/// trailer).
struct Finish {
  std::string partial;
};
/// Break the connection: what was sent so far must not pass for an answer. `reason` is for the log.
struct Abort {
  Error reason;
};
/// Call on_wake at this time, unless another WakeAt replaces it.
struct WakeAt {
  TimePoint at;
};

/// Tested by read_course_test.cc.
using Action = std::variant<Ask, Read, Drop, Head, Body, Finish, Abort, WakeAt>;

}  // namespace mread::merger
