#include "net/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/head_text.h"
#include "net/listen_address.h"

namespace mread::net {
namespace {

TEST(HeadersTest, NamesCompareWithoutCase) {
  Headers headers;
  headers.add("Content-Type", "a");
  headers.add("X", "1");
  headers.add("content-type", "b");
  EXPECT_EQ(headers.get("CONTENT-TYPE"), "a");
  headers.set("cOntent-type", "c");
  EXPECT_EQ(headers.fields().size(), 2u);
  EXPECT_EQ(headers.get("Content-Type"), "c");
  headers.remove("x");
  EXPECT_FALSE(headers.contains("X"));
}

struct UrlCase {
  const char* name;
  const char* text;
  Url::Scheme scheme;
  const char* host;
  uint16_t port;
  const char* target;
  const char* written;
};

class UrlTest : public testing::TestWithParam<UrlCase> {};

TEST_P(UrlTest, Parses) {
  const auto& want = GetParam();
  const auto url = Url::parse(want.text);
  ASSERT_TRUE(url) << url.error().to_string();
  EXPECT_EQ(url->scheme, want.scheme);
  EXPECT_EQ(url->host, want.host);
  EXPECT_EQ(url->port, want.port);
  EXPECT_EQ(url->target, want.target);
  EXPECT_EQ(url->to_string(), want.written);
}

using S = Url::Scheme;
INSTANTIATE_TEST_SUITE_P(
    All, UrlTest,
    testing::Values(
        UrlCase{"Plain", "http://a:9090/api/v1/read", S::http, "a", 9090, "/api/v1/read",
                "http://a:9090/api/v1/read"},
        UrlCase{"DefaultPort", "HTTP://a", S::http, "a", 80, "/", "http://a:80/"},
        UrlCase{"Https", "https://a/x?y=1#z", S::https, "a", 443, "/x?y=1", "https://a:443/x?y=1"},
        UrlCase{"QueryWithoutPath", "http://a?x=1", S::http, "a", 80, "/?x=1", "http://a:80/?x=1"},
        UrlCase{"Ipv6", "http://[::1]:90/", S::http, "::1", 90, "/", "http://[::1]:90/"},
        UrlCase{"Ipv6DefaultPort", "http://[::1]", S::http, "::1", 80, "/", "http://[::1]:80/"},
        UrlCase{"AtInQuery", "http://a/?q=b@c", S::http, "a", 80, "/?q=b@c", "http://a:80/?q=b@c"},
        UrlCase{"Unix", "unix:///var/run/docker.sock:/v1.41/info", S::unix_socket,
                "/var/run/docker.sock", 0, "/v1.41/info",
                "unix:///var/run/docker.sock:/v1.41/info"},
        UrlCase{"UnixBare", "unix:///s", S::unix_socket, "/s", 0, "/", "unix:///s:/"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(UrlTest, RefusesWhatItCannotUse) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a:9090/x", "no scheme"},
      {"ftp://a", "unknown scheme"},
      {"http://", "no host"},
      {"http://:80/", "no host"},
      {"http://a:0/", "bad port"},
      {"http://a:65536/", "bad port"},
      {"http://a:/", "bad port"},
      {"http://a:9x/", "bad port"},
      {"http://::1/", "needs brackets"},
      {"http://[::1/", "no ']'"},
      {"http://[::1]9/", "':'"},
      {"http://a/b c", "space"},
      {"http://a/\r\nX: y", "control"},
      {"unix://:/x", "no socket path"},
      {"unix:///s:x", "must begin with '/'"},
  };
  for (const auto& [text, message] : cases) {
    const auto url = Url::parse(text);
    ASSERT_FALSE(url) << text;
    EXPECT_TRUE(url.error().is(Errc::config));
    EXPECT_THAT(url.error().to_string(), testing::HasSubstr(message));
  }
  const auto secret = Url::parse("http://me:hunter2@a/");
  ASSERT_FALSE(secret);
  EXPECT_THAT(secret.error().to_string(), testing::HasSubstr("basic_auth"));
  EXPECT_THAT(secret.error().to_string(), testing::Not(testing::HasSubstr("hunter2")));
}

TEST(HeadTextTest, ValuesCannotBeginALine) {
  RequestHead head;
  head.target = "/x";
  head.headers.add("A", "b\r\nEvil: yes");
  EXPECT_EQ(to_wire(head), "GET /x HTTP/1.1\r\nA: b  Evil: yes\r\n\r\n");
}

TEST(HeadTextTest, ReasonsComeFromTheStatus) {
  ResponseHead head;
  head.status = 503;
  EXPECT_EQ(to_wire(head), "HTTP/1.1 503 Service Unavailable\r\n\r\n");
  head.status = 555;
  EXPECT_EQ(to_wire(head), "HTTP/1.1 555 Unknown\r\n\r\n");
}

TEST(ListenAddressTest, Parses) {
  const std::vector<std::tuple<std::string, std::string, uint16_t>> cases = {
      {"127.0.0.1:9095", "127.0.0.1", 9095},
      {":9095", "0.0.0.0", 9095},
      {"[::1]:0", "::1", 0},
      {"localhost:1", "localhost", 1}};
  for (const auto& [text, host, port] : cases) {
    const auto address = parse_listen_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->host, host);
    EXPECT_EQ(address->port, port);
  }
  for (const std::string text :
       {"", "9095", "a:", "a:x", "a:65536", "::1:90", "[::1:90", "[]:1", "a:-1"}) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_TRUE(address.error().is(Errc::config));
  }
}

}  // namespace
}  // namespace mread::net
