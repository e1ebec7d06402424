#include "mockstore/store/upstream_config.h"

#include "base/tls_server_yaml.h"
#include "net/credentials.h"

namespace mread::mockstore {
namespace {

net::Url read_url(const yaml::Node& node, const std::string& path_of_reads) {
  auto url = net::Url::parse(node.string());
  if (!url) node.error(url.error().context);
  if (url->scheme == net::Url::Scheme::unix_socket)
    node.error("want http://HOST:PORT or https://HOST:PORT");
  if (url->target.find('?') != std::string::npos)
    node.error("want the server's URL, without a query: the store passes on that of each request");
  if (url->target.ends_with(path_of_reads)) {
    node.error("want the server's URL, without " + path_of_reads +
               ": the store passes on the path of each request");
  }
  while (url->target.ends_with("/")) url->target.pop_back();
  return std::move(*url);
}

std::string read_basic_auth(const yaml::Node& node) {
  yaml::Mapping mapping = node.mapping();
  const std::string user = mapping.require("username").string();
  const std::string password = mapping.require("password").string();
  mapping.finish();
  return net::basic_authorization(user, password);
}

TlsClientSettings read_tls(const yaml::Node& node) {
  TlsClientSettings tls;
  yaml::Mapping mapping = node.mapping();
  if (const auto file = mapping.find("ca_file")) tls.ca_file = read_path(*file);
  const auto cert = mapping.find("cert_file");
  const auto key = mapping.find("key_file");
  if (cert) tls.cert_file = read_path(*cert);
  if (key) tls.key_file = read_path(*key);
  if (const auto name = mapping.find("server_name")) tls.server_name = name->string();
  if (const auto skip = mapping.find("insecure_skip_verify"))
    tls.insecure_skip_verify = skip->boolean();
  mapping.finish();
  if (cert.has_value() != key.has_value())
    node.error("a client's certificate is cert_file and key_file together");
  return tls;
}

}  // namespace

UpstreamConfig read_upstream(const yaml::Node& node, const std::string& path_of_reads) {
  UpstreamConfig upstream;
  if (node.is_scalar()) {
    upstream.url = read_url(node, path_of_reads);
    return upstream;
  }
  yaml::Mapping mapping = node.mapping();
  upstream.url = read_url(mapping.require("url"), path_of_reads);
  if (const auto basic = mapping.find("basic_auth"))
    upstream.authorization = read_basic_auth(*basic);
  if (const auto tls = mapping.find("tls_config")) upstream.tls = read_tls(*tls);
  mapping.finish();
  return upstream;
}

}  // namespace mread::mockstore
