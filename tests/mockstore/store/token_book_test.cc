#include "mockstore/store/token_book.h"

#include <gmock/gmock.h>

namespace mread::mockstore {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

Moment at(std::chrono::nanoseconds since_start) { return {0, since_start}; }

net::RequestHead head(const std::string& method, const std::string& target) {
  net::RequestHead out;
  out.method = method;
  out.target = target;
  return out;
}

const std::string good_body =
    "grant_type=client_credentials&client_id=me+%26+you&client_secret=s%3Acret";

class TokenBookRules : public testing::Test {
 protected:
  static TokenServerConfig config() {
    TokenServerConfig config;
    config.name = "idp";
    config.client_id = "me & you";
    config.client_secret = "s:cret";
    config.expires_in = 60s;
    return config;
  }
  TokenReply ask(const std::string& body, std::chrono::nanoseconds when = 0s) {
    return book_.answer(head("POST", "/token"), body, at(when));
  }
  std::string journal() { return book_.answer(head("GET", "/-/journal"), "", at(0s)).body; }

  TokenBook book_{config()};
};

TEST_F(TokenBookRules, ATokenIsValidUntilItEnds) {
  const TokenReply reply = ask(good_body, 10s);
  EXPECT_EQ(reply.head.status, 200);
  EXPECT_EQ(reply.head.headers.get("Cache-Control"), "no-store");
  EXPECT_THAT(reply.body, HasSubstr("\"access_token\":\"idp-1\""));
  EXPECT_THAT(reply.body, HasSubstr("\"expires_in\":60"));
  EXPECT_TRUE(book_.is_valid("idp-1", at(10s)));
  EXPECT_TRUE(book_.is_valid("idp-1", at(70s - 1ns)));
  EXPECT_FALSE(book_.is_valid("idp-1", at(70s)));
  EXPECT_FALSE(book_.is_valid("idp-2", at(10s))) << "nobody has asked for it";
}

TEST_F(TokenBookRules, TheClientMayBeToldInTheHeader) {
  net::RequestHead request = head("POST", "/token?tenant=x");
  // "me+%26+you:s%3Acret"
  request.headers.add("Authorization", "Basic bWUrJTI2K3lvdTpzJTNBY3JldA==");
  EXPECT_EQ(book_.answer(request, "grant_type=client_credentials", at(0s)).head.status, 200);
}

TEST_F(TokenBookRules, WrongClientsGetNoToken) {
  for (const char* body : {"grant_type=client_credentials&client_id=me&client_secret=s%3Acret",
                           "grant_type=client_credentials&client_id=me+%26+you&client_secret=s",
                           "grant_type=client_credentials", ""}) {
    const TokenReply reply = ask(body);
    EXPECT_EQ(reply.head.status, 401) << body;
    EXPECT_THAT(reply.body, HasSubstr("invalid_client")) << body;
    EXPECT_TRUE(reply.head.headers.contains("WWW-Authenticate")) << body;
  }
  EXPECT_EQ(journal(), "{\"requests\":4,\"issued\":0,\"refused\":4}\n");
}

TEST_F(TokenBookRules, OtherGrantsAndMethodsAreRefused) {
  EXPECT_EQ(ask("grant_type=password&client_id=me+%26+you&client_secret=s%3Acret").head.status,
            400);
  EXPECT_EQ(book_.answer(head("GET", "/token"), "", at(0s)).head.status, 405);
  EXPECT_EQ(book_.answer(head("POST", "/other"), good_body, at(0s)).head.status, 404);
  EXPECT_EQ(journal(), "{\"requests\":1,\"issued\":0,\"refused\":1}\n");
}

TEST_F(TokenBookRules, AllTokensCanBeTakenBackAtOnce) {
  ask(good_body);
  ask(good_body);
  EXPECT_TRUE(book_.is_valid("idp-2", at(1s)));
  EXPECT_EQ(book_.answer(head("DELETE", "/-/tokens"), "", at(1s)).head.status, 200);
  EXPECT_FALSE(book_.is_valid("idp-1", at(1s)));
  EXPECT_FALSE(book_.is_valid("idp-2", at(1s)));
  EXPECT_THAT(ask(good_body).body, HasSubstr("idp-3")) << "no token is given twice";
}

}  // namespace
}  // namespace mread::mockstore
