#pragma once

#include <functional>
#include <latch>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "net/client.h"
#include "net/loop.h"
#include "net/server.h"

namespace mread::net {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

ResponseHead ok(std::string length = {});
/// A whole answer.
asio::awaitable<Result<Response>> get(Client& client, ClientRequest request);
/// Answers "target|body", with the method and the client's address in the headers X-Method and
/// X-Peer.
asio::awaitable<void> echo(ServerRequest request, ResponseWriter& writer);
/// Answers 100,000 bytes in pieces and a trailer X-End; with a Content-Length where "/sized" is
/// asked for.
asio::awaitable<void> stream_pieces(ServerRequest request, ResponseWriter& writer);
/// Completes once the latch is at zero.
asio::awaitable<void> cancel_after(std::shared_ptr<std::latch> reached);

/// One client and one server on a loop.
class ClientServerTest : public testing::Test {
 protected:
  void serve(Handler handler, ServerOptions options = {}) {
    auto server = Server::listen(loop_.executor(), options, std::move(handler));
    ASSERT_TRUE(server) << server.error().to_string();
    server_ = std::move(*server);
  }
  ~ClientServerTest() override {
    if (server_) loop_.run(server_->drain(std::chrono::milliseconds(0)));
  }
  ClientRequest to(std::string target, std::string method = "GET") {
    ClientRequest request;
    request.url = *Url::parse(server_->url() + target);
    request.method = std::move(method);
    return request;
  }
  Result<Response> fetch_from(std::string target) {
    return loop_.run(get(client_, to(std::move(target))));
  }

  // Sends bytes as they are and returns what comes until the server closes.
  std::string talk(std::string bytes) { return loop_.run(talk_on_socket(std::move(bytes))); }
  asio::awaitable<std::string> talk_on_socket(std::string bytes);

  static void wait_for(const std::function<bool()>& condition) {
    while (!condition()) std::this_thread::yield();
  }

  Loop loop_;
  Client client_;
  std::unique_ptr<Server> server_;
};

}  // namespace mread::net
