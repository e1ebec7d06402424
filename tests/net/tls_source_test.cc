#include "net/tls_source.h"

#include <filesystem>

#include <boost/asio/ssl/context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/certificates.h"

namespace mread::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class TlsSourceTest : public testing::Test {
 protected:
  TlsSourceTest() : authority_(folder_, "one") {}

  TlsServerSettings settings() {
    const auto files = authority_.issue("server");
    TlsServerSettings settings;
    settings.cert_file = files.cert_file;
    settings.key_file = files.key_file;
    return settings;
  }
  TlsSource::Tell tell() {
    return [this](bool failed, const std::string& line) { told_.emplace_back(failed, line); };
  }

  TemporaryFolder folder_;
  CertificateAuthority authority_;
  std::vector<std::pair<bool, std::string>> told_;
  TlsSource::Clock::time_point now_{1h};
};

TEST_F(TlsSourceTest, FollowsItsFilesOnceASecond) {
  const auto source = TlsSource::create(settings(), tell(), now_);
  ASSERT_TRUE(source) << source.error().to_string();
  const auto first = (*source)->get(now_);
  EXPECT_EQ((*source)->get(now_ + 5s).context, first.context);
  authority_.issue("server");
  EXPECT_EQ((*source)->get(now_ + 5500ms).context, first.context);
  const auto second = (*source)->get(now_ + 6s);
  EXPECT_NE(second.context, first.context);
  EXPECT_GT(second.revision, first.revision);
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_FALSE(told_[0].first);
}

TEST_F(TlsSourceTest, KeepsTheOldContextWhereTheNewFileIsBroken) {
  const auto given = settings();
  const auto source = TlsSource::create(given, tell(), now_);
  ASSERT_TRUE(source);
  const auto first = (*source)->get(now_);
  folder_.write("server.pem", "no certificate at all");
  EXPECT_EQ((*source)->get(now_ + 2s).context, first.context);
  EXPECT_EQ((*source)->get(now_ + 4s).context, first.context);
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_TRUE(told_[0].first);
  EXPECT_THAT(told_[0].second,
              HasSubstr("cert_file " + given.cert_file + ": no certificate in it"));
  // A reload is told, however often it asks.
  EXPECT_FALSE((*source)->refresh(now_ + 4s));
  std::filesystem::remove(given.key_file);
  EXPECT_FALSE((*source)->refresh(now_ + 4s));
  authority_.issue("server");
  EXPECT_TRUE((*source)->refresh(now_ + 4s));
  EXPECT_NE((*source)->get(now_ + 4s).context, first.context);
}

struct Bad {
  const char* name;
  std::function<void(TlsServerSettings&, const TemporaryFolder&, const CertificateAuthority&)>
      spoil;
  const char* error;
};

class BadServerSettingsTest : public TlsSourceTest, public testing::WithParamInterface<Bad> {};

TEST_P(BadServerSettingsTest, AreAnErrorThatNamesTheFile) {
  auto given = settings();
  GetParam().spoil(given, folder_, authority_);
  const auto source = TlsSource::create(given, tell(), now_);
  ASSERT_FALSE(source);
  EXPECT_TRUE(source.error().is(Errc::config));
  EXPECT_THAT(source.error().to_string(), HasSubstr(GetParam().error));
  EXPECT_THAT(source.error().to_string(), Not(HasSubstr("SECRET")));
  EXPECT_TRUE(told_.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BadServerSettingsTest,
    testing::Values(
        Bad{"NoCertFile", [](auto& given, auto&, auto&) { given.cert_file = "/nowhere/x.pem"; },
            "cert_file /nowhere/x.pem: No such file or directory"},
        Bad{"NoKeyInIt", [](auto& given, auto&, auto&) { given.key_file = given.cert_file; },
            "no private key in it"},
        Bad{"NoCertificateInIt",
            [](auto& given, auto&, auto&) { given.cert_file = given.key_file; },
            "no certificate in it"},
        Bad{"AnothersKey",
            [](auto& given, auto&, const auto& authority) {
              given.key_file = authority.issue("other").key_file;
            },
            "the key does not belong to the certificate"},
        Bad{"EncryptedKey",
            [](auto& given, const auto& folder, auto&) {
              given.key_file =
                  folder.write("e.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nSECRET\n");
            },
            "the key is encrypted"},
        Bad{"BrokenKey",
            [](auto& given, const auto& folder, auto&) {
              given.key_file = folder.write(
                  "b.key", "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n");
            },
            "the key is broken"},
        Bad{"InlineKey",
            [](auto& given, auto&, auto&) {
              given.key_file.clear();
              given.key = "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n";
            },
            "key: the key is broken"},
        Bad{"UnknownSuite",
            [](auto& given, auto&, auto&) { given.cipher_suites = {"TLS_WHATEVER"}; },
            "cipher_suites: TLS_WHATEVER is not known, or too weak"},
        Bad{"ClientCa",
            [](auto& given, auto&, auto&) {
              given.client_auth = ClientAuth::require_and_verify;
              given.client_ca_file = given.key_file;
            },
            "client_ca_file "},
        Bad{"Folder",
            [](auto& given, const auto& folder, auto&) {
              given.cert_file = folder.path().string();
            },
            "cert_file "}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::net
