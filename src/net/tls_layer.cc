#include "net/tls_layer.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/x509v3.h>

#include "net/nothrow.h"
#include "net/tls_error.h"

namespace mread::net {
namespace {

template <class Next>
class LayerOver final : public TlsLayer {
 public:
  LayerOver(Next& next, TlsContext context, std::unique_ptr<TlsLayer> below)
      : below_(std::move(below)), context_(std::move(context)), stream_(next, *context_) {
    record_verification(stream_.native_handle(), failure_);
  }

  asio::awaitable<Code> accept() override {
    const auto [code] = co_await stream_.async_handshake(asio::ssl::stream_base::server, nothrow);
    co_return code;
  }
  asio::awaitable<std::pair<Code, size_t>> read_some(asio::mutable_buffer room) override {
    const auto [code, count] = co_await stream_.async_read_some(room, nothrow);
    co_return std::pair<Code, size_t>(code, count);
  }
  asio::awaitable<std::pair<Code, size_t>> write_some(asio::const_buffer bytes) override {
    const auto [code, count] = co_await stream_.async_write_some(bytes, nothrow);
    co_return std::pair<Code, size_t>(code, count);
  }
  asio::awaitable<Code> shut_down() override {
    const auto [code] = co_await stream_.async_shutdown(nothrow);
    co_return code;
  }
  asio::ssl::stream<Next&>& stream() { return stream_; }

 protected:
  SSL* native() override { return stream_.native_handle(); }
  asio::awaitable<Code> begin() override {
    const auto [code] = co_await stream_.async_handshake(asio::ssl::stream_base::client, nothrow);
    co_return code;
  }

 private:
  std::unique_ptr<TlsLayer> below_;
  TlsContext context_;
  asio::ssl::stream<Next&> stream_;
};

using First = LayerOver<TlsLayer::Socket>;
using Second = LayerOver<asio::ssl::stream<TlsLayer::Socket&>>;

}  // namespace

std::unique_ptr<TlsLayer> TlsLayer::over(Socket& socket, TlsContext context) {
  return std::make_unique<First>(socket, std::move(context), nullptr);
}

std::unique_ptr<TlsLayer> TlsLayer::over(std::unique_ptr<TlsLayer> below, TlsContext context) {
  auto& next = static_cast<First&>(*below).stream();
  return std::make_unique<Second>(next, std::move(context), std::move(below));
}

asio::awaitable<TlsLayer::Code> TlsLayer::connect(std::string name) {
  while (name.ends_with('.')) name.pop_back();
  name_ = std::move(name);
  SSL* const ssl = native();
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
  Code not_an_address;
  static_cast<void>(asio::ip::make_address(name_, not_an_address));
  if (not_an_address) {
    SSL_set_tlsext_host_name(ssl, name_.c_str());
    X509_VERIFY_PARAM_set_hostflags(
        wanted, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(wanted, name_.c_str(), name_.size());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(wanted, name_.c_str());
  }
  co_return co_await begin();
}

bool TlsLayer::holds_input() {
  SSL* const ssl = native();
  return SSL_has_pending(ssl) != 0 || BIO_ctrl_pending(SSL_get_rbio(ssl)) > 0;
}

std::string TlsLayer::handshake_failure(Code code) const {
  if (failure_.error != 0) return describe(failure_, name_);
  return tls_reason(code);
}

}  // namespace mread::net
