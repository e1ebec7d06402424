#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/http.h"

namespace mread::mockstore {

/// Nothing is sent for this long.
struct Wait {
  std::chrono::nanoseconds duration{0};
  bool operator==(const Wait&) const = default;
};

/// Nothing is sent any more, and the connection stays open until the client gives up or the store
/// ends.
struct Hang {
  bool operator==(const Hang&) const = default;
};

/// Status line and headers. Without a Content-Length the body goes out chunked.
struct Head {
  net::ResponseHead head;
};

/// A piece of the body. The bytes are valid until the answer's next step is asked for, or as long
/// as `pin`.
struct Body {
  std::string_view bytes;
  bool is_frame = false;  ///< exactly one whole frame of a streamed answer
  std::shared_ptr<const std::string> pin;

  static Body owned(std::string text) {
    auto pin = std::make_shared<const std::string>(std::move(text));
    const std::string_view view = *pin;
    return {view, false, std::move(pin)};
  }
};

/// The answer is complete.
struct End {
  bool operator==(const End&) const = default;
};

/// The connection is closed without an end of the answer; with `reset`, by RST.
struct Abort {
  bool reset = false;
  bool operator==(const Abort&) const = default;
};

/// An answer is a sequence of steps: Head, Body …, End. Faults rewrite the sequence; the server
/// carries it out.
using Step = std::variant<Wait, Hang, Head, Body, End, Abort>;

/// True for the steps after which nothing follows.
inline bool is_last(const Step& step) {
  return std::holds_alternative<Hang>(step) || std::holds_alternative<End>(step) ||
         std::holds_alternative<Abort>(step);
}

}  // namespace mread::mockstore
