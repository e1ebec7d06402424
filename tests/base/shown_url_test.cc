#include "base/shown_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ShownUrl, HidesUserinfoAndQueries) {
  const std::pair<const char*, const char*> cases[] = {
      {"http://a:9090/api/v1/read", "http://a:9090/api/v1/read"},
      {"https://a", "https://a"},
      {"http://a/read?db=x&p=SECRET", "http://a/read?<hidden>"},
      {"http://a?SECRET", "http://a?<hidden>"},
      {"http://a/read#SECRET", "http://a/read#<hidden>"},
      {"http://u:SECRET@a/read", "http://<hidden>@a/read"},
      {"http://SECRET@a/read?k=SECRET", "http://<hidden>@a/read?<hidden>"},
      {"http://u:SEC@RET@a/", "http://<hidden>@a/"},
      {"http://u:SEC/RET@a/", "http://<hidden>@a/"},
      {"http://u:SEC?RET@a/", "http://<hidden>@a/"},
      {"http://u:SEC#RET@a/", "http://<hidden>@a/"},
      {"http://a:9090/read?mail=x@SECRET", "http://a:9090/read?<hidden>"},
      {"http://[::1]:9090/read?x@SECRET", "http://[::1]:9090/read?<hidden>"},
      {"u:SECRET@a", "<hidden>@a"},
      {"a/read?SECRET", "a/read?<hidden>"},
      {"", ""},
  };
  for (const auto& [text, want] : cases) {
    EXPECT_EQ(shown_url(text), want) << text;
    EXPECT_THAT(shown_url(text), Not(HasSubstr("SEC"))) << text;
  }
}

TEST(ShownUrl, HidesWhatAServerRepeats) {
  const std::string url = "http://a/read?db=m&u=reader&p=ro%26ot";
  EXPECT_EQ(hide_query("Cannot POST /read?db=m&u=reader&p=ro%26ot", url),
            "Cannot POST /read?<hidden>");
  EXPECT_EQ(hide_query("user reader has no right, nor ro&ot", url),
            "user <hidden> has no right, nor <hidden>");
  EXPECT_EQ(hide_query("no database m", url), "no database m");
  EXPECT_EQ(hide_query("anything", "http://a/read"), "anything");
}

}  // namespace
}  // namespace mread
