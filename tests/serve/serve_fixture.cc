#include "serve/serve_fixture.h"

#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/null_sink.h>

#include "wire/request/read_request.h"

namespace mread::serve {

using namespace std::chrono_literals;

const std::string healthy_body = frame("m{n=\"1\"}", samples(1'000, 1'000, {1, 2, 3}));
const std::string healthy_text = "m{n=\"1\"} 1@1000 2@2000 3@3000\n";

ScriptedBackend::ScriptedBackend(net::Loop& loop, net::Handler handler) : loop_(loop) {
  const auto counted = [requests = requests_, handler = std::move(handler)](
                           net::ServerRequest request, net::ResponseWriter& writer) {
    ++*requests;
    return handler(std::move(request), writer);
  };
  auto server = net::Server::listen(loop.executor(), {}, counted);
  if (!server) throw std::runtime_error(server.error().to_string());
  server_ = std::move(*server);
}

ScriptedBackend::~ScriptedBackend() { loop_.run(server_->drain(0ms)); }

net::ResponseHead streamed_head() {
  net::ResponseHead head;
  head.headers.add("Content-Type",
                   "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
  return head;
}

namespace {

asio::awaitable<void> reply_with(std::string body, net::ResponseWriter& writer) {
  auto head = streamed_head();
  co_await writer.reply(std::move(head), std::move(body));
}

asio::awaitable<void> reply_after(const std::atomic<bool>& may_go_on, std::string body,
                                  net::ResponseWriter& writer) {
  co_await wait_for(may_go_on);
  co_await reply_with(std::move(body), writer);
}

asio::awaitable<void> hang(std::shared_ptr<std::atomic<int>> gone, net::ResponseWriter& writer) {
  const auto left = co_await writer.client_gone();
  if (left) ++*gone;
  writer.abort(false);
}

asio::awaitable<Result<Answer>> exchange(net::Client& client, net::ClientRequest request) {
  auto stream = co_await client.open(std::move(request));
  if (!stream) co_return fail(stream.error());
  auto body = co_await net::read_all(**stream, 1ULL << 30);
  if (!body) co_return fail(body.error());
  co_return Answer{(*stream)->head(), std::move(*body), (*stream)->trailers()};
}

}  // namespace

net::Handler streamed(std::string body) {
  return [body = std::move(body)](net::ServerRequest, net::ResponseWriter& writer) {
    return reply_with(body, writer);
  };
}

net::Handler streamed_after(const std::atomic<bool>& may_go_on, std::string body) {
  return [&may_go_on, body = std::move(body)](net::ServerRequest, net::ResponseWriter& writer) {
    return reply_after(may_go_on, body, writer);
  };
}

asio::awaitable<void> wait_for(const std::atomic<bool>& flag) {
  asio::steady_timer turn(co_await asio::this_coro::executor);
  boost::system::error_code cancelled;
  while (!flag && !cancelled) {
    turn.expires_after(1ms);
    std::tie(cancelled) = co_await turn.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

net::Handler hanging(std::shared_ptr<std::atomic<int>> gone) {
  return [gone](net::ServerRequest, net::ResponseWriter& writer) { return hang(gone, writer); };
}

std::string many_frames(const std::string& name, int first, size_t bytes) {
  std::string out;
  std::vector<double> values(100);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i * i) * 1.25;
  const auto same = samples(1'000, 1'000, values);
  for (int n = first; out.size() < bytes; ++n) {
    out += frame(fmt::format("{}{{n=\"{:08}\"}}", name, n), same);
  }
  return out;
}

ServeTest::~ServeTest() {
  if (server_) loop_.run(server_->drain(0ms));
  if (service_) loop_.run(service_->stop());
}

void ServeTest::serve(const std::vector<std::string>& urls, const std::string& settings,
                      const std::string& timeout) {
  std::string text = "remote_read:\n";
  char name = 'a';
  for (const auto& url : urls) {
    text +=
        fmt::format("  - {{name: {}, url: \"{}\", remote_timeout: {}}}\n", name++, url, timeout);
  }
  serve_config(text + settings);
}

void ServeTest::serve_config(const std::string& text) {
  auto logger =
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  auto service = Service::create(loop_.executor(), config::Config::parse(text, "mread.yml"), logger,
                                 warnings_);
  ASSERT_TRUE(service) << service.error().to_string();
  service_ = std::move(*service);
  auto server = service_->listen(loop_.executor());
  ASSERT_TRUE(server) << server.error().to_string();
  server_ = std::move(*server);
}

net::ClientRequest ServeTest::request(const std::string& target, const std::string& method) const {
  net::ClientRequest request;
  request.url = *net::Url::parse(server_->url() + target);
  request.method = method;
  return request;
}

net::ClientRequest ServeTest::read_request(model::ResponseType type) const {
  model::ReadRequest read;
  model::Query query;
  query.end_ms = 10'000'000;
  query.matchers.push_back(model::Matcher::equal("__name__", "m"));
  read.queries.push_back(std::move(query));
  read.accepted_response_types.push_back(type);
  auto out = request("/api/v1/read", "POST");
  out.body = wire::encode_read_request(read);
  return out;
}

Result<Answer> ServeTest::get(net::ClientRequest request) {
  return loop_.run(exchange(client_, std::move(request)));
}

Result<Answer> ServeTest::read(model::ResponseType type) { return get(read_request(type)); }

std::string ServeTest::read_text(net::ClientRequest request) {
  const auto answer = get(std::move(request));
  if (!answer) return answer.error().to_string();
  return answer->head.status == 200 ? show(read_streamed(answer->body)) : answer->body;
}

std::string ServeTest::metric(const std::string& line_start) {
  const std::string text = "\n" + get(request("/metrics"))->body;
  const size_t at = text.find("\n" + line_start + " ");
  if (at == std::string::npos) return "";
  const size_t value = at + line_start.size() + 2;
  return text.substr(value, text.find('\n', value) - value);
}

void wait_until(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::yield();
}

}  // namespace mread::serve
