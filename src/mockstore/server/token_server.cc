#include "mockstore/server/token_server.h"

#include <utility>

#include "mockstore/server/control_screen.h"
#include "net/server.h"

namespace mread::mockstore {
namespace {

namespace asio = boost::asio;

constexpr uint64_t token_body_limit_bytes = 1ULL << 20;

asio::awaitable<void> answer(std::shared_ptr<TokenBook> book, const TimeSource& time,
                             net::ServerRequest request, net::ResponseWriter& writer) {
  TokenReply reply = book->answer(request.head, request.body, time.now());
  (void)co_await writer.reply(std::move(reply.head), std::move(reply.body));
}

}  // namespace

TokenServer::TokenServer(std::shared_ptr<TokenBook> book, std::unique_ptr<net::Server> server)
    : book_(std::move(book)), server_(std::move(server)) {}

TokenServer::~TokenServer() = default;

Result<std::unique_ptr<TokenServer>> TokenServer::start(asio::any_io_executor executor,
                                                        std::shared_ptr<TokenBook> book,
                                                        const TimeSource& time,
                                                        std::vector<std::string> hostnames) {
  hostnames.push_back(book->config().listen.host);
  net::ServerOptions options;
  options.screen = control_screen(std::move(hostnames));
  options.host = book->config().listen.host;
  options.port = book->config().listen.port;
  options.body_limit_bytes = token_body_limit_bytes;
  net::Handler handler = [book, &time](net::ServerRequest request, net::ResponseWriter& writer) {
    return answer(book, time, std::move(request), writer);
  };
  auto server = net::Server::listen(std::move(executor), std::move(options), std::move(handler));
  if (!server) return fail(server.error().in("token server " + book->config().name));
  return std::unique_ptr<TokenServer>(new TokenServer(std::move(book), std::move(*server)));
}

std::string TokenServer::token_url() const { return server_->url() + book_->config().path; }

asio::awaitable<void> TokenServer::drain(std::chrono::milliseconds grace) {
  co_await server_->drain(grace);
}

}  // namespace mread::mockstore
