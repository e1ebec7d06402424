#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "integration/attacks/scripted_store.h"

namespace mread::attacks {

/// Clients and a backend that misbehave in many small ways, one after another, for as long as a
/// soak goes on. What they hold at a time is a few connections and a few megabytes.
class Mischief {
 public:
  Mischief();
  ~Mischief() { stop(); }

  /// Where the evil backend answers. Reads of the mischief carry evil="yes"; no other read may ask
  /// it.
  std::string backend_url() const { return backend_.url(); }
  /// Begins against the server at `port`; `next_turn` blocks until the next piece may begin.
  void start(uint16_t port, std::function<void()> next_turn);
  void stop();
  size_t done() const { return done_; }

 private:
  void one_piece(size_t turn);

  ScriptedStore backend_;
  std::atomic<size_t> answers_ = 0;
  std::atomic<size_t> done_ = 0;
  uint16_t port_ = 0;
  std::vector<RawSocket> held_;  // Open until there are ten.
  std::jthread thread_;
};

}  // namespace mread::attacks
