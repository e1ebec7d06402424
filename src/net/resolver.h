#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include "base/error.h"

namespace mread::net {

namespace asio = boost::asio;

/// Finds the addresses of host names. Lookups of different names run side by side, so a name whose
/// lookup hangs holds up nobody but those who ask for it; all who ask for one name at the same time
/// share one lookup.
///
/// Answers are kept: `fresh` for all; after that the name is looked up again, and the old answer is
/// used, up to `stale`, where the new lookup has no answer after `patience` or fails for a reason
/// that passes (a server that does not answer; not: no such name). Failures are kept for `failed`.
///
/// Bounds: `threads` lookups at the same time, of which the others wait in the order in which their
/// names were asked for, unless nobody waits for them any more; `names` names.
///
/// A lookup that hangs cannot be interrupted: its thread is left alone, and nobody waits for it,
/// not even the destructor. Safe to use from several threads.
class Resolver {
 public:
  using Clock = std::chrono::steady_clock;
  using Addresses = std::vector<asio::ip::address>;
  /// Called on a thread of the resolver's; may block for as long as it likes.
  using Lookup = std::function<Result<Addresses>(const std::string& host)>;

  struct Options {
    size_t threads = 16;
    size_t names = 1024;
    std::chrono::milliseconds fresh{2'000};
    std::chrono::milliseconds failed{1'000};
    std::chrono::milliseconds stale{300'000};
    std::chrono::milliseconds patience{500};
    Lookup lookup;                           ///< null: the system's, getaddrinfo
    std::function<Clock::time_point()> now;  ///< of the ages of answers; null: Clock::now
  };
  struct Answer {
    Addresses addresses;   ///< at least one, in the order of preference
    bool is_kept = false;  ///< from before the question
  };

  explicit Resolver(Options options);
  Resolver() : Resolver(Options()) {}
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  /// The one for all whose settings name no other.
  static const std::shared_ptr<Resolver>& shared();

  /// Errors: what the lookup says; Errc::deadline after `timeout`; Errc::canceled where the
  /// coroutine is; Errc::limit where `names` names are being looked up. Contexts are the caller's
  /// to add.
  asio::awaitable<Result<Answer>> resolve(std::string host, std::chrono::milliseconds timeout);
  /// Nobody was reached at the addresses: the next to ask gets new ones, or, where a lookup hangs
  /// or fails, these.
  void doubt(const std::string& host);
  /// Names kept or under way, for tests.
  size_t size() const;

 private:
  class State;
  const std::shared_ptr<State> state_;
};

/// The system's lookup: /etc/hosts, DNS, and whatever else the machine is set up for. At most 16
/// addresses, each once.
Result<Resolver::Addresses> look_up(const std::string& host);

}  // namespace mread::net
