#include "merger/memory/budget.h"

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

using BudgetPtr = boost::intrusive_ptr<Budget>;

TEST(Budget, IsTheSumOfItsAccounts) {
  const BudgetPtr budget(new Budget(100));
  const AccountPtr a(new Account(budget));
  const AccountPtr b(new Account(budget));
  Charge of_a(a, 60);
  {
    const Charge of_b(b, 50);
    EXPECT_EQ(budget->held(), 110u);
    EXPECT_TRUE(budget->exceeded());
    EXPECT_FALSE(budget->has_room(0));
    EXPECT_EQ(budget->room(), 0u);
  }
  EXPECT_EQ(b->held(), 0u);
  EXPECT_EQ(budget->room(), 40u);
  EXPECT_TRUE(budget->has_room(40));
  EXPECT_FALSE(budget->has_room(41));
  of_a.set(10);
  EXPECT_EQ(budget->held(), 10u);
}

TEST(Budget, ZeroIsNoLimit) {
  const BudgetPtr budget(new Budget(0));
  const AccountPtr account(new Account(budget));
  EXPECT_EQ(budget->limit(), UINT64_MAX);
  EXPECT_TRUE(account->may_take(UINT64_MAX / 2));
}

TEST(Budget, AsksForRoomOnlyWhereThereIsNone) {
  const BudgetPtr budget(new Budget(100));
  const AccountPtr asker(new Account(budget));
  Charge other(AccountPtr(new Account(budget)), 90);
  int asked = 0;
  budget->on_full([&](const Account& who, uint64_t more) {
    ++asked;
    EXPECT_EQ(&who, asker.get());
    EXPECT_EQ(more, 20u);
    other.set(0);
    return budget->has_room(more);
  });
  EXPECT_TRUE(asker->may_take(10));
  EXPECT_EQ(asked, 0);
  EXPECT_TRUE(asker->may_take(20));
  EXPECT_EQ(asked, 1);
}

TEST(Charge, MovesWithItsBytes) {
  const AccountPtr account(new Account());
  Charge first(account, 7);
  Charge second(std::move(first));
  EXPECT_EQ(account->held(), 7u);
  second = Charge(account, 5);
  EXPECT_EQ(account->held(), 5u);
  EXPECT_EQ(Charge().bytes(), 0u);
}

}  // namespace
}  // namespace mread::merger
