#include <boost/asio/ip/address.hpp>

#include "base/tls_server_yaml.h"
#include "mockstore/server/forward_proxy.h"
#include "net/credentials.h"

namespace mread::mockstore {
namespace {

namespace asio = boost::asio;

net::ListenAddress read_address(const yaml::Node& node) {
  auto address = net::parse_listen_address(node.string());
  if (!address) node.error(address.error().context);
  return *address;
}

}  // namespace

ForwardProxyConfig parse_forward_proxy(const yaml::Node& node, std::string name) {
  ForwardProxyConfig config;
  config.name = std::move(name);
  yaml::Mapping mapping = node.mapping();
  if (const auto value = mapping.find("listen")) config.listen = read_address(*value);
  config.admin_listen = {config.listen.host, 0};
  if (const auto value = mapping.find("admin_listen")) config.admin_listen = read_address(*value);
  if (const auto value = mapping.find("tls")) config.tls = read_tls_server(*value);
  if (const auto value = mapping.find("basic_auth")) {
    yaml::Mapping auth = value->mapping();
    const std::string user = auth.require("username").string();
    const std::string password = auth.require("password").string();
    auth.finish();
    config.authorization = net::basic_authorization(user, password);
  }
  if (const auto value = mapping.find("hosts")) {
    yaml::Mapping hosts = value->mapping();
    for (const auto& [host, host_node, address] : hosts.entries()) {
      boost::system::error_code code;
      static_cast<void>(asio::ip::make_address(address.string(), code));
      if (code) address.error("want an IP address");
      config.hosts[host] = address.string();
    }
  }
  if (const auto value = mapping.find("journal_size"))
    config.journal_size = std::max<uint64_t>(value->count(), 1);
  if (const auto value = mapping.find("connections"))
    config.connections = std::max<uint64_t>(value->count(), 1);
  if (const auto value = mapping.find("idle_timeout")) {
    config.idle_timeout = value->duration();
    if (config.idle_timeout.count() <= 0) value->error("the timeout must be above 0");
  }
  mapping.finish();
  return config;
}

}  // namespace mread::mockstore
