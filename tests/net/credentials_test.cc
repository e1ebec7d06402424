#include "net/credentials.h"

#include <gtest/gtest.h>

namespace mread::net {
namespace {

struct Case {
  const char* name;
  std::string user;
  std::string password;
  std::string header;
};

class BasicAuthorization : public testing::TestWithParam<Case> {};

TEST_P(BasicAuthorization, GoesThereAndBack) {
  const Case& given = GetParam();
  EXPECT_EQ(basic_authorization(given.user, given.password), given.header);
  const auto back = parse_basic_authorization(given.header);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->user, given.user);
  EXPECT_EQ(back->password, given.password);
}

// The first is RFC 7617's.
INSTANTIATE_TEST_SUITE_P(
    Known, BasicAuthorization,
    testing::Values(Case{"Rfc", "Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="},
                    Case{"Utf8", "test", "123\xC2\xA3", "Basic dGVzdDoxMjPCow=="},
                    Case{"OnePaddingByte", "u", "pwd", "Basic dTpwd2Q="},
                    Case{"NoPadding", "u", "p", "Basic dTpw"}, Case{"Empty", "", "", "Basic Og=="},
                    Case{"AColonInThePassword", "u", "p:w", "Basic dTpwOnc="},
                    Case{"AZeroByte", "u", std::string("p\0w", 3), "Basic dTpwAHc="}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ParseBasicAuthorization, TakesNothingElse) {
  for (const char* header :
       {"", "Basic", "Basic ", "Bearer dTpw", "Basic dTp", "Basic dTpw=", "Basic dT=w",
        "Basic dTpw dTpw", "Basic d\ntpw", "Basic dXA=" /* no colon */, "Basic ====", "Basicdtpw",
        "Basic dTpw===="}) {
    EXPECT_FALSE(parse_basic_authorization(header)) << header;
  }
}

TEST(ParseBasicAuthorization, TheTypeIsAnyCaseAndTheRoomAnySize) {
  EXPECT_EQ(parse_basic_authorization("bASIC   dTpw")->password, "p");
}

TEST(EqualInConstantTime, ComparesAll) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
  EXPECT_FALSE(equal_in_constant_time(std::string("a\0b", 3), std::string("a\0c", 3)));
}

}  // namespace
}  // namespace mread::net
