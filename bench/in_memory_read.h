#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "merger/fan_out/fan_out.h"

namespace mread::bench {

/// One remote read of `mread serve` without sockets: the fan-out machine, driven as the server
/// drives it, over bodies in memory. One thread.
///
/// Each Read is answered at once with the next piece of the body, copied into memory of its own as
/// a socket's bytes would be. What goes to the client is handed to a sink and dropped.
class InMemoryRead {
 public:
  using Sink = std::function<void(std::string_view piece)>;

  /// `piece_bytes`: what a read from a socket brings at once. `bodies` outlive the object.
  InMemoryRead(const std::vector<std::string>& bodies, model::ResponseType in,
               model::ResponseType out, size_t piece_bytes = 128U << 10);

  merger::FanOutOptions options;
  /// As merge.verify_chunks; before run().
  void verify_chunks(bool on) { config_.verify_chunks = on; }

  /// Runs it once. Throws std::runtime_error if the answer is not whole and complete.
  void run(const Sink& sink) const;

  const merger::Outcome& outcome() const { return outcome_; }
  /// The answer of one run, kept.
  std::string answer() const;

 private:
  const std::vector<std::string>& bodies_;
  model::ResponseType in_;
  size_t piece_bytes_;
  config::Config config_;
  model::ReadRequest request_;
  mutable merger::Outcome outcome_;
};

}  // namespace mread::bench
