#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "net/credentials.h"

namespace mread::serve {

namespace asio = boost::asio;

/// Checks passwords against bcrypt hashes, on threads of its own: a check takes as long as many
/// reads do, and must not hold any up. What has been right once is remembered (a keyed hash of
/// user, password and hash, never the password), so that a client pays for its first request only.
/// The same check that is asked for again while it is under way is done once.
///
/// Safe to use from several threads. Outlives the coroutines that wait.
class PasswordCheck {
 public:
  struct Limits {
    size_t threads = 1;
    size_t waiting = 32;     ///< different checks that wait or are under way; more are not taken on
    size_t waiters = 1'000;  ///< requests that wait for these checks; more are not taken on
    size_t remembered = 100;
  };
  using Users = std::vector<std::pair<std::string, std::string>>;  ///< name, bcrypt hash
  using Matches = std::function<bool(const std::string& password, const std::string& hash)>;
  enum class Verdict { right, wrong, busy };

  /// `matches` runs on the threads; bcrypt_matches() but in tests.
  explicit PasswordCheck(Limits limits, Matches matches);
  /// Waits for the checks that have begun.
  ~PasswordCheck();
  PasswordCheck(const PasswordCheck&) = delete;
  PasswordCheck& operator=(const PasswordCheck&) = delete;

  /// What is wrong costs as many rounds of bcrypt as the most costly hash of `users`, whatever the
  /// user's own hash costs, and so does an unknown user: the time tells nothing. Wrong ones are not
  /// remembered. A coroutine that is cancelled gets `busy`, and so does one above a limit.
  asio::awaitable<Verdict> check(const Users& users, net::UserPassword claimed);
  /// Checks that wait or are under way.
  size_t pending() const;

 private:
  using Key = std::array<unsigned char, 32>;
  struct Waiter;
  using Waiters = std::vector<std::shared_ptr<Waiter>>;

  Key key_of(const net::UserPassword& claimed, const std::string& hash) const;
  void run(const Key& key, const std::string& password, const std::string& hash, bool known,
           int highest_cost);

  const Limits limits_;
  const Matches matches_;
  Key salt_;
  mutable std::mutex mutex_;   // What follows.
  std::list<Key> remembered_;  // The one used last comes first.
  std::map<Key, Waiters> pending_;
  size_t waiters_ = 0;         // Of all of them.
  asio::thread_pool threads_;  // Last: its threads use all of it.
};

}  // namespace mread::serve
