#pragma once

#include <memory>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "net/tls_context.h"

namespace mread::net {

namespace asio = boost::asio;

/// TLS over a socket, or over another TLS layer (an https target behind an https proxy). Internal
/// to Connection, on whose strand everything runs. A read and a write may be under way at once.
class TlsLayer {
 public:
  using Socket = asio::generic::stream_protocol::socket;
  using Code = boost::system::error_code;

  /// `socket` outlives the layer.
  static std::unique_ptr<TlsLayer> over(Socket& socket, TlsContext context);
  /// `below` is itself over a socket.
  static std::unique_ptr<TlsLayer> over(std::unique_ptr<TlsLayer> below, TlsContext context);
  virtual ~TlsLayer() = default;

  /// As a client: the peer's certificate has to be good for `name`, a host's name or an IP address.
  asio::awaitable<Code> connect(std::string name);
  /// As a server.
  virtual asio::awaitable<Code> accept() = 0;
  virtual asio::awaitable<std::pair<Code, size_t>> read_some(asio::mutable_buffer room) = 0;
  /// Writes some, at most a record.
  virtual asio::awaitable<std::pair<Code, size_t>> write_some(asio::const_buffer bytes) = 0;
  /// Sends close_notify and waits for the peer's.
  virtual asio::awaitable<Code> shut_down() = 0;
  /// Whether bytes of the peer's are held that nobody has read.
  bool holds_input();
  /// Why the handshake has failed with `code`.
  std::string handshake_failure(Code code) const;

 protected:
  virtual SSL* native() = 0;
  virtual asio::awaitable<Code> begin() = 0;

  VerifyFailure failure_;
  std::string name_;
};

}  // namespace mread::net
