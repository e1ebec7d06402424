#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "merger/fan_out/fan_out.h"
#include "merger/members/breaker.h"

namespace mread::serve {

/// The circuit breakers of all backends of a configuration; without `health:` it has none, and
/// admits everywhere. Safe to use from several threads.
class Circuits {
 public:
  /// A circuit that has changed.
  struct Change {
    size_t backend = 0;
    merger::Breaker::State state = merger::Breaker::State::closed;
  };

  /// `previous` may be null; a backend of the same name and URL keeps what is known of it.
  explicit Circuits(const config::Config& config, const Circuits* previous = nullptr);

  /// One read's leave to ask, taken when it is about to ask. Goes before the circuits go; where it
  /// goes without settle(), the read has shown nothing.
  class Admission {
   public:
    /// `who` is the read, for backends that are not probed.
    Admission(Circuits& circuits, TimePoint now, merger::ReadIdentity who = {});
    ~Admission();
    Admission(const Admission&) = delete;
    Admission& operator=(const Admission&) = delete;
    /// What the read may ask.
    void prepare(merger::FanOutOptions& options) const;
    /// What the read has shown.
    std::vector<Change> settle(const merger::Outcome& outcome, TimePoint now);

   private:
    Circuits& circuits_;
    merger::ReadIdentity who_;
    std::vector<merger::Breaker::Permit> permits_;
  };

  bool enabled() const { return !breakers_.empty(); }
  merger::Breaker::State state(size_t backend) const;

  /// A read has waited for a backend for late_after() without an answer. True where that makes the
  /// backend suspect.
  bool late(size_t backend, TimePoint now);
  /// How long a read waits for the start of this backend's answer until late() is to be called.
  std::chrono::milliseconds late_after(const merger::Backend& backend) const;

  /// True where the backend is to be probed and nobody does yet: the caller does from now on, until
  /// due() is empty.
  bool take_probing(size_t backend);
  /// When the next probe is to begin; empty where no more are wanted, and probing is given back.
  std::optional<TimePoint> due(size_t backend);
  void probe_begun(size_t backend, TimePoint now);
  /// The state that the circuit has changed to, if it has.
  std::optional<merger::Breaker::State> probe_ended(size_t backend, bool answered, TimePoint now);
  /// No more probes: another configuration has taken over.
  void retire();

 private:
  struct Identity {
    std::string name;
    std::string url;
    bool operator==(const Identity&) const = default;
  };

  mutable std::mutex mutex_;
  std::vector<Identity> identities_;
  std::vector<merger::Breaker> breakers_;
  std::chrono::milliseconds hung_after_{0};
  std::vector<bool> probing_;
  bool retired_ = false;
};

}  // namespace mread::serve
