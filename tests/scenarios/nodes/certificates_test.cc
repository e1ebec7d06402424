#include "scenarios/nodes/certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "net/openssl_pointer.h"

namespace mread::scenarios {
namespace {

using testing::HasSubstr;

std::vector<Authority> read(const std::string& text) {
  return read_certificates(yaml::Node::parse(text, "s.yaml"));
}

net::BioPointer bio_of(const std::string& pem) {
  return net::BioPointer(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

net::CertificatePointer certificate(const std::string& pem) {
  return net::CertificatePointer(PEM_read_bio_X509(bio_of(pem).get(), nullptr, nullptr, nullptr));
}

net::KeyPointer key(const std::string& pem) {
  return net::KeyPointer(PEM_read_bio_PrivateKey(bio_of(pem).get(), nullptr, nullptr, nullptr));
}

/// As a client or a server does: X509_V_OK, or what is wrong.
int verify(X509* leaf, X509* ca, int purpose, const char* host) {
  const net::OpenSslPointer<X509_STORE, X509_STORE_free> store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), ca);
  const net::OpenSslPointer<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), leaf, nullptr);
  X509_STORE_CTX_set_purpose(context.get(), purpose);
  if (host != nullptr)
    X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(context.get()), host, 0);
  X509_verify_cert(context.get());
  return X509_STORE_CTX_get_error(context.get());
}

TEST(Certificates, AreGoodForTheirNameAndTheirAuthorityOnly) {
  const auto files = make_certificates(read("{ours: [secure, client], strangers: client}"));
  ASSERT_TRUE(files) << files.error().to_string();
  EXPECT_EQ(files->size(), 8U);
  const auto ours = certificate(files->at("certs/ours/ca.pem"));
  const auto strangers = certificate(files->at("certs/strangers/ca.pem"));
  const auto secure = certificate(files->at("certs/ours/secure.pem"));
  const auto client = certificate(files->at("certs/ours/client.pem"));
  ASSERT_TRUE(ours && strangers && secure && client);
  EXPECT_EQ(verify(secure.get(), ours.get(), X509_PURPOSE_SSL_SERVER, "secure"), X509_V_OK);
  EXPECT_EQ(verify(secure.get(), ours.get(), X509_PURPOSE_SSL_SERVER, "localhost"), X509_V_OK);
  EXPECT_EQ(verify(client.get(), ours.get(), X509_PURPOSE_SSL_CLIENT, nullptr), X509_V_OK);
  EXPECT_EQ(verify(secure.get(), ours.get(), X509_PURPOSE_SSL_SERVER, "client"),
            X509_V_ERR_HOSTNAME_MISMATCH);
  EXPECT_NE(verify(secure.get(), strangers.get(), X509_PURPOSE_SSL_SERVER, "secure"), X509_V_OK);
  EXPECT_EQ(X509_check_private_key(secure.get(), key(files->at("certs/ours/secure.key")).get()), 1);
}

TEST(Certificates, AreNewEachTime) {
  const auto authorities = read("{ours: [a]}");
  EXPECT_NE(make_certificates(authorities)->at("certs/ours/a.key"),
            make_certificates(authorities)->at("certs/ours/a.key"));
  EXPECT_TRUE(make_certificates({})->empty());
}

struct Refusal {
  const char* name;
  std::string text;
  std::string message;
};

class CertificatesRefused : public testing::TestWithParam<Refusal> {};

TEST_P(CertificatesRefused, WithTheirPlace) {
  try {
    read(GetParam().text);
    FAIL();
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("s.yaml:1:"));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(Texts, CertificatesRefused,
                         testing::Values(Refusal{"PathAsAName", "{../x: [a]}", "lower-case"},
                                         Refusal{"PathAsASubject", "{x: [a/b]}", "lower-case"},
                                         Refusal{"Twice", "{x: [a, a]}", "given twice"},
                                         Refusal{"TheAuthorityItself", "{x: [ca]}",
                                                 "the authority itself"},
                                         Refusal{"NoList", "{x: {a: b}}", "want"}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::scenarios
