#pragma once

#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include "base/transport_settings.h"
#include "net/http.h"
#include "net/proxy.h"
#include "net/tls_source.h"

namespace mread::net {

/// The way to a server: TLS settings and proxies, made once and shared by all requests that go this
/// way. Connections are pooled by it. Safe to use from several threads.
class Transport {
 public:
  /// Files are read now, where the settings name any; without any, OpenSSL reads the system's
  /// certificates when they are first needed. `tell` hears of files that change later. Errors: as
  /// make_tls_context() and ProxyRules::create().
  static Result<std::shared_ptr<Transport>> create(
      TransportSettings settings, TlsSource::Tell tell = {},
      const ProxyRules::Environment& environment = std::getenv);
  /// No settings at all.
  static std::shared_ptr<Transport> plain();

  const TransportSettings& settings() const { return settings_; }
  /// Null: `url` is asked directly.
  const Proxy* proxy_for(const Url& url) const { return proxies_.proxy_for(url); }
  Result<TlsSource::Loaded> tls() const;
  /// Whom the certificate of `url`'s server has to be for.
  const std::string& tls_name(const Url& url) const {
    return settings_.tls.server_name.empty() ? url.host : settings_.tls.server_name;
  }
  /// Looks at the files whatever the time. Errors: they have changed and cannot be used; the old
  /// ones stay in force.
  Result<void> refresh() const;
  /// No other transport of this process has it, not even later.
  uint64_t id() const { return id_; }

 private:
  explicit Transport(TransportSettings settings);
  Result<void> load() const;

  const TransportSettings settings_;
  const uint64_t id_;
  ProxyRules proxies_;
  TlsSource::Tell tell_;
  mutable std::mutex mutex_;  // Of source_.
  mutable std::shared_ptr<TlsSource> source_;
};

}  // namespace mread::net
