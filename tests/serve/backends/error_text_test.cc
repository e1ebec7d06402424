#include "serve/backends/error_text.h"

#include <gtest/gtest.h>

namespace mread::serve {
namespace {

config::Endpoint endpoint() {
  config::Endpoint out;
  out.url = "http://a:9090/api/v1/read?token=query-secret";
  out.headers = {{"X-Scope", "header-secret"}};
  config::HttpHeader header;
  header.values = {"first-secret", "second-secret"};
  out.http_headers = {header};
  return out;
}

TEST(ErrorText, HidesWhatTheRequestCarried) {
  EXPECT_EQ(without_secrets("no query-secret, no header-secret, no first-secret, no second-secret",
                            endpoint()),
            "no <hidden>, no <hidden>, no <hidden>, no <hidden>");
}

TEST(ErrorText, HidesAPassword) {
  config::Endpoint basic = endpoint();
  config::BasicAuth auth;
  auth.username.text = "alice";
  auth.password.text = "hunter22";
  basic.credentials = auth;
  EXPECT_EQ(without_secrets("alice:hunter22 is unknown", basic), "alice:<hidden> is unknown");
}

TEST(ErrorText, HidesAToken) {
  config::Endpoint bearer = endpoint();
  config::Authorization authorization;
  authorization.credentials.text = "tok-3";
  bearer.credentials = authorization;
  EXPECT_EQ(without_secrets("Bearer tok-3 has expired", bearer), "Bearer <hidden> has expired");
}

TEST(ErrorText, LeavesTheRestAsItCame) {
  const std::string text = "query processing would load too many samples";
  EXPECT_EQ(without_secrets(text, endpoint()), text);
}

TEST(ErrorText, TheAddressInFrontGoesAndNoOther) {
  EXPECT_EQ(without_address(Error(Errc::unavailable, "a:9090: refused"), "a:9090").context,
            "refused");
  EXPECT_EQ(without_address(Error(Errc::unavailable, "proxy:3128: refused"), "a:9090").context,
            "proxy:3128: refused");
  EXPECT_EQ(without_address(Error(Errc::unavailable, "lost a:9090: x"), "a:9090").context,
            "lost a:9090: x");
}

}  // namespace
}  // namespace mread::serve
