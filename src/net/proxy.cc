#include "net/proxy.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <openssl/evp.h>

#include "base/go_url.h"

namespace mread::net {
namespace {

namespace ip = boost::asio::ip;
using Code = boost::system::error_code;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0)
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0)
    text.remove_suffix(1);
  return text;
}

std::string base64(const std::string& text) {
  std::string out((text.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

// An IPv4 address that is written as IPv6 is the IPv4 address.
ip::address plain(const ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return ip::make_address_v4(ip::v4_mapped, address.to_v6());
}

std::optional<ip::address> parse_address(std::string_view text) {
  Code code;
  const auto address = ip::make_address(std::string(text), code);
  if (code) return std::nullopt;
  return plain(address);
}

bool inside(const ip::address& address, const ip::address& network, unsigned bits) {
  const auto same_bits = [bits](const auto& a, const auto& b) {
    for (unsigned i = 0; i < bits; ++i) {
      const unsigned mask = 0x80U >> (i % 8);
      if ((a[i / 8] & mask) != (b[i / 8] & mask)) return false;
    }
    return true;
  };
  if (address.is_v4() != network.is_v4()) return false;
  if (address.is_v4()) return same_bits(address.to_v4().to_bytes(), network.to_v4().to_bytes());
  return same_bits(address.to_v6().to_bytes(), network.to_v6().to_bytes());
}

struct HostPort {
  std::string_view host;
  std::string_view port;
};

// "host:port" or "[address]:port"; an address with colons and without brackets has no port.
HostPort split(std::string_view entry) {
  if (entry.starts_with('[')) {
    const size_t bracket = entry.find(']');
    if (bracket == std::string_view::npos) return {entry, {}};
    const std::string_view rest = entry.substr(bracket + 1);
    return {entry.substr(1, bracket - 1),
            rest.starts_with(':') ? rest.substr(1) : std::string_view()};
  }
  const size_t colon = entry.find(':');
  if (colon == std::string_view::npos || colon != entry.rfind(':')) return {entry, {}};
  return {entry.substr(0, colon), entry.substr(colon + 1)};
}

// The first of two variables that is set to something.
std::string first_of(const ProxyRules::Environment& environment, const char* upper,
                     const char* lower_case) {
  for (const char* name : {upper, lower_case}) {
    const char* const value = environment(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

Result<std::optional<Proxy>> from_variable(const ProxyRules::Environment& environment,
                                           const char* upper, const char* lower_case) {
  std::string text = first_of(environment, upper, lower_case);
  if (text.empty()) return std::nullopt;
  if (text.find("://") == std::string::npos) text.insert(0, "http://");
  auto proxy = Proxy::parse(text);
  if (!proxy) return fail(proxy.error().in(std::string("variable ") + upper));
  return std::move(*proxy);
}

}  // namespace

Result<Proxy> Proxy::parse(std::string_view text) {
  const auto parsed = parse_go_url(text);
  if (!parsed || parsed->host.empty()) {
    // The text stays out of the message: it may hold a password.
    return fail(Errc::config, "the proxy's URL is none (want http://HOST:PORT)");
  }
  if (parsed->scheme != "http" && parsed->scheme != "https") {
    return fail(Errc::config, "proxy: want an http or https URL, got \"" + parsed->scheme + "\"");
  }
  Proxy proxy;
  auto url = Url::parse(parsed->scheme + "://" + parsed->authority());
  if (!url) return fail(url.error().in("proxy"));
  proxy.url = std::move(*url);
  if (parsed->user) {
    proxy.authorization = "Basic " + base64(*parsed->user + ":" + parsed->password.value_or(""));
  }
  return proxy;
}

NoProxy::NoProxy(std::string_view list) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string entry = lower(trim(list.substr(0, comma)));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (entry.empty()) continue;
    if (entry == "*") {
      all_ = true;
      continue;
    }
    if (const size_t slash = entry.find('/'); slash != std::string::npos) {
      const auto address = parse_address(std::string_view(entry).substr(0, slash));
      unsigned bits = 0;
      const char* const end = entry.data() + entry.size();
      const auto read = std::from_chars(entry.data() + slash + 1, end, bits);
      if (address && read.ec == std::errc() && read.ptr == end &&
          bits <= (address->is_v4() ? 32U : 128U)) {
        networks_.push_back({*address, bits});
        continue;
      }
    }
    auto [host, port] = split(entry);
    if (host.empty()) continue;
    if (const auto address = parse_address(host)) {
      addresses_.push_back({*address, std::string(port)});
      continue;
    }
    if (host.starts_with("*.")) host.remove_prefix(1);
    const bool itself = host.front() != '.';
    domains_.push_back({(itself ? "." : "") + std::string(host), std::string(port), itself});
  }
}

bool NoProxy::matches(const std::string& host, uint16_t port) const {
  const std::string name = lower(trim(host));
  if (name == "localhost") return true;
  const std::string port_text = std::to_string(port);
  const auto good_port = [&](const std::string& wanted) {
    return wanted.empty() || wanted == port_text;
  };
  if (const auto address = parse_address(name)) {
    if (address->is_loopback() || all_) return true;
    return std::any_of(networks_.begin(), networks_.end(),
                       [&](const Network& network) {
                         return inside(*address, network.address, network.bits);
                       }) ||
           std::any_of(addresses_.begin(), addresses_.end(), [&](const Address& entry) {
             return entry.address == *address && good_port(entry.port);
           });
  }
  return all_ || std::any_of(domains_.begin(), domains_.end(), [&](const Domain& domain) {
           const bool fits =
               name.ends_with(domain.suffix) || (domain.itself && name == domain.suffix.substr(1));
           return fits && good_port(domain.port);
         });
}

Result<ProxyRules> ProxyRules::create(const ProxySettings& settings,
                                      const Environment& environment) {
  ProxyRules rules;
  if (settings.from_environment) {
    auto http = from_variable(environment, "HTTP_PROXY", "http_proxy");
    if (!http) return fail(std::move(http.error()));
    auto https = from_variable(environment, "HTTPS_PROXY", "https_proxy");
    if (!https) return fail(std::move(https.error()));
    rules.http_ = std::move(*http);
    rules.https_ = std::move(*https);
    rules.direct_.emplace(first_of(environment, "NO_PROXY", "no_proxy"));
    return rules;
  }
  if (settings.url.empty()) return rules;
  auto proxy = Proxy::parse(settings.url);
  if (!proxy) return fail(proxy.error().in("proxy_url"));
  rules.http_ = *proxy;
  rules.https_ = std::move(*proxy);
  // Without a list even localhost goes through the proxy, as in Prometheus.
  if (!settings.no_proxy.empty()) rules.direct_.emplace(settings.no_proxy);
  return rules;
}

const Proxy* ProxyRules::proxy_for(const Url& url) const {
  if (url.scheme == Url::Scheme::unix_socket) return nullptr;
  const auto& proxy = url.scheme == Url::Scheme::https ? https_ : http_;
  if (!proxy || (direct_ && direct_->matches(url.host, url.port))) return nullptr;
  return &*proxy;
}

}  // namespace mread::net
