// The forward proxy with the client of net in front of it, and so the client's own way through
// proxies.
#include "mockstore/server/forward_proxy.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mockstore/server/mock_config.h"
#include "net/certificates.h"
#include "net/client.h"
#include "net/loop.h"
#include "net/server.h"
#include "net/tls_error.h"
#include "net/transport.h"

namespace mread::mockstore {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

asio::awaitable<void> echo(net::ServerRequest request, net::ResponseWriter& writer) {
  net::ResponseHead head;
  if (request.head.target.starts_with("/to/")) {
    head.status = 307;
    head.headers.add("Location", request.head.target.substr(4));
  }
  for (const char* name : {"Host", "Proxy-Authorization", "X-Tenant"}) {
    head.headers.add(std::string("Saw-") + name, std::string(request.head.headers.get(name)));
  }
  co_await writer.reply(std::move(head), request.head.target + "|" + request.body);
}

asio::awaitable<Result<net::Response>> get(net::Client& client, net::ClientRequest request) {
  auto stream = co_await client.open(std::move(request));
  if (!stream) co_return fail(stream.error());
  auto body = co_await net::read_all(**stream, 1ULL << 30);
  if (!body) co_return fail(body.error());
  co_return net::Response{(*stream)->head(), std::move(*body)};
}

class ForwardProxyTest : public testing::Test {
 protected:
  ForwardProxyTest() : authority_(folder_, "one") {
    auto http = net::Server::listen(loop_.executor(), {}, echo);
    http_ = std::move(*http);
    TlsServerSettings tls;
    const auto files = authority_.issue("server", {.names = {"secure.example", "127.0.0.1"}});
    tls.cert_file = files.cert_file;
    tls.key_file = files.key_file;
    server_tls_ = tls;
    net::ServerOptions options;
    options.tls = [source = *net::TlsSource::create(tls)] { return source; };
    auto https = net::Server::listen(loop_.executor(), options, echo);
    https_ = std::move(*https);
  }
  ~ForwardProxyTest() override {
    if (proxy_) loop_.run(proxy_->drain());
    loop_.run(http_->drain(0ms));
    loop_.run(https_->drain(0ms));
  }

  void start(const std::string& more = "", bool tls = false) {
    auto config = parse_forward_proxy(
        yaml::Node::parse(
            "{hosts: {plain.example: 127.0.0.1, secure.example: 127.0.0.1}" + more + "}", "p"),
        "p");
    if (tls) config.tls = server_tls_;
    auto proxy = ForwardProxy::start(loop_.executor(), config);
    ASSERT_TRUE(proxy) << proxy.error().to_string();
    proxy_ = std::move(*proxy);
  }
  std::string http_url(const std::string& path) {
    return "http://plain.example:" + std::to_string(http_->port()) + path;
  }
  std::string https_url(const std::string& path) {
    return "https://secure.example:" + std::to_string(https_->port()) + path;
  }
  // Through the proxy, with `userinfo` ("user:password@") in its URL.
  Result<net::Response> ask(const std::string& url, const std::string& userinfo = "",
                            std::string body = "") {
    net::ClientRequest request;
    request.url = *net::Url::parse(url);
    request.method = body.empty() ? "GET" : "POST";
    request.body = std::move(body);
    TransportSettings settings;
    settings.tls.ca_file = authority_.ca_file();
    settings.proxy.url = proxy_url_.empty() ? proxy_->url() : proxy_url_;
    settings.proxy.url.insert(settings.proxy.url.find("//") + 2, userinfo);
    settings.proxy.connect_headers = {{"X-Tenant", "t"}};
    auto transport = net::Transport::create(settings);
    EXPECT_TRUE(transport) << transport.error().to_string();
    request.transport = *transport;
    return loop_.run(get(client_, std::move(request)));
  }
  boost::json::array journal() {
    return boost::json::parse(proxy_->journal()).at("entries").as_array();
  }
  std::string place() { return proxy_->url().substr(proxy_->url().find("//") + 2); }

  TemporaryFolder folder_;
  CertificateAuthority authority_;
  net::Loop loop_;
  net::Client client_;
  TlsServerSettings server_tls_;
  std::unique_ptr<net::Server> http_;
  std::unique_ptr<net::Server> https_;
  std::unique_ptr<ForwardProxy> proxy_;
  std::string proxy_url_;
};

TEST_F(ForwardProxyTest, ForwardsHttpRequests) {
  start();
  const auto response = ask(http_url("/a?b"), "", "body");
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->body, "/a?b|body");
  EXPECT_EQ(response->head.headers.get("Saw-Host"),
            "plain.example:" + std::to_string(http_->port()));
  const auto entries = journal();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].at("method").as_string(), "POST");
  EXPECT_EQ(entries[0].at("target").as_string(), http_url("/a?b"));
}

TEST_F(ForwardProxyTest, TunnelsHttpsAndKeepsTheTunnel) {
  start();
  const std::string large(3U << 20, 'x');
  const auto response = ask(https_url("/a"), "", large);
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_TRUE(response->body == "/a|" + large);
  EXPECT_EQ(response->head.headers.get("Saw-X-Tenant"), "")
      << "the proxy's headers are the proxy's";
  EXPECT_EQ(client_.idle_connections(), 1u);
  const auto entries = journal();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].at("method").as_string(), "CONNECT");
  EXPECT_EQ(entries[0].at("target").as_string(),
            "secure.example:" + std::to_string(https_->port()));
  EXPECT_EQ(entries[0].at("status").as_int64(), 200);
}

TEST_F(ForwardProxyTest, AnHttpsProxyPutsTlsIntoTls) {
  start("", true);
  for (const std::string& url : {https_url("/a"), http_url("/a")}) {
    const auto response = ask(url, "", "body");
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_EQ(response->body, "/a|body");
  }
  EXPECT_EQ(journal().size(), 2u);
}

TEST_F(ForwardProxyTest, WantsItsPassword) {
  start(", basic_auth: {username: user, password: secret}");
  for (const std::string& url : {https_url("/a"), http_url("/a")}) {
    const std::string authority = net::Url::parse(url)->authority();
    for (const char* userinfo : {"", "user:wrong@"}) {
      const auto refused = ask(url, userinfo);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().to_string(),
                authority + ": proxy " + place() + ": 407 Proxy Authentication Required");
    }
    const auto response = ask(url, "user:secret@");
    ASSERT_TRUE(response) << response.error().to_string();
    EXPECT_EQ(response->head.headers.get("Saw-Proxy-Authorization"), "")
        << "it is the proxy's alone";
  }
}

TEST_F(ForwardProxyTest, RedirectsGoThroughItToo) {
  start();
  const auto response = ask(https_url("/to/" + http_url("/there")));
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->body, "/there|");
  const auto entries = journal();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].at("method").as_string(), "CONNECT");
  EXPECT_EQ(entries[1].at("target").as_string(), http_url("/there"));
}

TEST_F(ForwardProxyTest, ErrorsSayWhoIsAtFault) {
  start();
  const auto no_server = ask("https://plain.example:1/");
  ASSERT_FALSE(no_server);
  EXPECT_EQ(no_server.error().to_string(),
            "plain.example:1: proxy " + place() + ": 502 Bad Gateway");
  const auto wrong_name = ask("https://plain.example:" + std::to_string(https_->port()) + "/");
  ASSERT_FALSE(wrong_name);
  EXPECT_EQ(wrong_name.error().code, net::tls_failure());
  EXPECT_THAT(
      wrong_name.error().to_string(),
      HasSubstr(": TLS: the certificate is for secure.example, 127.0.0.1, not for plain.example"));
  // A port at which nobody is.
  auto gone = net::Server::listen(loop_.executor(), {}, echo);
  proxy_url_ = (*gone)->url();
  loop_.run((*gone)->drain(0ms));
  const auto no_proxy = ask(https_url("/"), "user:SECRET@");
  ASSERT_FALSE(no_proxy);
  EXPECT_THAT(no_proxy.error().to_string(),
              HasSubstr(": proxy " + proxy_url_.substr(7) + ": Connection refused"));
  EXPECT_THAT(no_proxy.error().to_string(), Not(HasSubstr("SECRET")));
  proxy_url_ = https_->url();
  const auto no_tls = ask(http_url("/"));
  ASSERT_TRUE(no_tls) << "a server takes a whole URL, and does not know that it is no proxy";
}

TEST_F(ForwardProxyTest, RefusesWhatIsNoRequestForAProxy) {
  start();
  proxy_url_ = proxy_->url();
  net::ClientRequest request;
  request.url = *net::Url::parse(proxy_->url() + "/page");
  const auto response = loop_.run(get(client_, request));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->head.status, 400);
}

TEST_F(ForwardProxyTest, TheAdminListenerShowsTheJournal) {
  start();
  ASSERT_TRUE(ask(http_url("/a")));
  const auto admin = [&](const std::string& path, const std::string& method) {
    net::ClientRequest request;
    request.url = *net::Url::parse(proxy_->admin_url() + path);
    request.method = method;
    return loop_.run(get(client_, request));
  };
  EXPECT_EQ(boost::json::parse(admin("/-/journal", "GET")->body).at("requests").as_int64(), 1);
  EXPECT_EQ(admin("/-/ready", "GET")->head.status, 200);
  EXPECT_EQ(admin("/-/journal", "DELETE")->head.status, 200);
  EXPECT_EQ(boost::json::parse(admin("/-/journal", "GET")->body).at("requests").as_int64(), 0);
  EXPECT_EQ(admin("/-/journal", "PUT")->head.status, 405);
  EXPECT_EQ(admin("/x", "GET")->head.status, 404);
}

TEST(ForwardProxyConfigTest, StandsNextToStoresOrAlone) {
  const auto alone =
      parse_mock_config(yaml::Node::parse("proxies: {p: {listen: '127.0.0.1:0'}}", "m"), 0);
  EXPECT_TRUE(alone.stores.empty());
  ASSERT_EQ(alone.proxies.size(), 1u);
  EXPECT_EQ(alone.proxies[0].name, "p");
  const auto both =
      parse_mock_config(yaml::Node::parse("stores: {a: {}}\nproxies: {p: {}}", "m"), 0);
  EXPECT_EQ(both.stores.size(), 1u);
  EXPECT_EQ(both.proxies.size(), 1u);
}

}  // namespace
}  // namespace mread::mockstore
