// URLs, addresses to listen at, proxies and lists of hosts that need none.
#include "fuzz/harness.h"
#include "net/http.h"
#include "net/listen_address.h"
#include "net/proxy.h"

namespace {

using namespace mread;  // NOLINT: a program of its own

void check_url(const std::string& text) {
  const auto url = net::Url::parse(text);
  if (!url) {
    FUZZ_CHECK(url.error().is(Errc::config) && !url.error().context.empty());
    return;
  }
  FUZZ_CHECK(!url->host.empty() && url->target.starts_with("/"));
  FUZZ_CHECK(url->scheme == net::Url::Scheme::unix_socket || url->port != 0);
  // Nothing in it can end a line of a request's head.
  FUZZ_CHECK(url->to_string().find_first_of(std::string_view(" \r\n\0", 4)) == std::string::npos);
  const auto again = net::Url::parse(url->to_string());
  FUZZ_CHECK_SHOW(again.has_value(), url->to_string());
  FUZZ_CHECK(again->scheme == url->scheme && again->port == url->port);
  FUZZ_CHECK_SHOW(again->host == url->host && again->target == url->target, url->to_string());
}

}  // namespace

MREAD_FUZZ(url) {
  const std::string text = input.rest();
  check_url(text);
  const auto address = net::parse_listen_address(text);
  FUZZ_CHECK(address.has_value() || !address.error().context.empty());
  const size_t line = text.find('\n');
  const std::string first = text.substr(0, line);
  const std::string second = line == std::string::npos ? "" : text.substr(line + 1);
  const net::NoProxy direct(first);
  (void)direct.matches(second, 9090);
  FUZZ_CHECK(direct.matches("localhost", 80) && direct.matches("127.0.0.1", 80));
  const auto proxy = net::Proxy::parse(first);
  if (proxy) {
    FUZZ_CHECK(proxy->url.scheme != net::Url::Scheme::unix_socket);
    FUZZ_CHECK(proxy->authorization.find_first_of("\r\n") == std::string::npos);
  }
}
