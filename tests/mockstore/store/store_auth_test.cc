#include "mockstore/store/store_auth.h"

#include <boost/json.hpp>
#include <gmock/gmock.h>

#include "mockstore/store_fixture.h"
#include "net/credentials.h"

namespace mread::mockstore {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

StoreAuth auth_of(const std::string& text, const TokenBooks& books = {}) {
  const auto node = yaml::Node::parse(text, "store.yml");
  yaml::Mapping mapping = node.mapping();
  StoreAuth auth = read_store_auth(mapping, books);
  mapping.finish();
  return auth;
}

struct Case {
  const char* name;
  std::string auth;
  std::string authorization;
  std::string refusal;  ///< empty: taken in
};

class StoreAuthTest : public testing::TestWithParam<Case> {};

TEST_P(StoreAuthTest, TakesInWhoKnows) {
  net::Headers headers;
  if (!GetParam().authorization.empty()) headers.add("Authorization", GetParam().authorization);
  EXPECT_EQ(auth_of(GetParam().auth).refusal(headers, {}).value_or(""), GetParam().refusal);
}

const std::string basic = "auth: {basic: {username: u, password: 'p:w'}}";

INSTANTIATE_TEST_SUITE_P(
    Requests, StoreAuthTest,
    testing::Values(
        Case{"Anybody", "{}", "", ""}, Case{"AnybodyWithCredentials", "{}", "Bearer x", ""},
        Case{"Basic", basic, net::basic_authorization("u", "p:w"), ""},
        Case{"BasicWrongPassword", basic, net::basic_authorization("u", "p"), "wrong credentials"},
        Case{"BasicWrongUser", basic, net::basic_authorization("v", "p:w"), "wrong credentials"},
        Case{"BasicNone", basic, "", "no credentials"},
        Case{"BasicAsABearer", basic, "Bearer u", "wrong credentials"},
        Case{"Bearer", "auth: {bearer: t}", "Bearer t", ""},
        Case{"BearerInAnyCase", "auth: {bearer: t}", "bEARER  t", ""},
        Case{"BearerWrong", "auth: {bearer: t}", "Bearer T", "wrong credentials"},
        Case{"BearerWithoutAToken", "auth: {bearer: t}", "Bearer", "wrong credentials"},
        Case{"Type", "auth: {type: Token, credentials: t}", "Token t", ""},
        Case{"TypeWrong", "auth: {type: Token, credentials: t}", "Bearer t", "wrong credentials"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(StoreAuthHeaders, AreAllRequired) {
  const StoreAuth auth = auth_of("{auth: {bearer: t}, required_headers: {X-Scope-OrgID: tenant}}");
  net::Headers headers;
  headers.add("Authorization", "Bearer t");
  EXPECT_EQ(auth.refusal(headers, {}), "header X-Scope-OrgID");
  headers.add("x-scope-orgid", "tenant");
  EXPECT_EQ(auth.refusal(headers, {}), std::nullopt);
}

struct Refusal {
  const char* name;
  std::string auth;
  std::string message;
};

class StoreAuthRefused : public testing::TestWithParam<Refusal> {};

TEST_P(StoreAuthRefused, WithItsPlace) {
  try {
    auth_of(GetParam().auth, {{"ids", nullptr}});
    FAIL();
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("store.yml:1:"));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("hunter2")));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Configs, StoreAuthRefused,
    testing::Values(
        Refusal{"Nothing", "auth: {}", "want one of"},
        Refusal{"Two", "auth: {bearer: hunter2, basic: {username: u, password: hunter2}}",
                "want one of"},
        Refusal{"TypeAlone", "auth: {type: x, bearer: hunter2}", "a type needs credentials"},
        Refusal{"NoPassword", "auth: {basic: {username: u}}", "\"password\""},
        Refusal{"UnknownKey", "auth: {baerer: hunter2}", "did you mean \"bearer\"?"},
        Refusal{"UnknownServer", "auth: {oauth2: idx}", "did you mean \"ids\"?"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(StoreAuthJournal, ARefusedReaderStandsInIt) {
  FakeTime time;
  auto store = Store::create(
      store_of("{auth: {bearer: t}, input_series: [{series: up, values: '1x3'}]}"), 1, time);
  ASSERT_TRUE(store);
  const std::string body = request_of({query_of("up")}, streamed);
  EXPECT_EQ((*store)->refuse({}, body, "peer"), "no credentials");
  net::Headers headers;
  headers.add("Authorization", "Bearer t");
  EXPECT_EQ((*store)->refuse(headers, body, "peer"), std::nullopt);
  const auto entries = (*store)->journal().entries();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].status, 401);
  EXPECT_EQ(entries[0].refused, "no credentials");
  EXPECT_EQ(entries[0].queries.at(0).selector, "up");
  EXPECT_EQ(entries[0].outcome, JournalEntry::Outcome::complete);
}

// ---- token servers

class TokenBookTest : public testing::Test {
 protected:
  TokenBookTest() {
    const auto node = yaml::Node::parse(
        "token_servers: {ids: {client_id: me, client_secret: 's e', expires_in: 1m}}", "mock.yml");
    yaml::Mapping mapping = node.mapping();
    books_ = read_token_servers(mapping);
  }
  TokenReply ask(const std::string& body, const std::string& authorization = "") {
    net::RequestHead head;
    head.method = "POST";
    head.target = "/token";
    if (!authorization.empty()) head.headers.add("Authorization", authorization);
    return book().answer(head, body, now_);
  }
  std::string page(const std::string& method, const std::string& target) {
    net::RequestHead head;
    head.method = method;
    head.target = target;
    return book().answer(head, "", now_).body;
  }
  TokenBook& book() { return *books_.at("ids"); }

  TokenBooks books_;
  Moment now_;
};

TEST_F(TokenBookTest, HandsOutATokenThatAStoreTakesUntilItExpires) {
  const auto reply = ask("grant_type=client_credentials", net::basic_authorization("me", "s+e"));
  EXPECT_EQ(reply.head.status, 200);
  const auto json = boost::json::parse(reply.body);
  EXPECT_EQ(json.at("token_type").as_string(), "Bearer");
  EXPECT_EQ(json.at("expires_in").as_int64(), 60);
  net::Headers headers;
  headers.add("Authorization", "Bearer " + std::string(json.at("access_token").as_string()));
  const StoreAuth auth = auth_of("auth: {oauth2: ids}", books_);
  EXPECT_EQ(auth.refusal(headers, now_), std::nullopt);
  now_.since_start = 59s;
  EXPECT_EQ(auth.refusal(headers, now_), std::nullopt);
  now_.since_start = 60s;
  EXPECT_EQ(auth.refusal(headers, now_), "wrong credentials");
}

TEST_F(TokenBookTest, TakesTheClientInTheBodyAsWell) {
  EXPECT_EQ(ask("grant_type=client_credentials&client_id=me&client_secret=s%20e").head.status, 200);
}

TEST_F(TokenBookTest, RefusesAWrongClientAndAnotherGrant) {
  const auto wrong = ask("grant_type=client_credentials", net::basic_authorization("me", "x"));
  EXPECT_EQ(wrong.head.status, 401);
  EXPECT_EQ(wrong.body, "{\"error\":\"invalid_client\"}\n");
  EXPECT_EQ(ask("").head.status, 401);
  const auto grant = ask("grant_type=password", net::basic_authorization("me", "s+e"));
  EXPECT_EQ(grant.head.status, 400);
  EXPECT_EQ(grant.body, "{\"error\":\"unsupported_grant_type\"}\n");
  EXPECT_EQ(page("GET", "/-/journal"), "{\"requests\":3,\"issued\":0,\"refused\":3}\n");
}

TEST_F(TokenBookTest, TakesTokensBack) {
  const auto reply = ask("grant_type=client_credentials", net::basic_authorization("me", "s+e"));
  const std::string token(boost::json::parse(reply.body).at("access_token").as_string());
  EXPECT_TRUE(book().is_valid(token, now_));
  page("DELETE", "/-/tokens");
  EXPECT_FALSE(book().is_valid(token, now_));
}

}  // namespace
}  // namespace mread::mockstore
