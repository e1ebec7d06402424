#include "serve/backends/transports.h"

#include <algorithm>
#include <variant>

namespace mread::serve {
namespace {

using Transport = std::shared_ptr<net::Transport>;

Transport find(const std::vector<Transport>& transports, const TransportSettings& settings) {
  const auto found =
      std::find_if(transports.begin(), transports.end(),
                   [&](const Transport& transport) { return transport->settings() == settings; });
  return found == transports.end() ? nullptr : *found;
}

Result<Transport> make_transport(const TransportSettings& settings, const Transports& so_far,
                                 const Transports* previous, const net::TlsSource::Tell& tell) {
  if (Transport shared = find(so_far.backends, settings)) return shared;
  if (Transport known = previous == nullptr ? nullptr : find(previous->backends, settings)) {
    if (auto fresh = known->refresh(); !fresh) return fail(std::move(fresh.error()));
    return known;
  }
  return net::Transport::create(settings, tell);
}

// Requests for OAuth 2 tokens make a transport of their own when they need it: here only whether
// they can.
Result<void> check_token_transport(const config::Endpoint& endpoint) {
  const auto* oauth2 = std::get_if<config::OAuth2>(&endpoint.credentials);
  if (oauth2 == nullptr) return {};
  if (auto made = net::Transport::create(oauth2->transport); !made)
    return fail(made.error().in("oauth2"));
  return {};
}

Result<std::shared_ptr<net::TlsSource>> make_web_tls(const config::WebSettings& web,
                                                     const Transports* previous,
                                                     const net::TlsSource::Tell& tell) {
  if (!web.tls) return nullptr;
  if (previous != nullptr && previous->web.tls == web.tls) {
    if (auto fresh = previous->web_tls->refresh(); !fresh) return fail(std::move(fresh.error()));
    return previous->web_tls;
  }
  return net::TlsSource::create(*web.tls, tell);
}

}  // namespace

Result<Transports> make_transports(const config::Config& config, const Transports* previous,
                                   const net::TlsSource::Tell& tell) {
  Transports transports;
  for (size_t i = 0; i < config.backends.size(); ++i) {
    const std::string where = "backend " + config.backends[i].name;
    auto transport = make_transport(config.endpoints[i].transport, transports, previous, tell);
    if (!transport) return fail(transport.error().in(where));
    transports.backends.push_back(std::move(*transport));
    if (auto good = check_token_transport(config.endpoints[i]); !good)
      return fail(good.error().in(where));
  }
  transports.web = config.web;
  auto web_tls = make_web_tls(config.web, previous, tell);
  if (!web_tls) return fail(web_tls.error().in("web"));
  transports.web_tls = std::move(*web_tls);
  return transports;
}

}  // namespace mread::serve
