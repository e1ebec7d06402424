#include "base/error.h"

#include <set>

#include <gtest/gtest.h>

namespace mread {
namespace {

TEST(ErrorTest, ContextSaysItAll) {
  const Error error(Errc::checksum, "b: frame 3: checksum mismatch");
  EXPECT_TRUE(error.is(Errc::checksum));
  EXPECT_FALSE(error.is(Errc::limit));
  EXPECT_EQ(error.to_string(), "b: frame 3: checksum mismatch");
  EXPECT_EQ(Error(Errc::deadline, "").to_string(), "deadline exceeded");
}

TEST(ErrorTest, SystemErrorsKeepTheirMessage) {
  const auto refused = make_error_code(boost::system::errc::connection_refused);
  EXPECT_EQ(Error(refused, "backend a").to_string(), "backend a: " + refused.message());
  EXPECT_EQ(Error(refused, "").to_string(), refused.message());
}

TEST(ErrorTest, InAddsWhereItWasSeenFrom) {
  const Error error = Error(Errc::malformed, "byte 7").in("frame 3").in("b");
  EXPECT_EQ(error.to_string(), "b: frame 3: byte 7");
  EXPECT_TRUE(error.is(Errc::malformed));
}

TEST(ErrorTest, EveryClassHasAMessageOfItsOwn) {
  std::set<std::string> messages;
  for (int value = static_cast<int>(Errc::malformed); value <= static_cast<int>(Errc::environment);
       ++value) {
    EXPECT_TRUE(messages.insert(mread_category().message(value)).second) << value;
  }
  EXPECT_EQ(messages.count(mread_category().message(999)), 0);
  EXPECT_STREQ(mread_category().name(), "mread");
}

TEST(ResultTest, FailConverts) {
  const auto failing = []() -> Result<int> { return fail(Errc::limit, "too much"); };
  const auto passing_on = [&]() -> Result<std::string> { return fail(failing().error().in("a")); };
  EXPECT_EQ(passing_on().error().to_string(), "a: too much");
}

}  // namespace
}  // namespace mread
