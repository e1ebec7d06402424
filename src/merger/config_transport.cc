#include "merger/config_transport.h"

#include <algorithm>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <fmt/format.h>

#include "base/tls_server_yaml.h"
#include "merger/config_text.h"

namespace mread::merger {
namespace {

using yaml::Mapping;
using yaml::Node;

TlsClientSettings read_tls(const Node& node) {
  TlsClientSettings settings;
  Mapping mapping = node.mapping();
  for (const char* key : {"ca", "cert", "key"}) refuse_text_and_file(mapping, key);
  if (const auto value = mapping.find("ca")) settings.ca = value->string();
  if (const auto value = mapping.find("ca_file")) settings.ca_file = read_path(*value);
  if (const auto value = mapping.find("cert")) settings.cert = value->string();
  if (const auto value = mapping.find("cert_file")) settings.cert_file = read_path(*value);
  if (const auto value = mapping.find("key")) settings.key = value->string();
  if (const auto value = mapping.find("key_file")) settings.key_file = read_path(*value);
  if (const auto value = mapping.find("server_name")) {
    settings.server_name = value->string();
    if (settings.server_name.size() > 255 || settings.server_name.find('\0') != std::string::npos) {
      value->error("that is no host's name");
    }
  }
  if (const auto value = mapping.find("min_version")) settings.min_version = read_tls_version(*value);
  if (const auto value = mapping.find("max_version")) {
    settings.max_version = read_tls_version(*value);
    if (settings.max_version < settings.min_version) {
      value->error(fmt::format("max_version is below min_version, {}", to_string(settings.min_version)));
    }
  }
  if (const auto value = mapping.find("insecure_skip_verify")) settings.insecure_skip_verify = value->boolean();
  const bool has_cert = !settings.cert.empty() || !settings.cert_file.empty();
  const bool has_key = !settings.key.empty() || !settings.key_file.empty();
  if (has_cert && !has_key) node.error("a client certificate needs its key: key_file is missing");
  if (has_key && !has_cert) node.error("a key needs its client certificate: cert_file is missing");
  mapping.finish();
  return settings;
}

// The URL stays out of the messages where it may hold a password.
std::string read_proxy_url(const Node& node) {
  const std::string text = node.string();
  if (text.empty()) return text;
  const bool secret = text.find('@') != std::string::npos;
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed || parsed->encoded_host().empty()) {
    node.error(secret ? "not a URL (want http://USER:PASSWORD@HOST:PORT, with % escapes)"
                      : fmt::format("\"{}\" is not a URL (want http://HOST:PORT)", text));
  }
  if (parsed->scheme() != "http" && parsed->scheme() != "https") {
    node.error(fmt::format("want an http or https proxy, got \"{}\"", std::string(parsed->scheme())));
  }
  if (parsed->has_port() && !parsed->port().empty() && parsed->port_number() == 0) {
    node.error(fmt::format("\"{}\" is not a port", std::string(parsed->port())));
  }
  return text;
}

void read_connect_headers(const Node& node, ProxySettings& settings) {
  Mapping mapping = node.mapping();
  for (const Mapping::Entry& entry : mapping.entries()) {
    const bool token = !entry.key.empty() && std::all_of(entry.key.begin(), entry.key.end(), [](unsigned char c) {
      return std::isalnum(c) ||
             std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (!token) entry.key_node.error(fmt::format("\"{}\" is not a header's name", entry.key));
    for (const Node& item : entry.value.sequence_or_one()) {
      const std::string value = item.string();
      if (value.find_first_of("\r\n") != std::string::npos || value.find('\0') != std::string::npos) {
        item.error("a header's value is one line");
      }
      settings.connect_headers.emplace_back(entry.key, value);
    }
  }
}

ProxySettings read_proxy(Mapping& mapping) {
  ProxySettings settings;
  const auto url = mapping.find("proxy_url");
  const auto no_proxy = mapping.find("no_proxy");
  const auto environment = mapping.find("proxy_from_environment");
  const auto headers = mapping.find("proxy_connect_header");
  if (url) settings.url = read_proxy_url(*url);
  if (no_proxy) settings.no_proxy = no_proxy->string();
  if (environment) settings.from_environment = environment->boolean();
  if (headers) read_connect_headers(*headers, settings);
  if (settings.from_environment && !settings.url.empty()) {
    environment->error("at most one of proxy_url and proxy_from_environment may be given");
  }
  if (settings.from_environment && !settings.no_proxy.empty()) {
    no_proxy->error("with proxy_from_environment, the list is the variable NO_PROXY: remove no_proxy");
  }
  if (!settings.no_proxy.empty() && settings.url.empty()) no_proxy->error("no_proxy has no effect without proxy_url");
  if (!settings.connect_headers.empty() && settings.url.empty() && !settings.from_environment) {
    headers->error("proxy_connect_header needs proxy_url or proxy_from_environment");
  }
  return settings;
}

// Without user, password, path and query.
std::string bare_proxy_url(const std::string& text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return "<hidden>";
  const std::string scheme(parsed->scheme());
  return fmt::format("{}://{}{}", scheme, parsed->has_userinfo() ? "<hidden>@" : "",
                     std::string(parsed->encoded_host_and_port()));
}

std::string describe_tls(const TlsClientSettings& tls) {
  std::string out;
  const auto add = [&out](std::string_view key, const std::string& value) {
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", key, value);
  };
  if (!tls.ca.empty()) add("ca", "<inline>");
  if (!tls.ca_file.empty()) add("ca_file", quoted(tls.ca_file));
  if (!tls.cert.empty()) add("cert", "<inline>");
  if (!tls.cert_file.empty()) add("cert_file", quoted(tls.cert_file));
  if (!tls.key.empty()) add("key", "<hidden>");
  if (!tls.key_file.empty()) add("key_file", quoted(tls.key_file));
  if (!tls.server_name.empty()) add("server_name", quoted(tls.server_name));
  if (tls.min_version != TlsVersion::unset) add("min_version", to_string(tls.min_version));
  if (tls.max_version != TlsVersion::unset) add("max_version", to_string(tls.max_version));
  if (tls.insecure_skip_verify) add("insecure_skip_verify", "true");
  return out;
}

}  // namespace

TransportSettings read_transport(Mapping& mapping) {
  TransportSettings settings;
  if (const auto tls = mapping.find("tls_config")) settings.tls = read_tls(*tls);
  settings.proxy = read_proxy(mapping);
  return settings;
}

std::string describe_transport(const TransportSettings& settings, const std::string& indent) {
  std::string out;
  if (const std::string tls = describe_tls(settings.tls); !tls.empty()) {
    out += fmt::format("{}tls_config: {{{}}}\n", indent, tls);
  }
  const ProxySettings& proxy = settings.proxy;
  if (!proxy.url.empty()) out += fmt::format("{}proxy_url: {}\n", indent, quoted(bare_proxy_url(proxy.url)));
  if (!proxy.no_proxy.empty()) out += fmt::format("{}no_proxy: {}\n", indent, quoted(proxy.no_proxy));
  if (proxy.from_environment) out += fmt::format("{}proxy_from_environment: true\n", indent);
  if (!proxy.connect_headers.empty()) {
    std::string names;
    for (const auto& [name, value] : proxy.connect_headers) {
      names += fmt::format("{}{}: <hidden>", names.empty() ? "" : ", ", name);
    }
    out += fmt::format("{}proxy_connect_header: {{{}}}\n", indent, names);
  }
  return out;
}

}  // namespace mread::merger
