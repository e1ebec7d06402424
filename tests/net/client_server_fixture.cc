#include "net/client_server_fixture.h"

#include <array>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>

namespace mread::net {

using namespace std::chrono_literals;
using tcp = asio::ip::tcp;

ResponseHead ok(std::string length) {
  ResponseHead head;
  if (!length.empty()) head.headers.add("Content-Length", std::move(length));
  return head;
}

asio::awaitable<Result<Response>> get(Client& client, ClientRequest request) {
  auto stream = co_await client.open(std::move(request));
  if (!stream) co_return fail(stream.error());
  auto body = co_await read_all(**stream, 1ULL << 30);
  if (!body) co_return fail(body.error());
  co_return Response{(*stream)->head(), std::move(*body)};
}

asio::awaitable<void> echo(ServerRequest request, ResponseWriter& writer) {
  ResponseHead head;
  head.headers.add("X-Method", request.head.method);
  head.headers.add("X-Peer", request.peer);
  co_await writer.reply(std::move(head), request.head.target + "|" + request.body);
}

asio::awaitable<void> stream_pieces(ServerRequest request, ResponseWriter& writer) {
  const bool sized = request.head.target == "/sized";
  auto head = ok(sized ? std::to_string(100 * 1000) : "");
  co_await writer.start(std::move(head));
  std::string piece(500, 'a');
  for (int i = 0; i < 100; ++i) {
    std::vector<std::string_view> pieces{piece, piece};
    co_await writer.write_pieces(std::move(pieces));
  }
  Headers trailers;
  trailers.add("X-End", "yes");
  co_await writer.finish(std::move(trailers));
}

asio::awaitable<void> cancel_after(std::shared_ptr<std::latch> reached) {
  // Polls without a clock: gives way to others until the other side says that it is there.
  while (!reached->try_wait()) {
    asio::steady_timer turn(co_await asio::this_coro::executor, 1ms);
    co_await turn.async_wait(nothrow);
  }
}

asio::awaitable<std::string> ClientServerTest::talk_on_socket(std::string bytes) {
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), server_->port()),
                                asio::use_awaitable);
  co_await asio::async_write(socket, asio::buffer(bytes), nothrow);
  std::string answer;
  while (true) {
    std::array<char, 4096> piece{};
    const auto [code, count] = co_await socket.async_read_some(asio::buffer(piece), nothrow);
    answer.append(piece.data(), count);
    if (code) break;
  }
  co_return answer;
}

}  // namespace mread::net
