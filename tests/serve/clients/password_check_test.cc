#include "serve/clients/password_check.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>

#include <gtest/gtest.h>

#include "config/web.h"
#include "net/loop.h"
#include "serve/clients/bcrypt.h"

namespace mread::serve {
namespace {

using Verdict = PasswordCheck::Verdict;
using namespace std::chrono_literals;

// Of "opensesame" at cost 4, made by another program.
const std::string opensesame = "$2b$04$Rtx5wRb2FfqNzkV0R1lxv.3Qzm5st0dKi1WQrTDkyGTSMJirWuEfO";

/// Stands for bcrypt: counts, and waits while it is told to.
class Slow {
 public:
  bool matches(const std::string& password, const std::string& hash) {
    std::unique_lock lock(mutex_);
    hashes_.push_back(hash);
    changed_.wait(lock, [this] { return !held_; });
    return hash.ends_with("." + password);
  }
  void hold() { set(true); }
  void let_go() { set(false); }
  std::vector<std::string> hashes() {
    const std::lock_guard lock(mutex_);
    return hashes_;
  }

 private:
  void set(bool held) {
    const std::lock_guard lock(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::vector<std::string> hashes_;
};

std::string fake_hash(const std::string& password) {
  std::string hash = "$2b$10$" + std::string(53, 'x');
  return hash.replace(hash.size() - password.size() - 1, std::string::npos, "." + password);
}

class PasswordCheckTest : public testing::Test {
 protected:
  PasswordCheck::Matches slow() {
    return [this](const std::string& password, const std::string& hash) {
      return slow_.matches(password, hash);
    };
  }
  std::future<Verdict> start(PasswordCheck& check, const std::string& user,
                             const std::string& password) {
    return loop_.start(check.check(users_, {user, password}));
  }
  Verdict ask(PasswordCheck& check, const std::string& user, const std::string& password) {
    return start(check, user, password).get();
  }
  size_t checks() { return slow_.hashes().size(); }

  Slow slow_;
  PasswordCheck::Users users_{{"alice", fake_hash("apple")}, {"bob", fake_hash("pear")}};
  net::Loop loop_;
};

TEST_F(PasswordCheckTest, KnowsItsUsers) {
  PasswordCheck check({}, slow());
  EXPECT_EQ(ask(check, "alice", "apple"), Verdict::right);
  EXPECT_EQ(ask(check, "bob", "pear"), Verdict::right);
  EXPECT_EQ(ask(check, "alice", "pear"), Verdict::wrong);
  EXPECT_EQ(ask(check, "", ""), Verdict::wrong);
}

TEST_F(PasswordCheckTest, WhatWasRightOnceIsRemembered) {
  PasswordCheck check({}, slow());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask(check, "alice", "apple"), Verdict::right);
  EXPECT_EQ(checks(), 1U);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ask(check, "alice", "wrong"), Verdict::wrong);
  EXPECT_EQ(checks(), 3U);
}

TEST_F(PasswordCheckTest, WithAnotherHashItCountsNoMore) {
  PasswordCheck check({}, slow());
  EXPECT_EQ(ask(check, "alice", "apple"), Verdict::right);
  users_[0].second = fake_hash("plum");
  EXPECT_EQ(ask(check, "alice", "apple"), Verdict::wrong);
  users_.erase(users_.begin());
  EXPECT_EQ(ask(check, "alice", "apple"), Verdict::wrong);
}

TEST_F(PasswordCheckTest, OnlySoManyAreRemembered) {
  PasswordCheck::Limits limits;
  limits.remembered = 1;
  PasswordCheck check(limits, slow());
  EXPECT_EQ(ask(check, "alice", "apple"), Verdict::right);
  EXPECT_EQ(ask(check, "bob", "pear"), Verdict::right);
  EXPECT_EQ(ask(check, "alice", "apple"), Verdict::right);
  EXPECT_EQ(checks(), 3U);
}

TEST_F(PasswordCheckTest, AnUnknownUserCostsACheckOfTheSameCost) {
  users_[1].second.replace(4, 2, "12");
  PasswordCheck check({}, slow());
  EXPECT_EQ(ask(check, "mallory", "apple"), Verdict::wrong);
  ASSERT_EQ(checks(), 1U);
  EXPECT_EQ(config::bcrypt_cost(slow_.hashes().front()), 12);
}

// The work of all checks, in rounds of bcrypt.
uint64_t rounds(const std::vector<std::string>& hashes) {
  uint64_t all = 0;
  for (const std::string& hash : hashes)
    all += uint64_t{1} << config::bcrypt_cost(hash).value_or(63);
  return all;
}

TEST_F(PasswordCheckTest, EveryRefusalCostsWhatTheMostCostlyHashDoes) {
  users_.emplace_back("carol", fake_hash("plum"));
  users_[0].second.replace(4, 2, "04");
  users_[2].second.replace(4, 2, "12");
  for (const char* user : {"alice", "bob", "carol", "mallory", ""}) {
    for (const std::string& password :
         {std::string("wrong"), std::string(), std::string(5000, 'x')}) {
      Slow counted;
      PasswordCheck check({}, [&](const std::string& text, const std::string& hash) {
        return counted.matches(text, hash);
      });
      // The second is no cheaper: a wrong password is not remembered.
      for (uint64_t times = 1; times <= 2; ++times) {
        EXPECT_EQ(ask(check, user, password), Verdict::wrong);
        EXPECT_EQ(rounds(counted.hashes()), times << 12) << user;
      }
    }
  }
}

TEST_F(PasswordCheckTest, ANewPasswordOfAUserWhoIsRememberedCostsTheSame) {
  users_[0].second.replace(4, 2, "04");
  PasswordCheck check({}, slow());
  EXPECT_EQ(ask(check, "alice", "apple"), Verdict::right);
  const uint64_t before = rounds(slow_.hashes());
  EXPECT_EQ(ask(check, "alice", "appl"), Verdict::wrong);
  EXPECT_EQ(rounds(slow_.hashes()) - before, uint64_t{1} << 10);
}

TEST_F(PasswordCheckTest, OnlySoManyRequestsWaitForOneCheck) {
  PasswordCheck::Limits limits;
  limits.waiters = 3;
  PasswordCheck check(limits, slow());
  EXPECT_EQ(ask(check, "bob", "pear"), Verdict::right);
  slow_.hold();
  std::vector<std::future<Verdict>> verdicts;
  for (int i = 0; i < 20; ++i) verdicts.push_back(start(check, "alice", "no"));
  const auto is_ready = [](std::future<Verdict>& one) {
    return one.wait_for(0s) == std::future_status::ready;
  };
  while (std::ranges::count_if(verdicts, is_ready) < 17) std::this_thread::yield();
  EXPECT_EQ(ask(check, "bob", "pear"), Verdict::right) << "who is remembered does not wait";
  slow_.let_go();
  size_t wrong = 0;
  for (auto& verdict : verdicts) wrong += verdict.get() == Verdict::wrong ? 1 : 0;
  EXPECT_EQ(wrong, 3U) << "the others were busy";
  EXPECT_EQ(ask(check, "alice", "apple"), Verdict::right) << "there is room again";
}

TEST_F(PasswordCheckTest, TheSameCheckIsDoneOnce) {
  PasswordCheck check({}, slow());
  slow_.hold();
  std::vector<std::future<Verdict>> verdicts;
  for (int i = 0; i < 10; ++i) verdicts.push_back(start(check, "alice", "apple"));
  while (check.pending() == 0) std::this_thread::yield();
  slow_.let_go();
  for (auto& verdict : verdicts) EXPECT_EQ(verdict.get(), Verdict::right);
  EXPECT_EQ(checks(), 1U);
  EXPECT_EQ(check.pending(), 0U);
}

TEST_F(PasswordCheckTest, TooManyDifferentOnesAreRefusedAndWhoIsRememberedIsNot) {
  PasswordCheck::Limits limits;
  limits.waiting = 2;
  PasswordCheck check(limits, slow());
  EXPECT_EQ(ask(check, "bob", "pear"), Verdict::right);
  slow_.hold();
  auto first = start(check, "alice", "1");
  auto second = start(check, "alice", "2");
  while (check.pending() < 2) std::this_thread::yield();
  EXPECT_EQ(ask(check, "alice", "3"), Verdict::busy);
  EXPECT_EQ(ask(check, "bob", "pear"), Verdict::right);
  slow_.let_go();
  EXPECT_EQ(first.get(), Verdict::wrong);
  EXPECT_EQ(second.get(), Verdict::wrong);
  EXPECT_EQ(ask(check, "alice", "apple"), Verdict::right);
}

struct HashCase {
  const char* name;
  std::string password;
  bool right;
};

class Bcrypt : public testing::TestWithParam<HashCase> {};

TEST_P(Bcrypt, Matches) {
  EXPECT_EQ(bcrypt_matches(GetParam().password, opensesame), GetParam().right);
}

INSTANTIATE_TEST_SUITE_P(
    Passwords, Bcrypt,
    testing::Values(HashCase{"Right", "opensesame", true}, HashCase{"Wrong", "opensesamf", false},
                    HashCase{"Empty", "", false}, HashCase{"Longer", "opensesame1", false},
                    HashCase{"AZeroByteEndsNothing", std::string("opensesame\0x", 12), false},
                    HashCase{"VeryLong", std::string(5000, 'x'), false},
                    HashCase{"RightAndVeryLong", "opensesame" + std::string(5000, '\0'), false}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(BcryptDecoy, IsAHashThatCostsWhatItSaysAndMatchesNothing) {
  const std::string decoy = bcrypt_decoy(4);
  EXPECT_EQ(config::bcrypt_cost(decoy), 4);
  EXPECT_FALSE(bcrypt_matches("opensesame", decoy));
  EXPECT_EQ(config::bcrypt_cost(bcrypt_decoy(12)), 12);
}

}  // namespace
}  // namespace mread::serve
