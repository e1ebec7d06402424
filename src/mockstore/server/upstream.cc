#include "mockstore/server/upstream.h"

#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "mockstore/steps/http_error.h"
#include "net/transport.h"

namespace mread::mockstore {
namespace {

namespace asio = boost::asio;

void remove_hop_headers(net::Headers& headers) {
  for (const char* name : {"Connection", "Keep-Alive", "Proxy-Connection", "TE", "Trailer",
                           "Transfer-Encoding", "Upgrade"})
    headers.remove(name);
}

}  // namespace

net::ResponseHead passed_on(net::ResponseHead head) {
  remove_hop_headers(head.headers);
  return head;
}

Result<std::unique_ptr<Upstream>> Upstream::create(const UpstreamConfig& config) {
  TransportSettings settings;
  settings.tls = config.tls;
  auto transport = net::Transport::create(std::move(settings));
  if (!transport) return fail(transport.error().in("upstream"));
  return std::unique_ptr<Upstream>(new Upstream(config, std::move(*transport)));
}

asio::awaitable<Result<std::unique_ptr<net::ResponseStream>>> Upstream::open(net::RequestHead head,
                                                                             std::string body) {
  net::ClientRequest request;
  request.url = config_.url;
  request.url.target += head.target;
  request.method = std::move(head.method);
  request.headers = std::move(head.headers);
  remove_hop_headers(request.headers);
  for (const char* name : {"Host", "Content-Length", "Expect"}) request.headers.remove(name);
  if (!config_.authorization.empty())
    request.origin_headers.set("Authorization", config_.authorization);
  request.body = std::move(body);
  request.transport = transport_;
  request.follow_redirects = false;
  co_return co_await client_.open(std::move(request));
}

asio::awaitable<void> Upstream::forward(net::ServerRequest request, net::ResponseWriter& writer) {
  using namespace asio::experimental::awaitable_operators;
  auto first =
      co_await (open(std::move(request.head), std::move(request.body)) || writer.client_gone());
  auto* opened = std::get_if<0>(&first);
  if (opened == nullptr) {
    writer.abort(false);
    co_return;
  }
  if (!*opened) {
    const std::string line =
        "upstream " + config_.url.authority() + ": " + opened->error().to_string() + "\n";
    net::ResponseHead head;
    set_error_headers(head, 502, line.size());
    (void)co_await writer.reply(std::move(head), line);
    co_return;
  }
  const std::unique_ptr<net::ResponseStream> stream = std::move(**opened);
  auto started = co_await writer.start(passed_on(stream->head()));
  if (started) co_await pass_body(*stream, writer);
}

asio::awaitable<void> Upstream::pass_body(net::ResponseStream& stream,
                                          net::ResponseWriter& writer) {
  using namespace asio::experimental::awaitable_operators;
  for (;;) {
    auto first = co_await (stream.read_some(upstream_piece_bytes) || writer.client_gone());
    auto* piece = std::get_if<0>(&first);
    if (piece == nullptr || !*piece) {
      writer.abort(false);
      co_return;
    }
    if ((*piece)->empty()) {
      (void)co_await writer.finish();
      co_return;
    }
    if (const auto sent = co_await writer.write(**piece); !sent) co_return;
  }
}

}  // namespace mread::mockstore
