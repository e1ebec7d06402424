#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include "merger/config_reader.h"
#include "merger/config_transport.h"

namespace mread::merger {
namespace {

using yaml::Mapping;
using yaml::Node;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool valid_label_name(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front()))) return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

std::vector<std::pair<std::string, std::string>> read_headers(const Node& node) {
  // What Prometheus reserves as well: the protocol's own, and what has options of its own.
  static constexpr std::array reserved = {"accept-encoding",
                                          "connection",
                                          "content-encoding",
                                          "content-length",
                                          "content-type",
                                          "host",
                                          "keep-alive",
                                          "proxy-authenticate",
                                          "proxy-authorization",
                                          "te",
                                          "trailer",
                                          "transfer-encoding",
                                          "upgrade",
                                          "user-agent",
                                          "www-authenticate",
                                          "x-prometheus-remote-read-version",
                                          "x-prometheus-remote-write-version"};
  std::vector<std::pair<std::string, std::string>> headers;
  std::set<std::string> seen;
  Mapping mapping = node.mapping();
  for (const Mapping::Entry& entry : mapping.entries()) {
    const std::string name = lower(entry.key);
    if (name == "authorization")
      entry.key_node.error("authorization has options of its own: basic_auth, authorization");
    if (std::find(reserved.begin(), reserved.end(), name) != reserved.end()) {
      entry.key_node.error(fmt::format("{} is set by the protocol and cannot be changed", entry.key));
    }
    const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return std::isalnum(c) ||
             std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (!token) entry.key_node.error(fmt::format("\"{}\" is not a header's name", entry.key));
    if (!seen.insert(name).second) entry.key_node.error(fmt::format("header {} is given twice", entry.key));
    const std::string value = entry.value.string();
    if (value.find_first_of("\r\n") != std::string::npos || value.find('\0') != std::string::npos) {
      entry.value.error("a header's value is one line");
    }
    headers.emplace_back(entry.key, value);
  }
  return headers;
}

std::vector<std::pair<std::string, std::string>> read_required_matchers(const Node& node) {
  std::vector<std::pair<std::string, std::string>> matchers;
  Mapping mapping = node.mapping();
  for (const Mapping::Entry& entry : mapping.entries()) {
    if (!valid_label_name(entry.key)) entry.key_node.error(fmt::format("\"{}\" is not a label name", entry.key));
    matchers.emplace_back(entry.key, entry.value.string());
  }
  std::sort(matchers.begin(), matchers.end());
  return matchers;
}

}  // namespace

Address read_url(const Node& node) {
  const std::string text = node.string();
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) {
    // What has an @ may have a password before it.
    const bool shown = text.find('@') == std::string::npos;
    node.error(fmt::format("{} is not a URL (want http://HOST:PORT/PATH)", shown ? "\"" + text + "\"" : "this"));
  }
  const boost::urls::url_view url = *parsed;
  if (url.has_userinfo()) node.error("a URL must not carry a user name or a password: use basic_auth");
  if (url.scheme() != "http" && url.scheme() != "https") {
    node.error(fmt::format("want an http or https URL, got \"{}\"", std::string(url.scheme())));
  }
  if (url.encoded_host().empty()) node.error("the URL names no host");
  if (url.has_port() && !url.port().empty() && url.port_number() == 0) {
    node.error(fmt::format("\"{}\" is not a port", std::string(url.port())));
  }
  std::string port = url.port_number() != 0 ? std::to_string(url.port_number()) : std::string();
  if (port.empty()) port = url.scheme() == "https" ? "443" : "80";
  return {text, std::string(url.encoded_host()) + ":" + port};
}

Backend read_backend(const Node& node) {
  Backend backend;
  Mapping mapping = node.mapping();
  const Address address = read_url(mapping.require("url"));
  backend.url = address.text;
  backend.name = address.authority;
  if (const auto name = mapping.find("name")) {
    backend.name = name->string();
    if (backend.name.empty()) name->error("a name must not be empty");
    if (backend.name.find_first_of("\r\n") != std::string::npos) name->error("a name is one line");
  }
  if (const auto timeout = mapping.find("remote_timeout")) {
    backend.timeout = timeout->duration();
    if (backend.timeout <= std::chrono::milliseconds(0)) timeout->error("remote_timeout must be more than 0");
  }
  if (const auto headers = mapping.find("headers")) backend.headers = read_headers(*headers);
  if (const auto matchers = mapping.find("required_matchers")) {
    backend.required_matchers = read_required_matchers(*matchers);
  }
  if (const auto flag = mapping.find("read_recent")) backend.read_recent = flag->boolean();
  if (const auto flag = mapping.find("filter_external_labels")) backend.filter_external_labels = flag->boolean();
  if (const auto flag = mapping.find("follow_redirects")) backend.follow_redirects = flag->boolean();
  if (const auto flag = mapping.find("enable_http2")) backend.enable_http2 = flag->boolean();
  if (const auto limit = mapping.find("chunked_read_limit")) {
    backend.chunked_read_limit = limit->bytes();
    if (backend.chunked_read_limit == 0) limit->error("chunked_read_limit must be more than 0");
  }
  backend.credentials = read_credentials(mapping);
  backend.transport = read_transport(mapping);
  mapping.finish();
  return backend;
}

}  // namespace mread::merger
