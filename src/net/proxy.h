#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "base/transport_settings.h"
#include "net/http.h"

namespace mread::net {

/// A proxy as its URL describes it.
struct Proxy {
  Url url;                    ///< http or https
  std::string authorization;  ///< value of Proxy-Authorization: a secret; empty: none

  /// Errors (Errc::config) name no user and no password.
  static Result<Proxy> parse(std::string_view text);
};

/// A NO_PROXY list, read as Go's httpproxy reads it: "*"; domains, which stand for their subdomains
/// too; ".domain" and
/// "*.domain", for the subdomains alone; IP addresses and networks; each but the networks with an
/// optional :port. Entries that make no sense are passed over.
class NoProxy {
 public:
  explicit NoProxy(std::string_view list);
  /// Whether `host` is asked directly. localhost and loopback addresses always are.
  bool matches(const std::string& host, uint16_t port) const;

 private:
  struct Network {
    boost::asio::ip::address address;
    unsigned bits = 0;
  };
  struct Domain {
    std::string suffix;  // with the dot in front
    std::string port;
    bool itself = false;
  };
  struct Address {
    boost::asio::ip::address address;
    std::string port;
  };
  bool all_ = false;
  std::vector<Network> networks_;
  std::vector<Address> addresses_;
  std::vector<Domain> domains_;
};

/// Which proxy a request goes through.
class ProxyRules {
 public:
  using Environment = std::function<const char*(const char*)>;  ///< as getenv

  ProxyRules() = default;
  /// The environment is read now, where the settings ask for it. Errors (Errc::config): a URL that
  /// cannot be used.
  static Result<ProxyRules> create(const ProxySettings& settings, const Environment& environment);
  /// Null: `url` is asked directly.
  const Proxy* proxy_for(const Url& url) const;

 private:
  std::optional<Proxy> http_;
  std::optional<Proxy> https_;
  std::optional<NoProxy> direct_;
};

}  // namespace mread::net
