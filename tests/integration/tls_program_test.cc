// The program itself over TLS: mock stores that want certificates, a proxy in between, `mread
// serve` with a web block, `mread read` as its client, and real Prometheus as another.
// MREAD_PROGRAM is the path of mread.

#include <csignal>
#include <cstdlib>
#include <regex>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "integration/program.h"
#include "integration/prometheus_process.h"
#include "net/certificates.h"
#include "net/client.h"
#include "net/transport.h"

namespace mread {
namespace {

using testing::HasSubstr;
using testing::Not;

class TlsProgramTest : public testing::Test {
 protected:
  TlsProgramTest()
      : authority_(folder_, "one"),
        server_(authority_.issue("server")),
        client_(authority_.issue("client")) {}

  static std::vector<std::string> mread(std::vector<std::string> arguments) {
    const char* program = std::getenv("MREAD_PROGRAM");
    arguments.insert(arguments.begin(), program != nullptr ? program : "mread");
    return arguments;
  }
  std::unique_ptr<Program> start(const std::vector<std::string>& arguments,
                                 const std::string& until) {
    auto program = std::make_unique<Program>(mread(arguments), folder_.path().string());
    EXPECT_TRUE(program->wait_for(until)) << program->output();
    return program;
  }
  int run(const std::vector<std::string>& arguments) {
    Program program(mread(arguments), folder_.path().string());
    const int code = program.wait();
    output_ = program.output();
    return code;
  }
  static std::string url_behind(const Program& program, const std::string& words) {
    std::smatch found;
    const std::string& text = program.output();
    return std::regex_search(text, found, std::regex(words + " (https?://\\S+)")) ? found[1].str()
                                                                                  : "";
  }

  // Two stores that want certificates, and a proxy.
  void start_mocks() {
    const std::string tls = fmt::format(
        "{{cert_file: server.pem, key_file: server.key, client_auth_type: "
        "RequireAndVerifyClientCert, client_ca_file: "
        "{}}}",
        authority_.ca_file());
    folder_.write("mock.yml", fmt::format(R"(interval: 15s
start_timestamp: now-10m
stores:
  a: {{tls: {0}, input_series: [{{series: 'up{{job="a"}}', values: '1x60'}}]}}
  b: {{tls: {0}, input_series: [{{series: 'up{{job="b"}}', values: '1x60'}}]}}
proxies:
  p: {{basic_auth: {{username: user, password: hunter2}}}}
)",
                                          tls));
    mock_ = start({"mock", "--config", "mock.yml"}, "ready\n");
  }
  void start_serve() {
    std::string proxy = url_behind(*mock_, "p listening on");
    proxy.insert(proxy.find("//") + 2, "user:hunter2@");
    const std::string tls = fmt::format(
        "{{ca_file: {}, cert_file: client.pem, key_file: client.key}}", authority_.ca_file());
    folder_.write("mread.yml", fmt::format(R"(remote_read:
  - {{name: a, url: "{1}", tls_config: {0}}}
  - {{name: b, url: "{2}", tls_config: {0}, proxy_url: "{3}"}}
web:
  tls_server_config: {{cert_file: server.pem, key_file: server.key}}
  http_server_config: {{headers: {{X-Frame-Options: deny}}}}
)",
                                           tls, url_behind(*mock_, "a listening on"),
                                           url_behind(*mock_, "b listening on"), proxy));
    serve_ =
        start({"serve", "--config", "mread.yml", "--listen", "127.0.0.1:0"}, "serves 2 backends");
    url_ = url_behind(*serve_, "listening on");
  }
  Result<net::Response> fetch(const std::string& url) {
    net::ClientRequest request;
    request.url = *net::Url::parse(url);
    TransportSettings settings;
    settings.tls.ca_file = authority_.ca_file();
    auto transport = net::Transport::create(settings);
    if (!transport) return fail(transport.error());
    request.transport = *transport;
    return net::fetch(std::move(request));
  }

  TemporaryFolder folder_;
  CertificateAuthority authority_;
  CertificateFiles server_;
  CertificateFiles client_;
  std::string output_;
  std::unique_ptr<Program> mock_;
  std::unique_ptr<Program> serve_;
  std::string url_;
};

TEST_F(TlsProgramTest, ServeAndReadOverTls) {
  start_mocks();
  start_serve();
  ASSERT_THAT(url_, HasSubstr("https://127.0.0.1:"));
  const std::string ca = authority_.ca_file();
  EXPECT_EQ(run({"read", url_, "up", "--ca-file", ca}), 0) << output_;
  EXPECT_THAT(output_, HasSubstr("up{job=\"a\"}"));
  EXPECT_THAT(output_, HasSubstr("up{job=\"b\"}"));
  const auto journal = fetch(url_behind(*mock_, "p admin on") + "/-/journal");
  ASSERT_TRUE(journal) << journal.error().to_string();
  const auto entries = boost::json::parse(journal->body).at("entries").as_array();
  ASSERT_EQ(entries.size(), 1u) << "only b is behind the proxy";
  EXPECT_EQ(entries[0].at("method").as_string(), "CONNECT");
  const auto page = fetch(url_ + "/");
  ASSERT_TRUE(page) << page.error().to_string();
  EXPECT_EQ(page->head.headers.get("X-Frame-Options"), "deny");

  // The mistakes one makes, each with a line that says so.
  EXPECT_NE(run({"read", url_, "up"}), 0);
  EXPECT_THAT(output_, HasSubstr("TLS: certificate verify failed (unknown CA)"));
  EXPECT_NE(run({"read", "http" + url_.substr(5), "up"}), 0);
  EXPECT_THAT(output_, HasSubstr("HTTP 400: this is an HTTPS port: write https in the URL"));
  EXPECT_NE(run({"read", url_, "up", "--ca-file", ca, "--server-name", "other"}), 0);
  EXPECT_THAT(output_,
              HasSubstr("TLS: the certificate is for 127.0.0.1, localhost, not for other"));
  EXPECT_EQ(run({"read", url_, "up", "--insecure-skip-verify"}), 0) << output_;
  EXPECT_NE(run({"read", url_behind(*mock_, "a listening on"), "up", "--ca-file", ca}), 0);
  EXPECT_THAT(output_, HasSubstr("TLS: the server wants a client certificate"));
  EXPECT_EQ(run({"read", url_behind(*mock_, "a listening on"), "up", "--ca-file", ca, "--cert-file",
                 client_.cert_file, "--key-file", client_.key_file}),
            0)
      << output_;
  EXPECT_NE(run({"read", url_, "up", "--ca-file", ca, "--proxy-url",
                 url_behind(*mock_, "p listening on")}),
            0);
  EXPECT_THAT(output_, HasSubstr("407 Proxy Authentication Required"));
}

TEST_F(TlsProgramTest, CheckConfigLoadsTheFilesAndShowsNoSecret) {
  start_mocks();
  start_serve();
  EXPECT_EQ(run({"serve", "--config", "mread.yml", "--check-config"}), 0) << output_;
  EXPECT_THAT(output_, HasSubstr("proxy_url: \"http://<hidden>@127.0.0.1:"));
  EXPECT_THAT(output_, Not(HasSubstr("hunter2")));
  EXPECT_THAT(output_, HasSubstr("client_auth_type: NoClientCert"));
  folder_.write("client.key", "no key");
  EXPECT_EQ(run({"serve", "--config", "mread.yml", "--check-config"}), 3);
  EXPECT_THAT(
      output_,
      HasSubstr("mread serve: mread.yml: backend a: key_file client.key: no private key in it"));
}

TEST_F(TlsProgramTest, ANewCertificateIsTakenWithoutARestart) {
  start_mocks();
  start_serve();
  const CertificateAuthority other(folder_, "other");
  other.issue("server");
  serve_->signal(SIGHUP);
  ASSERT_TRUE(serve_->wait_for("configuration loaded")) << serve_->output();
  EXPECT_NE(run({"read", url_, "up", "--ca-file", authority_.ca_file()}), 0);
  EXPECT_EQ(run({"read", url_, "up", "--ca-file", other.ca_file()}), 0) << output_;
}

TEST_F(TlsProgramTest, PrometheusReadsOverTls) {
  start_mocks();
  start_serve();
  const std::string good = fmt::format(R"(remote_read:
  - url: "{}/api/v1/read"
    read_recent: true
    tls_config: {{ca_file: "{}"}}
)",
                                       url_, authority_.ca_file());
  PrometheusProcess prometheus("3.5", good);
  ASSERT_TRUE(prometheus.ready()) << prometheus.log();
  net::ClientRequest request;
  request.url = prometheus.url("/api/v1/query?query=count(up)");
  const auto answer = net::fetch(std::move(request));
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_THAT(answer->body, HasSubstr("\"2\"]")) << answer->body;
}

}  // namespace
}  // namespace mread
