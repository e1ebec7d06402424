// TLS towards backends and towards clients, as a configuration says it and a reload changes it.
#include "serve/backends/transports.h"

#include <gmock/gmock.h>

#include "net/certificates.h"
#include "serve/serve_fixture.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

config::Config config(const std::string& text) { return config::Config::parse(text, "mread.yml"); }

class TransportsTest : public ServeTest {
 protected:
  TransportsTest() : authority_(folder_, "one") {
    const auto files = authority_.issue("server");
    TlsServerSettings tls;
    tls.cert_file = files.cert_file;
    tls.key_file = files.key_file;
    tls.client_auth = ClientAuth::require_and_verify;
    tls.client_ca_file = authority_.ca_file();
    net::ServerOptions options;
    options.tls = [source = *net::TlsSource::create(tls)] { return source; };
    auto backend = net::Server::listen(loop_.executor(), options,
                                       streamed(frame("m", samples(1'000, 1'000, {1}))));
    backend_ = std::move(*backend);
  }
  ~TransportsTest() override { loop_.run(backend_->drain(0ms)); }

  std::string entry(const std::string& options) {
    return "remote_read: [{name: a, url: '" + backend_->url() +
           "/api/v1/read', remote_timeout: 5s, " + options + "}]\n";
  }
  std::string with_certificate(const std::string& ca_file) {
    const auto files = authority_.issue("client");
    return entry("tls_config: {ca_file: " + ca_file + ", cert_file: " + files.cert_file +
                 ", key_file: " + files.key_file + "}");
  }

  TemporaryFolder folder_;
  CertificateAuthority authority_;
  std::unique_ptr<net::Server> backend_;
};

TEST_F(TransportsTest, BackendsAreAskedWithTheirCertificates) {
  serve_config(with_certificate(authority_.ca_file()));
  EXPECT_EQ(read_text(), "m 1@1000\n");
}

TEST_F(TransportsTest, FailuresAreNamedAndCounted) {
  const CertificateAuthority stranger(folder_, "stranger");
  serve_config(with_certificate(stranger.ca_file()));
  EXPECT_EQ(read_text(), "a: TLS: certificate verify failed (unknown CA)\n");
  EXPECT_EQ(metric("mread_backend_failures_total{backend=\"a\",reason=\"tls\"}"), "1");
}

TEST_F(TransportsTest, AMissingCertificateIsNamed) {
  serve_config(entry("tls_config: {ca_file: " + authority_.ca_file() + "}"));
  EXPECT_EQ(read_text(), "a: TLS: the server wants a client certificate\n");
}

TEST_F(TransportsTest, AReloadChangesThem) {
  std::string text = entry("tls_config: {ca_file: " + authority_.ca_file() + "}");
  serve_config(text);
  service_->set_source([&text] { return config(text); });
  EXPECT_THAT(read_text(), HasSubstr("TLS"));
  text = with_certificate(authority_.ca_file());
  EXPECT_EQ(get(request("/-/reload", "POST"))->head.status, 200);
  EXPECT_EQ(read_text(), "m 1@1000\n");
  // A file that cannot be used: the configuration is refused, and the old one stays.
  text = entry("tls_config: {ca_file: /nowhere/ca.pem}");
  const auto refused = get(request("/-/reload", "POST"));
  EXPECT_EQ(refused->head.status, 400);
  EXPECT_EQ(refused->body, "backend a: ca_file /nowhere/ca.pem: No such file or directory\n");
  EXPECT_EQ(read_text(), "m 1@1000\n");
}

TEST_F(TransportsTest, EqualSettingsShareATransportAndKeepIt) {
  const std::string text =
      "remote_read: [{name: a, url: 'https://a/r', tls_config: {ca_file: " + authority_.ca_file() +
      "}}, {name: b, url: 'https://b/r', tls_config: {ca_file: " + authority_.ca_file() +
      "}}, {name: c, url: 'https://c/r'}]\n";
  const auto first = make_transports(config(text), nullptr, {});
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_EQ(first->backends[0], first->backends[1]);
  EXPECT_NE(first->backends[0], first->backends[2]);
  const auto second = make_transports(config(text), &*first, {});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->backends, first->backends);
  // Its file is broken now: that is an error of the reload, not of the reads.
  folder_.write("one-ca.pem", "nothing");
  const auto third = make_transports(config(text), &*first, {});
  ASSERT_FALSE(third);
  EXPECT_THAT(third.error().to_string(), HasSubstr("backend a: ca_file "));
  EXPECT_TRUE(first->backends[0]->tls());
}

TEST_F(TransportsTest, TheWayToATokenServerIsLookedAtToo) {
  const auto transports = make_transports(
      config("remote_read: [{name: a, url: 'http://a/r', oauth2: {client_id: c, client_secret: s, "
             "token_url: 'https://t/', tls_config: {ca_file: /nowhere/ca.pem}}}]\n"),
      nullptr, {});
  ASSERT_FALSE(transports);
  EXPECT_EQ(transports.error().to_string(),
            "backend a: oauth2: ca_file /nowhere/ca.pem: No such file or directory");
}

TEST_F(TransportsTest, TheWebBlockIsRead) {
  const auto files = authority_.issue("web");
  const std::string backends = "remote_read: [{url: 'http://a/r'}]\n";
  const std::string block =
      "web: {tls_server_config: {cert_file: " + files.cert_file + ", key_file: ";
  const auto plain = make_transports(config(backends), nullptr, {});
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->web_tls, nullptr);
  const auto secure =
      make_transports(config(backends + block + files.key_file + "}}\n"), &*plain, {});
  ASSERT_TRUE(secure) << secure.error().to_string();
  EXPECT_NE(secure->web_tls, nullptr);
  const auto again =
      make_transports(config(backends + block + files.key_file + "}}\n"), &*secure, {});
  EXPECT_EQ(again->web_tls, secure->web_tls);
  const auto broken = make_transports(config(backends + block + "/nowhere.key}}\n"), &*secure, {});
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().to_string(), "web: key_file /nowhere.key: No such file or directory");
}

}  // namespace
}  // namespace mread::serve
