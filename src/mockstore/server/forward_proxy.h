#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/error.h"
#include "base/transport_settings.h"
#include "base/yaml.h"
#include "net/listen_address.h"

namespace mread::mockstore {

/// One proxy, as configured.
struct ForwardProxyConfig {
  std::string name;
  net::ListenAddress listen;        ///< default 127.0.0.1:0
  net::ListenAddress admin_listen;  ///< default: the host of `listen`, any free port
  /// The wanted Proxy-Authorization, a secret; empty: clients need none.
  std::string authorization;
  /// further names of the control interface, in addition to the hosts of both listeners
  std::vector<std::string> hostnames;
  /// Names that only this proxy knows, and the address of each.
  std::map<std::string, std::string> hosts;
  std::optional<TlsServerSettings> tls;  ///< of `listen`: an https proxy
  size_t journal_size = 10'000;
  size_t connections = 256;
  std::chrono::milliseconds idle_timeout{60'000};  ///< of a connection on which nothing passes
};

/// Reads
///   {listen: 127.0.0.1:3128, basic_auth: {username: u, password: p}, hosts: {collector.example:
///   127.0.0.1}}
/// Throws yaml::ConfigError.
ForwardProxyConfig parse_forward_proxy(const yaml::Node& node, std::string name);

/// A forward proxy for tests: tunnels (CONNECT), and requests with a whole http URL, one a
/// connection. Connections and idle time are bounded. A second listener tells which requests came:
///   GET /-/journal     {"requests": 2, "entries": [{"ordinal", "method", "target", "peer",
///   "status", "bytes_up",
///                      "bytes_down"}, …]}; DELETE empties it
///   GET /-/healthy, /-/ready
///
/// Member functions may be called from any thread.
class ForwardProxy {
 public:
  /// Errors: "proxy NAME: HOST:PORT: Address already in use", files of TLS that cannot be used.
  static Result<std::unique_ptr<ForwardProxy>> start(boost::asio::any_io_executor executor,
                                                     const ForwardProxyConfig& config);
  /// The executor's threads must have stopped, or drain() must have completed.
  ~ForwardProxy();
  ForwardProxy(const ForwardProxy&) = delete;
  ForwardProxy& operator=(const ForwardProxy&) = delete;

  const std::string& name() const;
  std::string url() const;        ///< "http://127.0.0.1:3128"
  std::string admin_url() const;  ///< "http://127.0.0.1:40123"
  std::string journal() const;    ///< as JSON
  /// Closes everything, and completes when that is done.
  boost::asio::awaitable<void> drain();

 private:
  struct State;
  explicit ForwardProxy(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace mread::mockstore
