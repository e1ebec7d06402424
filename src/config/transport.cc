#include "config/transport.h"

#include <fmt/format.h>

#include "base/go_url.h"
#include "base/tls_server_yaml.h"
#include "config/headers.h"
#include "config/text.h"

namespace mread::config {
namespace {

using yaml::Mapping;
using yaml::Node;

// KEY and KEY_file, of which one may be given; Prometheus tells no empty text from none.
void read_pem(Mapping& mapping, const std::string& key, std::string& text, std::string& file,
              Findings& findings) {
  if (const auto value = mapping.find(key)) text = value->string();
  const auto path = mapping.find(key + "_file");
  if (path && !path->string().empty()) {
    if (!text.empty()) path->error("at most one of " + key + " and " + key + "_file may be given");
    file = read_path(*path);
  }
  const auto ref = mapping.find(key + "_ref");
  if (ref && !ref->string().empty()) {
    findings.no_read_succeeds(*ref, key + "_ref takes a secret manager, and there is none");
  }
}

TlsClientSettings read_tls(const Node& node, Findings& findings) {
  TlsClientSettings settings;
  Mapping mapping = node.mapping();
  read_pem(mapping, "ca", settings.ca, settings.ca_file, findings);
  read_pem(mapping, "cert", settings.cert, settings.cert_file, findings);
  read_pem(mapping, "key", settings.key, settings.key_file, findings);
  if (const auto value = mapping.find("server_name")) {
    settings.server_name = value->string();
    if (settings.server_name.size() > 255 || settings.server_name.find('\0') != std::string::npos) {
      findings.no_read_succeeds(*value, "server_name is no host's name");
      settings.server_name.clear();
    }
  }
  if (const auto value = mapping.find("min_version"))
    settings.min_version = read_tls_version(*value);
  if (const auto value = mapping.find("max_version")) {
    settings.max_version = read_tls_version(*value);
    if (settings.max_version < settings.min_version) {
      findings.no_read_succeeds(*value, fmt::format("max_version is below min_version, {}",
                                                    to_string(settings.min_version)));
      settings.max_version = settings.min_version;
    }
  }
  if (const auto value = mapping.find("insecure_skip_verify"))
    settings.insecure_skip_verify = value->boolean();
  const bool has_cert = !settings.cert.empty() || !settings.cert_file.empty();
  const bool has_key = !settings.key.empty() || !settings.key_file.empty();
  if (has_cert != has_key) {
    const char* const what = has_cert ? "a client certificate needs its key: key_file is missing"
                                      : "a key needs its client certificate: cert_file is missing";
    // Prometheus 2.42 looks at files when it makes the client.
    if (!settings.cert.empty() || !settings.key.empty()) node.error(what);
    findings.no_read_succeeds(node, what);
    settings.cert_file.clear();
    settings.key_file.clear();
  }
  mapping.finish();
  return settings;
}

// A proxy that cannot be asked is not passed by: the backend's reads fail.
std::string read_proxy_url(const Node& node, Findings& findings) {
  const std::string text = node.string();
  if (text.empty()) return text;
  const auto url = parse_go_url(text);
  if (!url) {
    node.error(
        fmt::format("not a URL: {} (want http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT)",
                    url.error().context));
  }
  if (url->is_web()) return text;
  const bool is_socks = url->scheme.starts_with("socks5");
  findings.no_read_succeeds(node, is_socks ? "want an http or https proxy: SOCKS is not known here"
                                           : "want an http or https proxy, http://HOST:PORT");
  return "";
}

ProxySettings read_proxy(Mapping& mapping, Findings& findings) {
  ProxySettings settings;
  const auto url = mapping.find("proxy_url");
  const auto no_proxy = mapping.find("no_proxy");
  const auto environment = mapping.find("proxy_from_environment");
  const auto headers = mapping.find("proxy_connect_header");
  const bool is_given = url && !url->string().empty();
  if (url) settings.url = read_proxy_url(*url, findings);
  if (no_proxy) settings.no_proxy = no_proxy->string();
  if (environment) settings.from_environment = environment->boolean();
  if (headers) settings.connect_headers = read_connect_headers(*headers, findings);
  if (settings.from_environment && is_given) {
    environment->error("at most one of proxy_url and proxy_from_environment may be given");
  }
  if (settings.from_environment && !settings.no_proxy.empty()) {
    no_proxy->error(
        "with proxy_from_environment, the list is the variable NO_PROXY: remove no_proxy");
  }
  if (!settings.no_proxy.empty() && !is_given) {
    if (!url) no_proxy->error("no_proxy has no effect without proxy_url");
    findings.warn(*no_proxy, "no_proxy has no effect without proxy_url");
  }
  if (headers && headers->is_mapping() && !headers->mapping().entries().empty() && !is_given &&
      !settings.from_environment) {
    headers->error("proxy_connect_header needs proxy_url or proxy_from_environment");
  }
  if (settings.url.empty()) settings.no_proxy.clear();
  return settings;
}

// Without user, password, path and query.
std::string bare_proxy_url(const std::string& text) {
  const auto url = parse_go_url(text);
  if (!url || !url->is_web()) return "<hidden>";
  std::string place = url->authority();
  if (url->port.empty()) place.resize(place.rfind(':'));
  return fmt::format("{}://{}{}", url->scheme, url->user ? "<hidden>@" : "", place);
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

TransportSettings read_transport(Mapping& mapping, Findings& findings) {
  TransportSettings settings;
  if (const auto tls = mapping.find("tls_config")) settings.tls = read_tls(*tls, findings);
  settings.proxy = read_proxy(mapping, findings);
  return settings;
}

std::string describe_transport(const TransportSettings& settings, const std::string& indent) {
  std::string out;
  if (const std::string tls = describe_tls(settings.tls); !tls.empty()) {
    out += fmt::format("{}tls_config: {{{}}}\n", indent, tls);
  }
  const ProxySettings& proxy = settings.proxy;
  if (!proxy.url.empty())
    out += fmt::format("{}proxy_url: {}\n", indent, quoted(bare_proxy_url(proxy.url)));
  if (!proxy.no_proxy.empty())
    out += fmt::format("{}no_proxy: {}\n", indent, quoted(proxy.no_proxy));
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

}  // namespace mread::config
