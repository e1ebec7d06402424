// Who trusts whom over TLS, and what is said where one does not.
#include <gmock/gmock.h>

#include "net/tls_fixture.h"

namespace mread::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST_F(TlsTest, SaysWhatIsWrongWithTheCertificate) {
  serve(server_settings());
  EXPECT_EQ(failure_with({}), "TLS: certificate verify failed (unknown CA)");
  TlsClientSettings careless;
  careless.insecure_skip_verify = true;
  EXPECT_TRUE(fetch_with(careless));
  auto named = trusting();
  named.server_name = "localhost";
  EXPECT_TRUE(fetch_with(named));
  named.server_name = "other.example";
  EXPECT_EQ(failure_with(named),
            "TLS: the certificate is for 127.0.0.1, localhost, not for other.example");
}

struct BadCertificate {
  const char* name;
  CertificateAuthority::Wish wish;
  const char* failure;
};

class BadCertificateTest : public TlsTest, public testing::WithParamInterface<BadCertificate> {};

TEST_P(BadCertificateTest, IsRefused) {
  serve(server_settings(GetParam().wish));
  EXPECT_EQ(failure_with(trusting()), GetParam().failure);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BadCertificateTest,
    testing::Values(
        BadCertificate{"Expired",
                       {.valid_from = -48h, .valid_to = -24h},
                       "TLS: certificate verify failed (certificate has expired)"},
        BadCertificate{"NotYetValid",
                       {.valid_from = 24h, .valid_to = 48h},
                       "TLS: certificate verify failed (certificate is not yet valid)"},
        BadCertificate{"WrongAddress",
                       {.names = {"127.0.0.2", "localhost"}},
                       "TLS: the certificate is for 127.0.0.2, localhost, not for 127.0.0.1"},
        // A common name is no name, as in Go.
        BadCertificate{"NoNames",
                       {.names = {}},
                       "TLS: the certificate is for no host by name, not for 127.0.0.1"},
        BadCertificate{"SelfSigned",
                       {.self_signed = true},
                       "TLS: certificate verify failed (self-signed certificate)"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

// Client certificates: what each policy of the server makes of none, one of a stranger's, and a
// good one.
struct PolicyCase {
  const char* name;
  ClientAuth policy;
  bool none, strangers, good;
};

class ClientAuthTest : public TlsTest,
                       public testing::WithParamInterface<std::tuple<PolicyCase, TlsVersion>> {};

TEST_P(ClientAuthTest, DecidesWhoIsAnswered) {
  const auto& [policy, version] = GetParam();
  auto settings = server_settings();
  settings.client_auth = policy.policy;
  settings.max_version = version;
  if (policy.policy == ClientAuth::verify_if_given ||
      policy.policy == ClientAuth::require_and_verify) {
    settings.client_ca_file = authority->ca_file();
  }
  serve(settings);
  const auto none = fetch_with(trusting());
  EXPECT_EQ(none.has_value(), policy.none) << (none ? "" : none.error().to_string());
  if (!none) {
    EXPECT_THAT(none.error().to_string(), HasSubstr("TLS: "));
    EXPECT_THAT(none.error().to_string(), HasSubstr("certificate"));
    if (version == TlsVersion::tls13) {
      EXPECT_THAT(none.error().to_string(), HasSubstr("the server wants a client certificate"));
    }
  }
  const auto with = [&](const CertificateFiles& files) {
    auto tls = trusting();
    tls.cert_file = files.cert_file;
    tls.key_file = files.key_file;
    return fetch_with(tls);
  };
  const auto strangers = with(stranger->issue("strange"));
  EXPECT_EQ(strangers.has_value(), policy.strangers)
      << (strangers ? "" : strangers.error().to_string());
  if (!strangers) {
    EXPECT_THAT(strangers.error().to_string(),
                HasSubstr("TLS: the peer refuses our certificate (unknown CA)"));
  }
  const auto good = with(authority->issue("client"));
  EXPECT_EQ(good.has_value(), policy.good) << (good ? "" : good.error().to_string());
}

INSTANTIATE_TEST_SUITE_P(
    Policies, ClientAuthTest,
    testing::Combine(
        testing::Values(
            PolicyCase{"NoClientCert", ClientAuth::none, true, true, true},
            PolicyCase{"RequestClientCert", ClientAuth::request, true, true, true},
            PolicyCase{"RequireAnyClientCert", ClientAuth::require_any, false, true, true},
            PolicyCase{"VerifyClientCertIfGiven", ClientAuth::verify_if_given, true, false, true},
            PolicyCase{"RequireAndVerify", ClientAuth::require_and_verify, false, false, true}),
        testing::Values(TlsVersion::tls12, TlsVersion::tls13)),
    [](const auto& param_info) {
      return std::string(std::get<0>(param_info.param).name) + "_" +
             to_string(std::get<1>(param_info.param));
    });

TEST_F(TlsTest, LetsInOnlyTheNamesThatAreAllowed) {
  auto settings = server_settings();
  settings.client_auth = ClientAuth::require_and_verify;
  settings.client_ca_file = authority->ca_file();
  settings.client_allowed_sans = {"query.example"};
  serve(settings);
  const auto with = [&](const CertificateFiles& files) {
    auto tls = trusting();
    tls.cert_file = files.cert_file;
    tls.key_file = files.key_file;
    return tls;
  };
  EXPECT_TRUE(fetch_with(with(authority->issue("query", {.names = {"query.example"}}))));
  EXPECT_NE(failure_with(with(authority->issue("other", {.names = {"other.example"}}))),
            "answered");
}

TEST_F(TlsTest, TellsWhyAHandshakeFailed) {
  std::promise<std::string> told;
  auto settings = server_settings();
  settings.client_auth = ClientAuth::require_any;
  ServerOptions options;
  options.handshake_failed = [&](const std::string& line) { told.set_value(line); };
  serve(settings, echo, options);
  EXPECT_FALSE(fetch_with(trusting()));
  EXPECT_THAT(told.get_future().get(), HasSubstr(": TLS: the client sent no certificate"));
}

}  // namespace
}  // namespace mread::net
