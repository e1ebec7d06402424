#include "net/browser_guard.h"

#include <gtest/gtest.h>

namespace mread::net {
namespace {

struct Case {
  const char* name;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string refused;  // A part of the line; empty: the request goes on.
};

class BrowserGuardTest : public testing::TestWithParam<Case> {};

TEST_P(BrowserGuardTest, TellsPagesFromPrograms) {
  const BrowserGuard guard({"Mock.Example.", "node-a", ""}, "hostnames");
  RequestHead head;
  for (const auto& [name, value] : GetParam().headers) head.headers.add(name, value);
  const auto refusal = guard.refusal(head);
  EXPECT_EQ(refusal.has_value(), !GetParam().refused.empty()) << (refusal ? refusal->body : "");
  if (!refusal) return;
  EXPECT_EQ(refusal->head.status, 403);
  EXPECT_NE(refusal->body.find(GetParam().refused), std::string::npos) << refusal->body;
  EXPECT_EQ(refusal->body.find('\n'), refusal->body.size() - 1) << "one line";
}

INSTANTIATE_TEST_SUITE_P(
    Heads, BrowserGuardTest,
    testing::Values(
        // By a program.
        Case{"NoHost", {}, ""}, Case{"Address", {{"Host", "127.0.0.1:9095"}}, ""},
        Case{"AddressWithoutPort", {{"Host", "192.168.1.7"}}, ""},
        Case{"Ipv6", {{"Host", "[::1]:9095"}}, ""},
        Case{"Localhost", {{"Host", "LOCALHOST:9095"}}, ""},
        Case{"KnownName", {{"Host", "mock.example:9"}}, ""},
        Case{"KnownNameWithDot", {{"host", "NODE-A."}}, ""},
        // A page behind a name that leads here (rebinding).
        Case{"OtherName",
             {{"Host", "evil.example:9095"}},
             "\"evil.example:9095\" is not known here"},
        Case{"NameBehindAnAddress", {{"Host", "127.0.0.1.evil.example"}}, "is not known here"},
        Case{"NameBelowLocalhost", {{"Host", "localhost.evil.example"}}, "is not known here"},
        Case{"NameBelowAKnownOne", {{"Host", "x.mock.example"}}, "is not known here"},
        Case{"EmptyHost", {{"Host", ""}}, "is not known here"},
        Case{"SecondHost", {{"Host", "127.0.0.1"}, {"Host", "evil.example"}}, "is not known here"},
        Case{"UserBeforeHost", {{"Host", "127.0.0.1@evil.example"}}, "is not known here"},
        Case{"NamesTheSetting", {{"Host", "evil.example"}}, "add its name to hostnames"},
        Case{"HostIsShownPrintable", {{"Host", "\x1b[m\u202e"}}, "\"\\x1b[m\\u202e\""},
        // A page elsewhere.
        Case{"OtherOrigin",
             {{"Host", "127.0.0.1:9095"}, {"Origin", "http://evil.example"}},
             "another origin"},
        Case{"NullOrigin",
             {{"Host", "127.0.0.1:9095"}, {"Origin", "null"}},
             "another origin (null)"},
        Case{"EmptyOrigin", {{"Host", "127.0.0.1:9095"}, {"Origin", ""}}, "another origin"},
        Case{"OtherPort",
             {{"Host", "127.0.0.1:9095"}, {"Origin", "http://127.0.0.1:3000"}},
             "another origin"},
        Case{"OtherAddress",
             {{"Host", "127.0.0.1:9095"}, {"Origin", "http://127.0.0.2:9095"}},
             "another origin"},
        Case{"OriginWithoutHost", {{"Origin", "http://127.0.0.1"}}, "another origin"},
        Case{"SecondOrigin",
             {{"Host", "[::1]:9095"},
              {"Origin", "http://[::1]:9095"},
              {"Origin", "http://evil.example"}},
             "another origin"},
        Case{"CrossSite",
             {{"Host", "127.0.0.1:9095"}, {"Sec-Fetch-Site", "cross-site"}},
             "Sec-Fetch-Site: cross-site"},
        Case{"SameSite",
             {{"Host", "localhost:9095"}, {"Sec-Fetch-Site", "same-site"}},
             "Sec-Fetch-Site: same-site"},
        // A page of its own, and a person at the address bar.
        Case{"OwnOrigin", {{"Host", "127.0.0.1:9095"}, {"Origin", "http://127.0.0.1:9095"}}, ""},
        Case{"OwnOriginOfTls", {{"Host", "mock.example"}, {"Origin", "https://Mock.Example"}}, ""},
        Case{"OwnOriginWithUsualPort",
             {{"Host", "mock.example"}, {"Origin", "http://mock.example:80"}},
             ""},
        Case{"OwnIpv6", {{"Host", "[::1]:9095"}, {"Origin", "http://[::1]:9095"}}, ""},
        Case{"SameOrigin", {{"Host", "127.0.0.1:9095"}, {"Sec-Fetch-Site", "same-origin"}}, ""},
        Case{"AddressBar", {{"Host", "127.0.0.1:9095"}, {"Sec-Fetch-Site", "none"}}, ""}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(BrowserAtOtherHost, IsRefusedByItsMarks) {
  const BrowserGuard guard({"node-a"}, "web.hostnames");
  const auto is_refused = [&guard](const std::string& host, const std::string& mark) {
    RequestHead head;
    head.headers.add("Host", host);
    if (!mark.empty()) head.headers.add(mark, "x");
    return guard.browser_at_other_host(head).has_value();
  };
  for (const char* mark : {"Origin", "Sec-Fetch-Site", "sec-fetch-mode", "Accept-Language",
                           "Upgrade-Insecure-Requests", "REFERER"}) {
    EXPECT_TRUE(is_refused("evil.example:9095", mark)) << mark;
    for (const char* known : {"127.0.0.1:9095", "localhost", "node-a:9095"})
      EXPECT_FALSE(is_refused(known, mark)) << known << " " << mark;
  }
  for (const char* usual : {"", "User-Agent", "Accept-Encoding", "Accept", "traceparent",
                            "X-Prometheus-Remote-Read-Version"}) {
    EXPECT_FALSE(is_refused("mread.monitoring.svc:9095", usual)) << "a program sends " << usual;
  }
}

}  // namespace
}  // namespace mread::net
