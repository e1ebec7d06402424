#include "config/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace mread::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string config_of(const std::string& keys) {
  return "remote_read:\n  - url: http://a:9090/api/v1/read\n    " + keys + "\n";
}

Credentials credentials_of(const std::string& keys, const std::string& file = "mread.yml") {
  return Config::parse(config_of(keys), file).endpoints.at(0).credentials;
}

std::string error_of(const std::string& keys) {
  try {
    credentials_of(keys);
  } catch (const yaml::ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ConfigCredentials, AreNoneWithoutABlock) {
  EXPECT_TRUE(std::holds_alternative<std::monostate>(credentials_of("read_recent: true")));
}

TEST(ConfigCredentials, BasicAuth) {
  const auto basic =
      std::get<BasicAuth>(credentials_of("basic_auth: {username: u, password: 'p:w '}"));
  EXPECT_EQ(basic.username, (Secret{"u", ""}));
  EXPECT_EQ(basic.password, (Secret{"p:w ", ""}));
}

TEST(ConfigCredentials, FilesBeginWhereTheConfigurationIs) {
  const auto basic = std::get<BasicAuth>(credentials_of(
      "basic_auth: {username_file: user, password_file: /run/pw}", "/etc/mread/mread.yml"));
  EXPECT_EQ(basic.username, (Secret{"", "/etc/mread/user"}));
  EXPECT_EQ(basic.password, (Secret{"", "/run/pw"}));
  const auto token =
      std::get<Authorization>(credentials_of("bearer_token_file: token", "/etc/mread/mread.yml"));
  EXPECT_EQ(token.credentials, (Secret{"", "/etc/mread/token"}));
}

TEST(ConfigCredentials, AuthorizationIsABearerUnlessItSaysOtherwise) {
  EXPECT_EQ(std::get<Authorization>(credentials_of("authorization: {credentials: x}")).type,
            "Bearer");
  EXPECT_EQ(
      std::get<Authorization>(credentials_of("authorization: {type: ' Token ', credentials: x}"))
          .type,
      "Token");
  const auto bearer = std::get<Authorization>(credentials_of("bearer_token: x"));
  EXPECT_EQ(bearer.type, "Bearer");
  EXPECT_EQ(bearer.credentials, (Secret{"x", ""}));
}

TEST(ConfigCredentials, OAuth2) {
  const auto oauth2 =
      std::get<OAuth2>(credentials_of("oauth2: {client_id: me, client_secret_file: s, token_url: "
                                      "'https://id/token', scopes: [a, b], "
                                      "endpoint_params: {audience: x}}"));
  EXPECT_EQ(oauth2.client_id, "me");
  EXPECT_EQ(oauth2.client_secret, (Secret{"", "s"}));
  EXPECT_EQ(oauth2.token_url, "https://id/token");
  EXPECT_EQ(oauth2.scopes, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(oauth2.endpoint_params.size(), 1u);
  EXPECT_EQ(oauth2.endpoint_params[0].second, "x");
}

struct Refusal {
  const char* name;
  std::string keys;
  std::string message;
};

class ConfigCredentialsRefused : public testing::TestWithParam<Refusal> {};

TEST_P(ConfigCredentialsRefused, WithItsPlaceAndWithoutTheSecret) {
  const std::string error = error_of(GetParam().keys);
  EXPECT_THAT(error, HasSubstr("mread.yml:3:"));
  EXPECT_THAT(error, HasSubstr(GetParam().message));
  EXPECT_THAT(error, Not(HasSubstr("hunter2")));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, ConfigCredentialsRefused,
    testing::Values(
        Refusal{"TwoPasswords", "basic_auth: {username: u, password: hunter2, password_file: f}",
                "at most one of basic_auth password and password_file"},
        Refusal{"TwoUserNames", "basic_auth: {username: u, username_file: f, password: hunter2}",
                "at most one of basic_auth username and username_file"},
        Refusal{"UnknownKey", "basic_auth: {pasword: hunter2}", "did you mean \"password\"?"},
        Refusal{"BasicAsAType", "authorization: {type: ' BaSic', credentials: hunter2}",
                "use basic_auth"},
        Refusal{"TwoCredentials", "authorization: {credentials: hunter2, credentials_file: f}",
                "at most one of authorization credentials and credentials_file"},
        Refusal{"NoClient", "oauth2: {token_url: 'http://id/', client_secret: hunter2}",
                "\"client_id\""},
        Refusal{"NoTokenUrl", "oauth2: {client_id: me, client_secret: hunter2}", "\"token_url\""},
        Refusal{"TwoClientSecrets",
                "oauth2: {client_id: me, token_url: 'http://id/', client_secret: hunter2, "
                "client_secret_file: f}",
                "at most one of oauth2 client_secret and client_secret_file"},
        Refusal{"NoTokenUrlInIt", "oauth2: {client_id: me, token_url: '', client_secret: hunter2}",
                "needs a token_url"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

// Prometheus refuses each pair of these.
TEST(ConfigCredentials, AtMostOneKindIsGiven) {
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"basic_auth", "{username: u}"},
      {"authorization", "{credentials: x}"},
      {"oauth2", "{client_id: me, token_url: 'http://id/'}"},
      {"bearer_token", "x"},
      {"bearer_token_file", "f"}};
  for (size_t i = 0; i < kinds.size(); ++i) {
    for (size_t j = i + 1; j < kinds.size(); ++j) {
      const std::string keys = kinds[j].first + ": " + kinds[j].second + "\n    " + kinds[i].first +
                               ": " + kinds[i].second;
      EXPECT_THAT(error_of(keys), HasSubstr("at most one of " + kinds[i].first + " and " +
                                            kinds[j].first + " may be given"));
    }
  }
}

TEST(ConfigCredentials, TheDescriptionLeavesSecretsOut) {
  const auto described = [](const std::string& keys) {
    return Config::parse(config_of(keys), "mread.yml").describe();
  };
  EXPECT_THAT(described("basic_auth: {username: u, password: hunter2}"),
              HasSubstr("    basic_auth: {username: \"u\", password: <hidden>}\n"));
  EXPECT_THAT(described("basic_auth: {username_file: uf, password_file: pf}"),
              HasSubstr("    basic_auth: {username_file: \"uf\", password_file: \"pf\"}\n"));
  EXPECT_THAT(described("bearer_token: hunter2"),
              HasSubstr("    authorization: {type: \"Bearer\", credentials: <hidden>}\n"));
  EXPECT_THAT(
      described(
          "oauth2: {client_id: me, client_secret: hunter2, token_url: 'http://id/t?k=hunter2', "
          "scopes: [a, b], endpoint_params: {x: hunter2}, proxy_url: 'http://u:hunter2@p:1'}"),
      HasSubstr(
          "    oauth2:\n      client_id: \"me\"\n      client_secret: <hidden>\n"
          "      token_url: \"http://id/t?<hidden>\"\n      scopes: [\"a\", \"b\"]\n"
          "      endpoint_params: {x: <hidden>}\n      proxy_url: \"http://<hidden>@p:1\"\n"));
}

// ---- web.basic_auth_users

const std::string some_hash = "$2b$10$" + std::string(53, 'x');

struct Hash {
  const char* name;
  std::string hash;
  std::string message;  ///< empty: it is taken
};

class ConfigUsers : public testing::TestWithParam<Hash> {};

TEST_P(ConfigUsers, AreTakenWithABcryptHashOnlyWhichIsNeverShown) {
  const std::string text =
      "remote_read: [{url: http://a/read}]\nweb:\n  basic_auth_users:\n    alice: \"" +
      GetParam().hash + "\"\n";
  if (GetParam().message.empty()) {
    const Config config = Config::parse(text, "mread.yml");
    ASSERT_EQ(config.web.basic_auth_users.size(), 1u);
    EXPECT_EQ(config.web.basic_auth_users[0].second, GetParam().hash);
    EXPECT_THAT(config.describe(), HasSubstr("  basic_auth_users:\n    'alice': <hidden>\n"));
    EXPECT_THAT(config.describe(), Not(HasSubstr(GetParam().hash)));
    return;
  }
  try {
    Config::parse(text, "mread.yml");
    FAIL();
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("mread.yml:4:12: " + GetParam().message));
    EXPECT_THAT(error.what(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(error.what(), Not(HasSubstr("xxxx")));
  }
}

std::string with_start(const std::string& start) { return start + some_hash.substr(start.size()); }

INSTANTIATE_TEST_SUITE_P(
    Hashes, ConfigUsers,
    testing::Values(Hash{"B", some_hash, ""}, Hash{"Y", with_start("$2y$04"), ""},
                    Hash{"A", with_start("$2a$16"), ""},
                    Hash{"TooCostly", with_start("$2b$17"),
                         "the bcrypt hash of user \"alice\" has cost 17"},
                    Hash{"NoSuchCost", with_start("$2b$03"), "want a bcrypt hash"},
                    Hash{"NotBcrypt", "$6$salt$hunter2", "want a bcrypt hash for user \"alice\""},
                    Hash{"APassword", "hunter2", "want a bcrypt hash for user \"alice\""},
                    Hash{"TooShort", some_hash.substr(1), "want a bcrypt hash"},
                    Hash{"TooLong", some_hash + "x", "want a bcrypt hash"},
                    Hash{"AnotherAlphabet", some_hash.substr(0, 59) + "=", "want a bcrypt hash"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::config
