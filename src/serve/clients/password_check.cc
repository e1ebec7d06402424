#include "serve/clients/password_check.h"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "config/web.h"
#include "net/event.h"
#include "serve/clients/bcrypt.h"

namespace mread::serve {

// `verdict` is guarded by the mutex of the check, `done` belongs to the strand.
struct PasswordCheck::Waiter {
  explicit Waiter(const asio::any_io_executor& any_executor)
      : strand(any_executor), done(any_executor) {}
  asio::any_io_executor strand;
  net::Event done;
  std::optional<Verdict> verdict;
};

PasswordCheck::PasswordCheck(Limits limits, Matches matches)
    : limits_(limits), matches_(std::move(matches)), threads_(limits.threads) {
  if (RAND_bytes(salt_.data(), static_cast<int>(salt_.size())) != 1)
    throw std::runtime_error("no random bytes");
}

PasswordCheck::~PasswordCheck() {
  threads_.stop();
  threads_.join();
}

PasswordCheck::Key PasswordCheck::key_of(const net::UserPassword& claimed,
                                         const std::string& hash) const {
  // The lengths stand before the texts, so that no two checks share a key.
  const std::string text = std::to_string(claimed.user.size()) + " " +
                           std::to_string(claimed.password.size()) + " " + claimed.user +
                           claimed.password + hash;
  Key key{};
  unsigned size = key.size();
  HMAC(EVP_sha256(), salt_.data(), static_cast<int>(salt_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), key.data(), &size);
  return key;
}

asio::awaitable<PasswordCheck::Verdict> PasswordCheck::check(const Users& users,
                                                             net::UserPassword claimed) {
  std::string hash;
  int highest = 0;
  for (const auto& [name, of_user] : users) {
    if (net::equal_in_constant_time(name, claimed.user)) hash = of_user;
    highest = std::max(highest, config::bcrypt_cost(of_user).value_or(0));
  }
  const bool known = !hash.empty();
  if (!known) hash = bcrypt_decoy(highest);
  const Key key = key_of(claimed, hash);
  const auto waiter = std::make_shared<Waiter>(co_await asio::this_coro::executor);
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find(remembered_.begin(), remembered_.end(), key);
    if (found != remembered_.end()) {
      remembered_.splice(remembered_.begin(), remembered_, found);
      co_return Verdict::right;
    }
    const auto under_way = pending_.find(key);
    if (waiters_ >= limits_.waiters) co_return Verdict::busy;
    if (under_way != pending_.end()) {
      under_way->second.push_back(waiter);
    } else {
      if (pending_.size() >= limits_.waiting) co_return Verdict::busy;
      pending_[key].push_back(waiter);
      asio::post(threads_, [this, key, password = std::move(claimed.password), hash, known,
                            highest]() mutable {
        run(key, password, hash, known, highest);
        OPENSSL_cleanse(password.data(), password.size());
      });
    }
    ++waiters_;
  }
  for (bool going_on = true;;) {
    {
      const std::lock_guard lock(mutex_);
      if (waiter->verdict || !going_on) --waiters_;
      if (waiter->verdict) co_return *waiter->verdict;
      if (!going_on) {
        if (const auto mine = pending_.find(key); mine != pending_.end())
          std::erase(mine->second, waiter);
        co_return Verdict::busy;
      }
    }
    going_on = co_await waiter->done.wait();
  }
}

void PasswordCheck::run(const Key& key, const std::string& password, const std::string& hash,
                        bool known, int highest_cost) {
  const bool right = matches_(password, hash) && known;
  if (!right) {
    // Cost c is 2^c rounds, and 2^c + 2^c + 2^(c+1) + … + 2^(h-1) = 2^h. Who was right has no
    // secret to be timed.
    const int own_cost = config::bcrypt_cost(hash).value_or(highest_cost);
    for (int cost = own_cost; cost < highest_cost; ++cost)
      static_cast<void>(matches_(password, bcrypt_decoy(cost)));
  }
  const std::lock_guard lock(mutex_);
  if (right) {
    remembered_.push_front(key);
    if (remembered_.size() > limits_.remembered) remembered_.pop_back();
  }
  const auto ended = pending_.find(key);
  for (const auto& waiter : ended->second) {
    waiter->verdict = right ? Verdict::right : Verdict::wrong;
    asio::post(waiter->strand, [waiter] { waiter->done.notify(); });
  }
  pending_.erase(ended);
}

size_t PasswordCheck::pending() const {
  const std::lock_guard lock(mutex_);
  return pending_.size();
}

}  // namespace mread::serve
