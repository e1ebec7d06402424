#include "merger/config_web.h"

#include <fmt/format.h>

#include "base/tls_server_yaml.h"

namespace mread::merger {
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
    for (const char* name : {"Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options",
                             "X-Frame-Options", "X-XSS-Protection"}) {
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

WebSettings read_web(const Node& node) {
  WebSettings settings;
  Mapping mapping = node.mapping();
  const auto tls = mapping.find("tls_server_config");
  const auto synonym = mapping.find("tls_config");
  if (tls && synonym) synonym->error("tls_config is the same as tls_server_config: give one of them");
  if (tls || synonym) settings.tls = read_tls_server(tls ? *tls : *synonym);
  if (const auto http = mapping.find("http_server_config")) read_http_server(*http, settings);
  mapping.finish();
  return settings;
}

std::string describe_web(const WebSettings& settings) {
  std::string out;
  if (settings.tls) out += "  tls_server_config:\n" + describe_tls(*settings.tls);
  if (!settings.headers.empty()) {
    out += "  http_server_config:\n    headers:\n";
    for (const auto& [name, value] : settings.headers) out += fmt::format("      {}: '{}'\n", name, value);
  }
  return out.empty() ? out : "web:\n" + out;
}

}  // namespace mread::merger
