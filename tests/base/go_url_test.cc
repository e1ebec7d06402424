#include "base/go_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread {
namespace {

TEST(GoUrl, SendsWhatGoSends) {
  struct Case {
    const char* text;
    const char* plain;
    const char* authority;
  };
  const Case cases[] = {
      {"http://a", "http://a", "a:80"},
      {"HTTPS://A/x", "https://A/x", "A:443"},
      {"http://a:9090/x?y=z", "http://a:9090/x?y=z", "a:9090"},
      {"http://a:/x", "http://a/x", "a:80"},
      {"http://a?x", "http://a/?x", "a:80"},
      {"http://a/x#y", "http://a/x", "a:80"},
      {"http://a/\xc3\xa4|b c", "http://a/%C3%A4%7Cb%20c", "a:80"},
      {"http://a/x%2Fy", "http://a/x%2Fy", "a:80"},
      {"http://a/x%2Fy|", "http://a/x/y%7C", "a:80"},
      {"http://a/[x](y)!*'", "http://a/[x](y)!*'", "a:80"},
      {"http://a/x?p=a|b^c{d}\xc3\xa4%zz", "http://a/x?p=a|b^c{d}\xc3\xa4%zz", "a:80"},
      {"http://a/x?a b", "http://a/x?a%20b", "a:80"},
      {"http://[::1]:9090/x", "http://[::1]:9090/x", "[::1]:9090"},
      {"http://[fe80::1%25eth0]/x", "http://[fe80::1%25eth0]/x", "[fe80::1%25eth0]:80"},
      {"http://u:p%40@a/x", "http://a/x", "a:80"},
  };
  for (const Case& c : cases) {
    const auto url = parse_go_url(c.text);
    ASSERT_TRUE(url) << c.text << ": " << url.error().context;
    EXPECT_TRUE(url->is_web()) << c.text;
    EXPECT_EQ(url->plain(), c.plain) << c.text;
    EXPECT_EQ(url->authority(), c.authority) << c.text;
  }
}

TEST(GoUrl, TakesAUserAndAPassword) {
  const auto both = parse_go_url("http://u%3A:p@ss%20w@a/x");
  ASSERT_TRUE(both) << both.error().context;
  EXPECT_EQ(both->user, "u:");
  EXPECT_EQ(both->password, "p@ss w");
  const auto user = parse_go_url("http://u@a");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->user, "u");
  EXPECT_FALSE(user->password);
  EXPECT_FALSE(parse_go_url("http://a")->user);
}

TEST(GoUrl, TakesWhatNoRequestCanBeSentTo) {
  for (const char* text :
       {"", "x", "/x", "//a/x", "a:9090", "ftp://a/x", "http://", "http:///x", "http:a",
        "http://a:0/", "http://a:99999/", "unix:///x", "p", "mailto:x"}) {
    const auto url = parse_go_url(text);
    ASSERT_TRUE(url) << text << ": " << url.error().context;
    EXPECT_FALSE(url->is_web()) << text;
  }
}

TEST(GoUrl, RefusesWhatGoRefusesWithoutShowingIt) {
  for (const char* text :
       {"http://[fe80::1%SECRET]/x", "http://[SECRET", "http://a/SECRET%zz", "http://SECRET\t/x",
        "http://a SECRET/x", "http://a:SECRET/", "http://SECRET%20b/", "http://%61SECRET/",
        "http://u:SECRET b@a/", "127.0.0.1:SECRET", ":SECRET", "http://u:SECRET\"@a/",
        "http://a/#%SECRET"}) {
    const auto url = parse_go_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_TRUE(url.error().is(Errc::config));
    EXPECT_THAT(url.error().context, testing::Not(testing::HasSubstr("SECRET"))) << text;
  }
}

}  // namespace
}  // namespace mread
