// TLS, proxies and the `web:` block of a configuration: what is read, what is refused, and what is
// shown.
#include "config/transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace mread::config {
namespace {

using testing::HasSubstr;
using testing::Not;

Config parse(const std::string& text) { return Config::parse(text, "conf/mread.yml"); }
std::string backend(const std::string& options) {
  return "remote_read: [{url: 'https://a/read', " + options + "}]\n";
}
std::string web(const std::string& block) {
  return "remote_read: [{url: 'http://a/read'}]\nweb: " + block + "\n";
}

TEST(ConfigTransportTest, ReadsPrometheussKeys) {
  const Config config = parse(R"(
remote_read:
  - url: https://a/read
    tls_config:
      ca_file: ca.pem
      cert_file: /etc/client.pem
      key_file: keys/client.key
      server_name: collector.example
      min_version: TLS12
      max_version: TLS13
      insecure_skip_verify: true
    proxy_url: http://user:pass@proxy:3128
    no_proxy: 10.0.0.0/8,.example
    proxy_connect_header: {X-Tenant: [one, two]}
  - {url: "http://b/read", proxy_from_environment: true}
  - {url: "http://c/read"}
)");
  const TransportSettings& a = config.endpoints[0].transport;
  EXPECT_EQ(a.tls.ca_file, "conf/ca.pem");
  EXPECT_EQ(a.tls.cert_file, "/etc/client.pem");
  EXPECT_EQ(a.tls.key_file, "conf/keys/client.key");
  EXPECT_EQ(a.tls.server_name, "collector.example");
  EXPECT_EQ(a.tls.min_version, TlsVersion::tls12);
  EXPECT_EQ(a.tls.max_version, TlsVersion::tls13);
  EXPECT_TRUE(a.tls.insecure_skip_verify);
  EXPECT_EQ(a.proxy.url, "http://user:pass@proxy:3128");
  EXPECT_EQ(a.proxy.no_proxy, "10.0.0.0/8,.example");
  EXPECT_THAT(a.proxy.connect_headers,
              testing::ElementsAre(std::pair("X-Tenant", "one"), std::pair("X-Tenant", "two")));
  EXPECT_TRUE(config.endpoints[1].transport.proxy.from_environment);
  EXPECT_EQ(config.endpoints[2].transport, TransportSettings{});
  EXPECT_FALSE(config.web.tls);
}

TEST(ConfigTransportTest, ReadsTheWebConfigFile) {
  for (const char* key : {"tls_server_config", "tls_config"}) {
    const Config config =
        parse(web(std::string("{") + key + R"(: {cert_file: s.pem, key_file: s.key,
      client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem, client_allowed_sans: [q.example],
      min_version: TLS13, curve_preferences: [X25519, CurveP256], prefer_server_cipher_suites: false},
      http_server_config: {http2: true, headers: {X-Frame-Options: deny}}})"));
    ASSERT_TRUE(config.web.tls);
    EXPECT_EQ(config.web.tls->cert_file, "conf/s.pem");
    EXPECT_EQ(config.web.tls->client_auth, ClientAuth::require_and_verify);
    EXPECT_EQ(config.web.tls->client_ca_file, "conf/ca.pem");
    EXPECT_EQ(config.web.tls->min_version, TlsVersion::tls13);
    EXPECT_EQ(config.web.tls->curve_preferences, (std::vector<std::string>{"X25519", "CurveP256"}));
    EXPECT_FALSE(config.web.tls->prefer_server_cipher_suites);
    EXPECT_THAT(config.web.headers, testing::ElementsAre(std::pair("X-Frame-Options", "deny")));
  }
}

TEST(ConfigTransportTest, ShowsNoSecret) {
  const std::string shown =
      parse(
          backend("tls_config: {cert: SECRET1, key: SECRET2, ca: SECRET3}, proxy_url: "
                  "'http://USER:SECRET4@proxy:3128/?SECRET5', proxy_connect_header: {A: SECRET6}") +
          "web: {tls_server_config: {cert: SECRET7, key: SECRET8}}\n")
          .describe();
  EXPECT_THAT(shown, Not(HasSubstr("SECRET")));
  EXPECT_THAT(shown, Not(HasSubstr("USER")));
  EXPECT_THAT(shown, HasSubstr("proxy_url: \"http://<hidden>@proxy:3128\""));
  EXPECT_THAT(shown, HasSubstr("proxy_connect_header: {A: <hidden>}"));
  EXPECT_THAT(shown, HasSubstr("tls_config: {ca: <inline>, cert: <inline>, key: <hidden>}"));
  EXPECT_THAT(shown, HasSubstr("    key: <hidden>\n    client_auth_type: NoClientCert\n"));
}

TEST(WebHostnames, AreReadAndShown) {
  const Config config = parse(web("{hostnames: [mread.monitoring.svc, Mread]}"));
  EXPECT_THAT(config.web.hostnames, testing::ElementsAre("mread.monitoring.svc", "Mread"));
  EXPECT_THAT(config.describe(),
              testing::HasSubstr("web:\n  hostnames: [mread.monitoring.svc, Mread]\n"));
}

struct Refusal {
  const char* name;
  std::string text;
  const char* want;
};

class ConfigTransportRefuses : public testing::TestWithParam<Refusal> {};

TEST_P(ConfigTransportRefuses, WithItsPlace) {
  try {
    static_cast<void>(parse(GetParam().text));
    FAIL() << "accepted";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("conf/mread.yml:"));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().want));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, ConfigTransportRefuses,
    testing::Values(
        Refusal{"CaTwice", backend("tls_config: {ca: x, ca_file: y}"),
                "at most one of ca and ca_file"},
        Refusal{"KeyTwice", backend("tls_config: {cert: c, key: x, key_file: y}"),
                "at most one of key and key_file"},
        Refusal{"InlineCertWithoutKey", backend("tls_config: {cert: x}"), "key_file is missing"},
        Refusal{"InlineKeyWithoutCert", backend("tls_config: {key: x}"), "cert_file is missing"},
        Refusal{"NoUrl", backend("proxy_url: '10.0.0.7:3128'"), "write http:// before it"},
        Refusal{"UnknownVersion", backend("tls_config: {min_version: TLS14}"),
                "unknown value \"TLS14\""},
        Refusal{"UnknownTlsKey", backend("tls_config: {cafile: x}"), "did you mean \"ca_file\"?"},
        Refusal{"NoProxyAlone", backend("no_proxy: x"), "no_proxy has no effect without proxy_url"},
        Refusal{"ProxyTwice", backend("proxy_url: 'http://p', proxy_from_environment: true"),
                "at most one of proxy_url and proxy_from_environment"},
        Refusal{"NoProxyWithEnvironment", backend("no_proxy: x, proxy_from_environment: true"),
                "remove no_proxy"},
        Refusal{"ConnectHeaderAlone", backend("proxy_connect_header: {A: [b]}"), "needs proxy_url"},
        Refusal{"WebWithoutKey", web("{tls_server_config: {cert_file: x}}"), "key_file is missing"},
        Refusal{"WebWithoutCert", web("{tls_server_config: {key_file: x}}"),
                "cert_file is missing"},
        Refusal{"WebTwice", web("{tls_server_config: {}, tls_config: {}}"), "give one of them"},
        Refusal{"ClientCaWithoutPolicy",
                web("{tls_config: {cert_file: x, key_file: y, client_ca_file: z}}"),
                "has no effect without client_auth_type"},
        Refusal{"SansWithoutVerification",
                web("{tls_config: {cert_file: x, key_file: y, client_auth_type: RequestClientCert, "
                    "client_allowed_sans: "
                    "[a]}}"),
                "client_allowed_sans needs"},
        Refusal{"UnknownPolicy",
                web("{tls_config: {cert_file: x, key_file: y, client_auth_type: Require}}"),
                "unknown value \"Require\""},
        Refusal{"UnknownCurve",
                web("{tls_config: {cert_file: x, key_file: y, curve_preferences: [P256]}}"),
                "CurveP256"},
        Refusal{"SuitesOfTls13",
                web("{tls_config: {cert_file: x, key_file: y, min_version: TLS13, cipher_suites: "
                    "[a]}}"),
                "cannot be chosen"},
        Refusal{"UnknownHeader", web("{http_server_config: {headers: {X-Frame-Option: a}}}"),
                "X-Frame-Options"},
        Refusal{"HostnameWithScheme", web("{hostnames: ['http://mread']}"),
                "want a host name without scheme and port"},
        Refusal{"HostnameWithPort", web("{hostnames: ['mread:9095']}"), "got \"mread:9095\""},
        Refusal{"HostnamesNoList", web("{hostnames: mread}"), "want a list"},
        Refusal{"UnknownWebKey", web("{tls_server: {}}"), "unknown key \"tls_server\""}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::config
