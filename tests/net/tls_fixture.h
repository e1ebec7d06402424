#pragma once

#include <algorithm>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "net/certificates.h"
#include "net/client_server_fixture.h"
#include "net/tls_error.h"
#include "net/transport.h"

namespace mread::net {

/// One client and one server that speaks TLS. The authorities and the folder are made once: keys
/// take time.
class TlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder = new TemporaryFolder;
    authority = new CertificateAuthority(*folder, "right");
    stranger = new CertificateAuthority(*folder, "stranger");
  }
  static void TearDownTestSuite() {
    delete stranger;
    delete authority;
    delete folder;
  }
  ~TlsTest() override {
    if (server_) loop_.run(server_->drain(std::chrono::milliseconds(0)));
  }

  static TlsServerSettings server_settings(const CertificateAuthority::Wish& wish = {}) {
    static int count = 0;
    const auto files = authority->issue("server" + std::to_string(++count), wish);
    TlsServerSettings settings;
    settings.cert_file = files.cert_file;
    settings.key_file = files.key_file;
    return settings;
  }
  void serve(const TlsServerSettings& settings, Handler handler = echo,
             ServerOptions options = {}) {
    auto source = TlsSource::create(settings);
    ASSERT_TRUE(source) << source.error().to_string();
    options.tls = [source = *source] { return source; };
    auto server = Server::listen(loop_.executor(), std::move(options), std::move(handler));
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(*server);
  }

  static TlsClientSettings trusting() {
    TlsClientSettings settings;
    settings.ca_file = authority->ca_file();
    return settings;
  }
  ClientRequest to(std::string target, const TlsClientSettings& tls) {
    ClientRequest request;
    request.url = *Url::parse(server_->url() + target);
    TransportSettings settings;
    settings.tls = tls;
    auto transport = Transport::create(settings);
    EXPECT_TRUE(transport) << transport.error().to_string();
    request.transport = *transport;
    return request;
  }
  Result<Response> fetch_with(const TlsClientSettings& tls) {
    return loop_.run(get(client_, to("/x", tls)));
  }
  // Without the address, whose port is another each time.
  std::string failure_with(const TlsClientSettings& tls) {
    const auto response = fetch_with(tls);
    if (response) return "answered";
    const std::string text = response.error().to_string();
    const std::string place = "127.0.0.1:" + std::to_string(server_->port()) + ": ";
    EXPECT_TRUE(text.starts_with(place)) << text;
    EXPECT_EQ(response.error().code, tls_failure()) << text;
    return text.substr(std::min(text.size(), place.size()));
  }

  static inline TemporaryFolder* folder = nullptr;
  static inline CertificateAuthority* authority = nullptr;
  static inline CertificateAuthority* stranger = nullptr;
  Loop loop_;
  Client client_;
  std::unique_ptr<Server> server_;
};

}  // namespace mread::net
