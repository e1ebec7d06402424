// A remote_read block of a prometheus.yml, as it is: what Prometheus takes is taken.
// tests/integration asks promtool.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace mread::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Config parse(const std::string& text) { return Config::parse(text, "mread.yml"); }
std::string block(const std::string& options) {
  return "remote_read:\n  - url: http://a:9090/read\n    " + options + "\n";
}
std::vector<std::string> names(const Config& config) {
  std::vector<std::string> out;
  for (const merger::Backend& backend : config.backends) out.push_back(backend.name);
  return out;
}

TEST(ConfigVerbatim, GivesEveryBackendAName) {
  const Config config = parse(R"(
remote_read:
  - {url: "http://influx:8086/read?db=one"}
  - {url: "http://influx:8086/read?db=two"}
  - {url: "http://influx:8086/other"}
  - {url: "http://influx/read", name: ""}
  - {url: "http://b:1/read", name: "influx:8086-2"}
  - {url: "http://c:1/read", name: "d:80"}
  - {url: "http://d/read"}
)");
  EXPECT_THAT(names(config), ElementsAre("influx:8086", "influx:8086-3", "influx:8086-4",
                                         "influx:80", "influx:8086-2", "d:80", "d:80-2"));
  ASSERT_EQ(config.warnings.size(), 3u);
  EXPECT_EQ(config.warnings[0],
            "mread.yml:4:5: \"influx:8086\" is another backend's name: this one is called "
            "\"influx:8086-3\"; give it a name");
  EXPECT_THAT(config.warnings[2], HasSubstr("\"d:80-2\""));
  // What is added behind it changes no name, so groups and routes can use them.
  EXPECT_EQ(parse("remote_read: [{url: 'http://a'}, {url: 'http://a/b'}]\ngroups: [{name: g, "
                  "members: ['a:80', "
                  "'a:80-2']}]")
                .groups.at(0)
                .members,
            (std::vector<size_t>{0, 1}));
}

TEST(ConfigVerbatim, TakesKeysWithoutAValueForTheDefault) {
  const Config config = parse(R"(
listen:
groups:
limits:
partial:
web:
remote_read:
  - url: http://a:9090/read
    name:
    remote_timeout:
    read_recent: ~
    chunked_read_limit: null
    required_matchers:
      # job: x
    headers:
    http_headers:
    basic_auth:
      # username: u
    authorization:
    oauth2:
    bearer_token:
    bearer_token_file:
    tls_config:
      # insecure_skip_verify: true
    proxy_url:
    no_proxy:
    proxy_from_environment:
    proxy_connect_header:
)");
  EXPECT_EQ(config.describe(), parse("remote_read: [{url: 'http://a:9090/read'}]").describe());
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ConfigVerbatim, TakesMergeKeys) {
  const Config config = parse(R"(
remote_read:
  - &store
    name: dc1
    url: http://dc1:9090/read
    remote_timeout: 8s
    headers: &tenant {X-Tenant: one}
  - <<: *store
    name: dc2
    headers: {<<: *tenant, X-Other: two}
)");
  EXPECT_THAT(names(config), ElementsAre("dc1", "dc2"));
  EXPECT_EQ(config.backends[1].timeout, std::chrono::seconds(8));
  EXPECT_THAT(config.endpoints[1].headers,
              ElementsAre(std::pair("X-Other", "two"), std::pair("X-Tenant", "one")));
}

TEST(ConfigVerbatim, TakesHttpHeaders) {
  const Config config =
      Config::parse(block("http_headers: {X-Tenant: {values: [a, 5]}, X-Key: {secrets: [hunter2], "
                          "files: [key, /etc/key]}, X-No: {}}"),
                    "conf/mread.yml");
  const auto& headers = config.endpoints.at(0).http_headers;
  ASSERT_EQ(headers.size(), 2u);
  EXPECT_EQ(headers[0].name, "X-Tenant");
  EXPECT_THAT(headers[0].values, ElementsAre("a", "5"));
  EXPECT_THAT(headers[1].values, ElementsAre("hunter2"));
  EXPECT_THAT(headers[1].files, ElementsAre("conf/key", "/etc/key"));
  EXPECT_THAT(
      config.describe(),
      HasSubstr(
          "    http_headers: {X-Tenant: {values: [<hidden>]}, X-Key: {values: [<hidden>], files: "
          "[\"conf/key\", \"/etc/key\"]}}\n"));
  EXPECT_THAT(config.warnings, IsEmpty());
}

TEST(ConfigVerbatim, TakesAUserInTheUrlAndHidesIt) {
  const Config config =
      parse("remote_read: [{url: 'http://SECRET1:SECRET%402@a:9090/read?t=SECRET3'}]");
  const auto* basic = std::get_if<BasicAuth>(&config.endpoints.at(0).credentials);
  ASSERT_NE(basic, nullptr);
  EXPECT_EQ(basic->username.text, "SECRET1");
  EXPECT_EQ(basic->password.text, "SECRET@2");
  EXPECT_EQ(config.endpoints[0].url, "http://a:9090/read?t=SECRET3");
  EXPECT_EQ(config.backends[0].name, "a:9090");
  EXPECT_THAT(config.describe(), HasSubstr("basic_auth: {username: <hidden>, password: <hidden>}"));
  EXPECT_THAT(config.describe() + config.warnings.at(0), Not(HasSubstr("SECRET")));
  EXPECT_THAT(config.warnings.at(0),
              HasSubstr("mread.yml:1:21: a user in the URL is sent as basic_auth"));
  const Config both = parse("remote_read: [{url: 'http://u@a/read', bearer_token: t}]");
  EXPECT_TRUE(std::holds_alternative<BasicAuth>(both.endpoints[0].credentials));
  EXPECT_THAT(both.warnings.at(0), HasSubstr("in place of the credentials below"));
}

// Taken, with what stands in its place.
TEST(ConfigVerbatim, TakesOtherNotations) {
  EXPECT_EQ(parse("remote_read: [{url: 'HTTP://a:9090/\xc3\xa4?p=a|b'}]").endpoints[0].url,
            "http://a:9090/%C3%A4?p=a|b");
  EXPECT_TRUE(parse(block("read_recent: on")).endpoints[0].read_recent);
  EXPECT_EQ(parse(block("chunked_read_limit: 1_000")).backends[0].chunked_read_limit, 1000u);
  EXPECT_THAT(parse(block("required_matchers: {a.b: c, \xc3\xa4: }")).backends[0].required_matchers,
              ElementsAre(std::pair("a.b", "c"), std::pair("\xc3\xa4", "")));
  const Config numbers = parse(block("basic_auth: {username: 1250000000, password: 12}"));
  EXPECT_EQ(std::get<BasicAuth>(numbers.endpoints[0].credentials).username.text, "1250000000");
  EXPECT_EQ(parse("listen: ':9095'\n" + block("")).listen, ":9095");
  EXPECT_EQ(parse(block("remote_timeout: 292y")).backends[0].timeout,
            std::chrono::hours(24 * 3650));
}

struct Taken {
  const char* name;
  std::string options;
  const char* warning;
  bool is_usable;
};

class ConfigTakes : public testing::TestWithParam<Taken> {};

TEST_P(ConfigTakes, WithAWarning) {
  const Config config = parse(block(GetParam().options));
  ASSERT_THAT(config.warnings, ElementsAre(HasSubstr(GetParam().warning)));
  EXPECT_THAT(config.warnings[0], testing::StartsWith("mread.yml:"));
  EXPECT_THAT(config.warnings[0], Not(HasSubstr("SECRET")));
  EXPECT_EQ(config.endpoints[0].unusable.empty(), GetParam().is_usable)
      << config.endpoints[0].unusable;
  EXPECT_EQ(config.warnings[0].ends_with("every read of this backend fails"),
            !GetParam().is_usable);
  EXPECT_EQ(parse(config.describe()).backends.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ConfigTakes,
    testing::Values(
        Taken{"NoTimeout", "remote_timeout: 0s", "more than 0", false},
        Taken{"NameOfTwoLines", "name: \"a\\nb\"", "a name is one line", true},
        Taken{"NoChunks", "chunked_read_limit: 0", "refuses every streamed answer", true},
        Taken{"HeaderTwice", "headers: {A: SECRET1, a: SECRET2}", "header a is given twice", true},
        Taken{"HeaderOfTheConnection", "headers: {Transfer-Encoding: SECRET}", "is not sent", true},
        Taken{"HeaderWithABlank", "headers: {A B: SECRET}", "a header's name", false},
        Taken{"HeaderOfTwoLines", "headers: {A: \"SECRET\\n\"}", "one line", false},
        Taken{"HttpHeaderOfTwoLines", "http_headers: {A: {secrets: [\"SECRET\\r\"]}}", "one line",
              false},
        Taken{"HttpHeaderWithoutAFile", "http_headers: {A: {files: [\"\"]}}", "path of a file",
              false},
        Taken{"ColonInTheUserName", "basic_auth: {username: 'u:SECRET', password: p}",
              "first colon", true},
        Taken{"SecretManager", "basic_auth: {username: u, password_ref: SECRET}", "secret manager",
              false},
        Taken{"CredentialsOfTwoLines", "authorization: {credentials: \"SECRET\\nx\"}", "one line",
              false},
        Taken{"TokenOfTwoLines", "bearer_token: \"SECRET\\nx\"", "one line", false},
        Taken{"TokenUrl", "oauth2: {client_id: me, token_url: here, client_secret: SECRET}",
              "with a host", false},
        Taken{"TokenUrlWithAUser", "oauth2: {client_id: me, token_url: 'http://SECRET:SECRET@id/'}",
              "no effect", true},
        Taken{"Assertion",
              "oauth2: {client_id: me, token_url: 'http://id/', client_certificate_key: SECRET}",
              "no effect", true},
        Taken{"AssertionGrant",
              "oauth2: {client_id: me, token_url: 'http://id/', grant_type: "
              "'urn:ietf:params:oauth:grant-type:jwt-bearer'}",
              "jwt-bearer is not known here", false},
        Taken{"ScopeTwice",
              "oauth2: {client_id: me, token_url: 'http://id/', scopes: [a], endpoint_params: "
              "{scope: b}}",
              "scope", false},
        Taken{"CertWithoutKey", "tls_config: {cert_file: x}", "key_file is missing", false},
        Taken{"KeyWithoutCert", "tls_config: {key_file: x}", "cert_file is missing", false},
        Taken{"VersionsCrossed", "tls_config: {min_version: TLS13, max_version: TLS12}",
              "max_version is below min_version, TLS13", false},
        Taken{"SocksProxy", "proxy_url: 'socks5://u:SECRET@p:1080'", "SOCKS is not known here",
              false},
        Taken{"ProxyWithoutScheme", "proxy_url: 'p:3128'", "want an http or https proxy", false},
        Taken{"EmptyProxy", "proxy_url: ''\n    no_proxy: a", "no effect", true},
        Taken{"ConnectHeaderLines",
              "proxy_url: 'http://p'\n    proxy_connect_header: {A: [\"SECRET\\nc\"]}", "blank",
              true}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ConfigVerbatim, TakesAUrlThatNoRequestCanBeSentTo) {
  for (const char* url :
       {"", "a:9090", "/read", "ftp://a/read", "http://a:99999/read", "http:///read"}) {
    const Config config = parse("remote_read: [{url: '" + std::string(url) + "'}]");
    EXPECT_THAT(config.endpoints.at(0).unusable, HasSubstr("want an http or https URL")) << url;
    EXPECT_THAT(config.warnings, testing::SizeIs(1)) << url;
    EXPECT_FALSE(config.backends[0].name.empty());
    EXPECT_THAT(config.describe(), HasSubstr("    # every read of it fails: want an http"));
  }
}

}  // namespace
}  // namespace mread::config
