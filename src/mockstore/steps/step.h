#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/http.h"

namespace mread::mockstore {

/// Sends nothing for this long.
struct WaitStep {
  std::chrono::nanoseconds duration{0};
  bool operator==(const WaitStep&) const = default;
};

/// Sends nothing any more, and keeps the connection open until the client gives up or the store
/// ends.
struct HangStep {
  bool operator==(const HangStep&) const = default;
};

/// Status line and headers. Without a Content-Length the body goes out chunked.
struct HeadStep {
  net::ResponseHead head;
};

/// A piece of the body. The bytes are valid until the answer's next step is asked for, or as long
/// as `pin`.
struct BodyStep {
  std::string_view bytes;
  bool is_frame = false;  ///< exactly one whole frame of a streamed answer
  std::shared_ptr<const std::string> pin;

  static BodyStep owned(std::string text) {
    auto pin = std::make_shared<const std::string>(std::move(text));
    const std::string_view view = *pin;
    return {view, false, std::move(pin)};
  }
};

/// The answer is complete.
struct EndStep {
  bool operator==(const EndStep&) const = default;
};

/// The connection is closed without an end of the answer; with `reset`, by RST.
struct AbortStep {
  bool reset = false;
  bool operator==(const AbortStep&) const = default;
};

/// An answer is a sequence of steps: HeadStep, BodyStep …, EndStep. Faults rewrite the sequence;
/// the server carries it out.
using Step = std::variant<WaitStep, HangStep, HeadStep, BodyStep, EndStep, AbortStep>;

/// True for a step that ends the sequence.
inline bool is_last(const Step& step) {
  return std::holds_alternative<HangStep>(step) || std::holds_alternative<EndStep>(step) ||
         std::holds_alternative<AbortStep>(step);
}

}  // namespace mread::mockstore
