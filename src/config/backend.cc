#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "config/reader.h"
#include "config/transport.h"
#include "config/url.h"

namespace mread::config {
namespace {

using yaml::Mapping;
using yaml::Node;

// Above this a deadline cannot be told from none, and time has no room for much more.
constexpr std::chrono::milliseconds longest_timeout = std::chrono::hours(24 * 3650);

HeaderPairs read_required_matchers(const Node& node) {
  HeaderPairs matchers;
  Mapping mapping = node.mapping();
  for (const Mapping::Entry& entry : mapping.entries()) {
    // Prometheus 3 takes any name; nothing is lost by taking it of earlier ones.
    if (entry.key.empty()) entry.key_node.error("\"\" is not a label name");
    matchers.emplace_back(entry.key, entry.value.string_or_empty());
  }
  std::sort(matchers.begin(), matchers.end());
  return matchers;
}

std::string read_name(const Node& node, Findings& findings) {
  std::string name = node.string();
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(name.begin(), name.end(), is_control)) {
    findings.warn(node, "a name is one line: its control characters are shown as blanks");
    std::replace_if(name.begin(), name.end(), is_control, ' ');
  }
  return name;
}

std::chrono::milliseconds read_timeout(const Node& node, Findings& findings) {
  const auto timeout = node.duration();
  if (timeout > std::chrono::milliseconds(0)) return std::min(timeout, longest_timeout);
  findings.no_read_succeeds(node, "remote_timeout must be more than 0");
  return merger::Backend{}.timeout;
}

// The user and the password of a URL are sent as basic_auth is, and before all but OAuth 2.
void use_userinfo(const Node& node, const GoUrl& url, Endpoint& endpoint, Findings& findings) {
  if (!url.user) return;
  if (std::holds_alternative<OAuth2>(endpoint.credentials)) {
    findings.warn(node, "a user in the URL has no effect with oauth2");
    return;
  }
  const bool alone = std::holds_alternative<std::monostate>(endpoint.credentials);
  findings.warn(
      node, alone
                ? "a user in the URL is sent as basic_auth, and better written there"
                : "a user in the URL is sent in place of the credentials below, as by Prometheus");
  BasicAuth basic;
  basic.username.text = *url.user;
  basic.password.text = url.password.value_or("");
  basic.is_from_url = true;
  endpoint.credentials = std::move(basic);
}

}  // namespace

Entry read_backend(const Node& node, std::vector<std::string>& warnings) {
  Findings findings(warnings);
  Entry entry;
  auto& [backend, endpoint] = entry;
  Mapping mapping = node.mapping();
  const Node url_node = mapping.require("url");
  const GoUrl url = read_url(url_node, findings);
  endpoint.url = url.is_web() ? url.plain() : url_node.string();
  if (const auto name = mapping.find("name")) backend.name = read_name(*name, findings);
  endpoint.default_name = url.host.empty() ? "unnamed" : url.authority();
  if (const auto timeout = mapping.find("remote_timeout"))
    backend.timeout = read_timeout(*timeout, findings);
  if (const auto headers = mapping.find("headers"))
    endpoint.headers = read_headers(*headers, findings);
  if (const auto headers = mapping.find("http_headers"))
    endpoint.http_headers = read_http_headers(*headers, findings);
  if (const auto matchers = mapping.find("required_matchers")) {
    backend.required_matchers = read_required_matchers(*matchers);
  }
  if (const auto flag = mapping.find("read_recent")) endpoint.read_recent = flag->boolean();
  if (const auto flag = mapping.find("filter_external_labels"))
    endpoint.filter_external_labels = flag->boolean();
  if (const auto flag = mapping.find("follow_redirects"))
    endpoint.follow_redirects = flag->boolean();
  if (const auto flag = mapping.find("enable_http2")) endpoint.enable_http2 = flag->boolean();
  if (const auto limit = mapping.find("chunked_read_limit")) {
    backend.chunked_read_limit = limit->bytes();
    if (backend.chunked_read_limit == 0) {
      findings.warn(*limit, "a chunked_read_limit of 0 refuses every streamed answer");
      backend.chunked_read_limit = 1;
    }
  }
  endpoint.credentials = read_credentials(mapping, findings);
  use_userinfo(url_node, url, endpoint, findings);
  endpoint.transport = read_transport(mapping, findings);
  mapping.finish();
  endpoint.unusable = findings.unusable();
  return entry;
}

}  // namespace mread::config
