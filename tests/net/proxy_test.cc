#include "net/proxy.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::net {
namespace {

using testing::HasSubstr;
using testing::Not;

// As Go's httpproxy decides it.
struct NoProxyCase {
  const char* name;
  const char* list;
  const char* host;
  uint16_t port;
  bool direct;
};

class NoProxyTest : public testing::TestWithParam<NoProxyCase> {};

TEST_P(NoProxyTest, Decides) {
  const auto& param = GetParam();
  EXPECT_EQ(NoProxy(param.list).matches(param.host, param.port), param.direct);
}

INSTANTIATE_TEST_SUITE_P(
    Lists, NoProxyTest,
    testing::Values(NoProxyCase{"Nothing", "", "a.example", 80, false},
                    NoProxyCase{"LocalhostAlways", "", "localhost", 80, true},
                    NoProxyCase{"LoopbackAlways", "", "127.8.9.1", 80, true},
                    NoProxyCase{"Loopback6Always", "", "::1", 80, true},
                    NoProxyCase{"Star", "*", "a.example", 80, true},
                    NoProxyCase{"StarAmongOthers", "b.example, *", "a.example", 80, true},
                    NoProxyCase{"StarAddress", "*", "10.0.0.1", 80, true},
                    NoProxyCase{"Domain", "example.com", "example.com", 80, true},
                    NoProxyCase{"DomainIsItsSubdomains", "example.com", "www.example.com", 80,
                                true},
                    NoProxyCase{"NoPartOfAName", "example.com", "notexample.com", 80, false},
                    NoProxyCase{"Case", "EXAMPLE.com", "Www.Example.COM", 80, true},
                    NoProxyCase{"DotIsSubdomainsOnly", ".example.com", "example.com", 80, false},
                    NoProxyCase{"DotSubdomain", ".example.com", "www.example.com", 80, true},
                    NoProxyCase{"StarDot", "*.example.com", "www.example.com", 80, true},
                    NoProxyCase{"StarDotNotItself", "*.example.com", "example.com", 80, false},
                    NoProxyCase{"Port", "example.com:81", "example.com", 81, true},
                    NoProxyCase{"OtherPort", "example.com:81", "example.com", 80, false},
                    NoProxyCase{"Spaces", " x , example.com ,, ", "example.com", 80, true},
                    NoProxyCase{"Address", "10.0.0.1", "10.0.0.1", 80, true},
                    NoProxyCase{"OtherAddress", "10.0.0.1", "10.0.0.11", 80, false},
                    NoProxyCase{"AddressPort", "10.0.0.1:9090", "10.0.0.1", 9090, true},
                    NoProxyCase{"AddressOtherPort", "10.0.0.1:9090", "10.0.0.1", 80, false},
                    NoProxyCase{"Network", "10.1.0.0/16", "10.1.255.3", 80, true},
                    NoProxyCase{"OutsideTheNetwork", "10.1.0.0/16", "10.2.0.1", 80, false},
                    NoProxyCase{"NetworkIsNoName", "10.1.0.0/16", "10.1.example", 80, false},
                    NoProxyCase{"OddNetwork", "10.1.2.128/25", "10.1.2.127", 80, false},
                    NoProxyCase{"Network6", "fd00::/8", "fd12::3", 80, true},
                    NoProxyCase{"OutsideNetwork6", "fd00::/8", "fe80::3", 80, false},
                    NoProxyCase{"Address6", "fd00::1", "fd00::1", 80, true},
                    NoProxyCase{"Address6Port", "[fd00::1]:80", "fd00::1", 80, true},
                    NoProxyCase{"Address6OtherPort", "[fd00::1]:81", "fd00::1", 80, false},
                    NoProxyCase{"MappedAddress", "10.0.0.1", "::ffff:10.0.0.1", 80, true},
                    NoProxyCase{"BadNetworkIsNoMatch", "10.0.0.0/99", "10.0.0.1", 80, false},
                    NoProxyCase{"OnlyAPort", ":80", "a.example", 80, false}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

struct RulesCase {
  const char* name;
  ProxySettings settings;
  std::map<std::string, std::string> environment;
  const char* url;
  const char* proxy;  // empty: none
};

class ProxyRulesTest : public testing::TestWithParam<RulesCase> {};

TEST_P(ProxyRulesTest, Choose) {
  const auto& param = GetParam();
  const auto rules = ProxyRules::create(param.settings, [&](const char* name) {
    const auto found = param.environment.find(name);
    return found == param.environment.end() ? nullptr : found->second.c_str();
  });
  ASSERT_TRUE(rules) << rules.error().to_string();
  const Proxy* const proxy = rules->proxy_for(*Url::parse(param.url));
  EXPECT_EQ(proxy == nullptr ? "" : proxy->url.to_string(), param.proxy);
}

INSTANTIATE_TEST_SUITE_P(
    Settings, ProxyRulesTest,
    testing::Values(
        RulesCase{"None", {}, {{"HTTP_PROXY", "http://p:1"}}, "http://a.example", ""},
        RulesCase{"Url", {.url = "http://p:3128"}, {}, "https://a.example", "http://p:3128/"},
        // Without no_proxy, even what is near goes through the proxy; with one, it never does. As
        // in Prometheus.
        RulesCase{"UrlTakesLocalhost",
                  {.url = "http://p:3128"},
                  {},
                  "http://127.0.0.1:9090",
                  "http://p:3128/"},
        RulesCase{"ListSparesLocalhost",
                  {.url = "http://p:3128", .no_proxy = "x"},
                  {},
                  "http://127.0.0.1:9090",
                  ""},
        RulesCase{
            "List", {.url = "http://p:3128", .no_proxy = "a.example"}, {}, "http://a.example", ""},
        RulesCase{"DefaultPort", {.url = "https://p"}, {}, "http://a.example", "https://p:443/"},
        RulesCase{"EnvironmentHttp",
                  {.from_environment = true},
                  {{"HTTP_PROXY", "http://h:1"}, {"HTTPS_PROXY", "http://s:2"}},
                  "http://a.example",
                  "http://h:1/"},
        RulesCase{"EnvironmentHttps",
                  {.from_environment = true},
                  {{"HTTP_PROXY", "http://h:1"}, {"HTTPS_PROXY", "http://s:2"}},
                  "https://a.example",
                  "http://s:2/"},
        RulesCase{"EnvironmentLowerCase",
                  {.from_environment = true},
                  {{"http_proxy", "h:1"}},
                  "http://a.example",
                  "http://h:1/"},
        RulesCase{"UpperCaseFirst",
                  {.from_environment = true},
                  {{"http_proxy", "http://l:1"}, {"HTTP_PROXY", "http://u:1"}},
                  "http://a.example",
                  "http://u:1/"},
        RulesCase{"EnvironmentNoProxy",
                  {.from_environment = true},
                  {{"http_proxy", "http://l:1"}, {"no_proxy", "a.example"}},
                  "http://a.example",
                  ""},
        RulesCase{"EnvironmentLocalhost",
                  {.from_environment = true},
                  {{"http_proxy", "http://l:1"}},
                  "http://localhost:9090",
                  ""},
        RulesCase{"NoVariable",
                  {.from_environment = true},
                  {{"HTTPS_PROXY", "http://s:2"}},
                  "http://a.example",
                  ""}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ProxyTest, UserAndPasswordBecomeAHeader) {
  const auto proxy = Proxy::parse("http://us%40er:p%3Aw@p.example:3128");
  ASSERT_TRUE(proxy) << proxy.error().to_string();
  EXPECT_EQ(proxy->authorization, "Basic dXNAZXI6cDp3");
  EXPECT_EQ(proxy->url.to_string(), "http://p.example:3128/");
  EXPECT_EQ(Proxy::parse("http://p.example:3128")->authorization, "");
}

TEST(ProxyTest, ErrorsShowNoPassword) {
  for (const char* text :
       {"http://user:SECRET@", "http://user:SECRET@p:99999", "socks5://user:SECRET@p:1080",
        "http://user:SEC RET@p", "user:SECRET@p:1"}) {
    const auto proxy = Proxy::parse(text);
    ASSERT_FALSE(proxy) << text;
    EXPECT_THAT(proxy.error().to_string(), Not(HasSubstr("RET"))) << text;
    EXPECT_TRUE(proxy.error().is(Errc::config));
  }
}

}  // namespace
}  // namespace mread::net
