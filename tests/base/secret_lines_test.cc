#include "base/secret_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/yaml.h"

namespace mread {
namespace {

struct Case {
  const char* name;
  std::string document;
  int line;
  std::string shown;
};

class ShowLine : public testing::TestWithParam<Case> {};

TEST_P(ShowLine, HidesWhatMayBeASecret) {
  EXPECT_EQ(show_line(GetParam().document, GetParam().line).text, GetParam().shown);
}

INSTANTIATE_TEST_SUITE_P(
    Documents, ShowLine,
    testing::Values(
        Case{"NothingToHide", "a: 1\nb: {c: 2}\n", 1, "b: {c: 2}"},
        Case{"BeyondTheEnd", "a: 1", 7, ""},
        Case{"Block", "basic_auth:\n  password: hunter2\n", 1, "  password: <hidden>"},
        Case{"Flow", "x: {basic_auth: {username: u, password: hunter2}, y: 1}", 0,
             "x: {basic_auth: {username: u, password: <hidden>"},
        Case{"Json", R"({"bearer_token" : "hunter2"})", 0, R"({"bearer_token" : <hidden>)"},
        Case{"Misspelt", "basic_auth: {pasword: hunter2}", 0, "basic_auth: {pasword: <hidden>"},
        Case{"AFileIsNoSecret", "password_file: /run/secret", 0, "password_file: /run/secret"},
        Case{"AuthorizationAsABlock", "authorization: {type: Bearer, credentials: hunter2}", 0,
             "authorization: {type: Bearer, credentials: <hidden>"},
        Case{"AuthorizationAsAHeader", "h: {Authorization: Bearer hunter2}", 0,
             "h: {Authorization: <hidden>"},
        Case{"EveryHeader", "headers: {X-Key: hunter2}", 0, "headers: <hidden>"},
        Case{"AHeaderOfABlock", "- headers:\n    X-Key: hunter2\n", 1, "    X-Key: <hidden>"},
        Case{"AUsersHash", "web:\n  basic_auth_users:\n    alice: $2y$10$abc\n", 2,
             "    alice: <hidden>"},
        Case{"AnotherKeyBehindABlock", "headers:\n  X: hunter2\nlisten: here\n", 2, "listen: here"},
        Case{"ATextOfSeveralLines", "password: |\n  hunter2\n", 1, "  <hidden>"},
        Case{"UserInfo", "url: http://u:hunter2@a/read", 0, "url: http://<hidden>"},
        Case{"AQuoteInAPassword", "url: http://u:hun'ter2@a/read", 0, "url: http://<hidden>"},
        Case{"ABlankInAPassword", "url: \"http://u:hun ter2@a/read\"", 0, "url: \"http://<hidden>"},
        Case{"ACommaInAToken", "url: http://hun,ter2@a:9090", 0, "url: http://<hidden>"},
        Case{"WithoutAScheme", "proxy_url: u:hunter2@proxy:3128", 0, "proxy_url: <hidden>"},
        Case{"WithSlashesAlone", "- {url: //u:hunter2@a/read}", 0, "- {url: <hidden>"},
        Case{"SpeltWithEscapes", R"(url: "http:\/\/u:hunter2@a")", 0, "url: <hidden>"},
        Case{"OverTwoLines", "url: \"http://u:hun\\\n  ter2@a\"\n", 0, "url: <hidden>"},
        Case{"AnAtSignInAComment", "url: http://a/read  # ask me@b", 0,
             "url: http://a/read  # ask me@b"},
        Case{"AnAtSignInAPath", "url: http://a/read@b", 0, "url: http://a/read@b"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ShownErrors, TheCaretStaysInFrontOfWhatIsHidden) {
  try {
    yaml::Node::parse("{basic_auth: {password: hunter2}, listen: x}", "f")
        .mapping()
        .require("listen")
        .error("no");
    FAIL();
  } catch (const yaml::ConfigError& error) {
    EXPECT_EQ(std::string(error.what()),
              "f:1:43: no\n  {basic_auth: {password: <hidden>\n                          ^");
  }
}

TEST(ShownErrors, ADocumentThatDoesNotParseGivesNothingAway) {
  try {
    yaml::Node::parse("basic_auth: {password: hunter2}}", "f");
    FAIL();
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("hunter2")));
  }
}

}  // namespace
}  // namespace mread
