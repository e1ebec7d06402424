#include "config/web.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/host_names.h"
#include "base/tls_server_yaml.h"

namespace mread::config {
namespace {

using yaml::Mapping;
using yaml::Node;

void read_http_server(const Node& node, WebSettings& settings) {
  Mapping mapping = node.mapping();
  // HTTP/1.1 is what is spoken here: true is a wish that may stay unfulfilled.
  if (const auto http2 = mapping.find("http2")) static_cast<void>(http2->boolean());
  if (const auto headers = mapping.find("headers")) {
    Mapping named = headers->mapping();
    // The ones that the web config file knows.
    for (const char* name : {"Content-Security-Policy", "Strict-Transport-Security",
                             "X-Content-Type-Options", "X-Frame-Options", "X-XSS-Protection"}) {
      const auto value = named.find(name);
      if (!value) continue;
      const std::string text = value->string();
      if (text.find_first_of("\r\n") != std::string::npos || text.find('\0') != std::string::npos) {
        value->error("a header's value is one line");
      }
      settings.headers.emplace_back(name, text);
    }
    named.finish();
  }
  mapping.finish();
}

// A check of one takes seconds of a processor above this; Prometheus takes up to 31, which takes a
// day.
constexpr int highest_cost = 16;

void read_users(const Node& node, WebSettings& settings) {
  Mapping mapping = node.mapping();
  for (const Mapping::Entry& entry : mapping.entries()) {
    if (entry.key.empty()) entry.key_node.error("a user's name is missing");
    if (entry.key.find(':') != std::string::npos)
      entry.key_node.error("a user's name cannot have a colon in it");
    // What is no hash may be a password: it is never shown.
    const auto cost = entry.value.is_scalar() ? bcrypt_cost(entry.value.string()) : std::nullopt;
    if (!cost)
      entry.value.error(fmt::format("want a bcrypt hash for user \"{}\" ($2b$10$…)", entry.key));
    if (*cost > highest_cost) {
      entry.value.error(fmt::format(
          "the bcrypt hash of user \"{}\" has cost {}: at most {} is taken, 10 is usual", entry.key,
          *cost, highest_cost));
    }
    settings.basic_auth_users.emplace_back(entry.key, entry.value.string());
  }
}

std::string describe_tls(const TlsServerSettings& tls) {
  std::string out;
  const auto line = [&out](std::string_view key, std::string_view value) {
    out += fmt::format("    {}: {}\n", key, value);
  };
  const auto list = [&](std::string_view key, const std::vector<std::string>& values) {
    if (!values.empty()) line(key, fmt::format("[{}]", fmt::join(values, ", ")));
  };
  if (!tls.cert.empty()) line("cert", "<inline>");
  if (!tls.cert_file.empty()) line("cert_file", tls.cert_file);
  if (!tls.key.empty()) line("key", "<hidden>");
  if (!tls.key_file.empty()) line("key_file", tls.key_file);
  line("client_auth_type", to_string(tls.client_auth));
  if (!tls.client_ca.empty()) line("client_ca", "<inline>");
  if (!tls.client_ca_file.empty()) line("client_ca_file", tls.client_ca_file);
  list("client_allowed_sans", tls.client_allowed_sans);
  line("min_version", to_string(tls.min_version));
  if (tls.max_version != TlsVersion::unset) line("max_version", to_string(tls.max_version));
  list("cipher_suites", tls.cipher_suites);
  list("curve_preferences", tls.curve_preferences);
  if (!tls.prefer_server_cipher_suites) line("prefer_server_cipher_suites", "false");
  return out;
}

}  // namespace

std::optional<int> bcrypt_cost(std::string_view hash) {
  constexpr size_t size = 60;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (hash.size() != size || !hash.starts_with("$2") || hash[3] != '$' || hash[6] != '$')
    return std::nullopt;
  if (std::string_view("aby").find(hash[2]) == std::string_view::npos) return std::nullopt;
  if (!is_digit(hash[4]) || !is_digit(hash[5])) return std::nullopt;
  const bool encoded = std::all_of(hash.begin() + 7, hash.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '.' || c == '/';
  });
  const int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
  if (!encoded || cost < 4 || cost > 31) return std::nullopt;
  return cost;
}

WebSettings read_web(const Node& node) {
  WebSettings settings;
  Mapping mapping = node.mapping();
  const auto tls = mapping.find("tls_server_config");
  const auto synonym = mapping.find("tls_config");
  if (tls && synonym)
    synonym->error("tls_config is the same as tls_server_config: give one of them");
  if (tls || synonym) settings.tls = read_tls_server(tls ? *tls : *synonym);
  if (const auto http = mapping.find("http_server_config")) read_http_server(*http, settings);
  if (const auto users = mapping.find("basic_auth_users")) read_users(*users, settings);
  if (const auto names = mapping.find("hostnames")) settings.hostnames = read_host_names(*names);
  mapping.finish();
  return settings;
}

std::string describe_web(const WebSettings& settings) {
  std::string out;
  if (settings.tls) out += "  tls_server_config:\n" + describe_tls(*settings.tls);
  if (!settings.headers.empty()) {
    out += "  http_server_config:\n    headers:\n";
    for (const auto& [name, value] : settings.headers)
      out += fmt::format("      {}: '{}'\n", name, value);
  }
  if (!settings.basic_auth_users.empty()) out += "  basic_auth_users:\n";
  for (const auto& [name, hash] : settings.basic_auth_users)
    out += fmt::format("    '{}': <hidden>\n", name);
  if (!settings.hostnames.empty())
    out += fmt::format("  hostnames: [{}]\n", fmt::join(settings.hostnames, ", "));
  return out.empty() ? out : "web:\n" + out;
}

}  // namespace mread::config
