#include "serve/backends/oauth2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

config::OAuth2 settings() {
  config::OAuth2 settings;
  settings.client_id = "me & you";
  settings.token_url = "http://127.0.0.1:1/token?tenant=x";
  return settings;
}

TEST(TokenRequest, TellsTheClientInTheHeader) {
  auto given = settings();
  given.scopes = {"read", "all"};
  given.endpoint_params = {{"audience", "a=b&c"}};
  const auto request = token_request(given, "s:cret", ClientStyle::header);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url.target, "/token?tenant=x");
  EXPECT_EQ(request.headers.get("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(request.body, "grant_type=client_credentials&scope=read+all&audience=a%3Db%26c");
  // "me+%26+you:s%3Acret": encoded before, as RFC 6749 has it.
  EXPECT_EQ(request.origin_headers.get("Authorization"), "Basic bWUrJTI2K3lvdTpzJTNBY3JldA==");
  EXPECT_FALSE(request.follow_redirects);
}

TEST(TokenRequest, OrInTheBody) {
  const auto request = token_request(settings(), "s:cret", ClientStyle::body);
  EXPECT_EQ(request.body,
            "grant_type=client_credentials&client_id=me+%26+you&client_secret=s%3Acret");
  EXPECT_FALSE(request.headers.contains("Authorization"));
}

TEST(TokenRequest, TakesAGrantTypeOfTheParameters) {
  config::OAuth2 settings;
  settings.client_id = "me";
  settings.token_url = "https://id/token";
  settings.endpoint_params = {{"grant_type", "x"}};
  EXPECT_EQ(token_request(settings, "s", ClientStyle::header).body, "grant_type=x");
}

struct Reply {
  const char* name;
  int status;
  std::string body;
  std::string authorization;  ///< or the error
  std::optional<std::chrono::seconds> lifetime;
};

class ReadToken : public testing::TestWithParam<Reply> {};

TEST_P(ReadToken, FromTheReply) {
  const auto token = read_token(GetParam().status, GetParam().body);
  ASSERT_TRUE(token) << token.error().to_string();
  EXPECT_EQ(token->authorization, GetParam().authorization);
  EXPECT_EQ(token->lifetime, GetParam().lifetime);
}

INSTANTIATE_TEST_SUITE_P(
    Replies, ReadToken,
    testing::Values(
        Reply{"Usual", 200, R"({"access_token":"t","token_type":"bearer","expires_in":3600})",
              "Bearer t", 3600s},
        Reply{"NothingButTheToken", 200, R"({"access_token":"t"})", "Bearer t", std::nullopt},
        Reply{"LifetimeAsText", 200, R"({"access_token":"t","expires_in":"60"})", "Bearer t", 60s},
        Reply{"LifetimeAsAFraction", 201, R"({"access_token":"t","expires_in":59.9})", "Bearer t",
              59s},
        Reply{"LifetimeBelowZero", 200, R"({"access_token":"t","expires_in":-5})", "Bearer t", 0s},
        Reply{"LifetimeBeyondAllMeasure", 200, R"({"access_token":"t","expires_in":1e300})",
              "Bearer t", 8760h},
        Reply{"LifetimeThatIsNone", 200, R"({"access_token":"t","expires_in":{}})", "Bearer t",
              std::nullopt},
        Reply{"AnotherType", 200, R"({"access_token":"t","token_type":"DPoP"})", "DPoP t",
              std::nullopt},
        Reply{"ATypeThatIsNoWord", 200, R"({"access_token":"t","token_type":"a b"})", "Bearer t",
              std::nullopt}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

class NoToken : public testing::TestWithParam<Reply> {};

TEST_P(NoToken, SaysWhyAndNothingElseOfTheBody) {
  const auto token = read_token(GetParam().status, GetParam().body);
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().to_string(), GetParam().authorization);
}

INSTANTIATE_TEST_SUITE_P(
    Replies, NoToken,
    testing::Values(Reply{"WrongSecret",
                          401,
                          R"({"error":"invalid_client","error_description":"hunter2"})",
                          "401 invalid_client",
                          {}},
                    Reply{"NoJson", 403, "<html>hunter2", "403", {}},
                    Reply{"Empty", 500, "", "500", {}},
                    Reply{"AnErrorThatIsNoWord", 400, R"({"error":"a\nb"})", "400", {}},
                    Reply{"AnErrorOfAnotherType", 400, R"({"error":["x"]})", "400", {}},
                    Reply{"ARedirect", 307, "", "307", {}},
                    Reply{"NoJsonBehind200", 200, "hunter2", "the answer is no JSON object", {}},
                    Reply{"AList", 200, "[]", "the answer is no JSON object", {}},
                    Reply{"NoTokenBehind200",
                          200,
                          R"({"error":"slow_down"})",
                          "the answer has no access_token, but says slow_down",
                          {}},
                    Reply{"ATokenThatIsNoText",
                          200,
                          R"({"access_token":7})",
                          "the answer has no access_token",
                          {}},
                    Reply{"ATokenOfTwoLines",
                          200,
                          R"({"access_token":"a\r\nX: y"})",
                          "the answer has no access_token",
                          {}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

class TokenCacheTest : public testing::Test {
 protected:
  TimePoint at(std::chrono::seconds since) { return TimePoint(1h) + since; }
  void fetched(const std::string& value, std::optional<std::chrono::seconds> lifetime,
               std::chrono::seconds since) {
    cache_.fetched({value, lifetime}, at(since));
  }
  TokenCache cache_;
};

TEST_F(TokenCacheTest, HasNoneAtFirst) { EXPECT_EQ(cache_.usable(at(0s)), std::nullopt); }

TEST_F(TokenCacheTest, IsUsedUntilTenSecondsBeforeItsEnd) {
  fetched("a", 1h, 0s);
  EXPECT_EQ(cache_.usable(at(3589s)), "a");
  EXPECT_EQ(cache_.usable(at(3590s)), std::nullopt);
}

TEST_F(TokenCacheTest, AShortOneIsUsedForThreeQuartersOfItsLife) {
  fetched("a", 8s, 0s);
  EXPECT_EQ(cache_.usable(at(5s)), "a");
  EXPECT_EQ(cache_.usable(at(6s)), std::nullopt);
}

TEST_F(TokenCacheTest, OneThatIsOverAtOnceIsNotKept) {
  fetched("a", 0s, 0s);
  EXPECT_EQ(cache_.usable(at(0s)), std::nullopt);
}

TEST_F(TokenCacheTest, OneWithoutAnEndIsUsedForGood) {
  fetched("a", std::nullopt, 0s);
  EXPECT_EQ(cache_.usable(at(100'000'000s)), "a");
}

TEST_F(TokenCacheTest, ARefusedOneIsDroppedOnce) {
  fetched("a", 1h, 0s);
  EXPECT_TRUE(cache_.refused("a", at(60s)));
  EXPECT_EQ(cache_.usable(at(60s)), std::nullopt);
  fetched("b", 1h, 61s);
  EXPECT_FALSE(cache_.refused("b", at(62s)));
  EXPECT_EQ(cache_.usable(at(62s)), "b");
  EXPECT_FALSE(cache_.refused("b", at(90s)));
  EXPECT_TRUE(cache_.refused("b", at(91s)));
}

TEST_F(TokenCacheTest, ALateRefusalOfAnOldOneDoesNotTouchTheNew) {
  fetched("a", 1h, 0s);
  EXPECT_TRUE(cache_.refused("a", at(1s)));
  EXPECT_TRUE(cache_.refused("a", at(1s)));
  fetched("b", 1h, 2s);
  EXPECT_TRUE(cache_.refused("a", at(3s)));
  EXPECT_EQ(cache_.usable(at(3s)), "b");
}

TEST_F(TokenCacheTest, AnExpiredOneIsFollowedByOneThatMayBeRefused) {
  fetched("a", 20s, 0s);
  fetched("b", 1h, 30s);
  EXPECT_TRUE(cache_.refused("b", at(31s)));
}

}  // namespace
}  // namespace mread::serve
