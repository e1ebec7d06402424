#include "net/transport.h"

#include <atomic>

namespace mread::net {
namespace {

uint64_t next_id() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

}  // namespace

Transport::Transport(TransportSettings settings) : settings_(std::move(settings)), id_(next_id()) {}

Result<std::shared_ptr<Transport>> Transport::create(TransportSettings settings,
                                                     TlsSource::Tell tell,
                                                     const ProxyRules::Environment& environment) {
  std::shared_ptr<Transport> transport(new Transport(std::move(settings)));
  auto proxies = ProxyRules::create(transport->settings_.proxy, environment);
  if (!proxies) return fail(std::move(proxies.error()));
  transport->proxies_ = std::move(*proxies);
  transport->tell_ = std::move(tell);
  if (transport->settings_.tls != TlsClientSettings{}) {
    if (auto loaded = transport->load(); !loaded) return fail(std::move(loaded.error()));
  }
  return transport;
}

std::shared_ptr<Transport> Transport::plain() {
  return std::shared_ptr<Transport>(new Transport({}));
}

Result<void> Transport::load() const {
  const std::lock_guard lock(mutex_);
  if (source_) return {};
  auto source = TlsSource::create(settings_.tls, tell_);
  if (!source) return fail(std::move(source.error()));
  source_ = std::move(*source);
  return {};
}

Result<TlsSource::Loaded> Transport::tls() const {
  if (auto loaded = load(); !loaded) return fail(std::move(loaded.error()));
  return source_->get();
}

Result<void> Transport::refresh() const {
  std::shared_ptr<TlsSource> source;
  {
    const std::lock_guard lock(mutex_);
    source = source_;
  }
  if (!source) return {};
  return source->refresh();
}

}  // namespace mread::net
