#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "merger/answers.h"
#include "net/client.h"
#include "net/loop.h"
#include "net/server.h"
#include "serve/service.h"

namespace mread::serve {

// What the tests of reads write answers with, and read them.
using merger::tests::frame;
using merger::tests::read_samples;
using merger::tests::read_streamed;
using merger::tests::samples;
using merger::tests::show;

/// A streamed answer of one series, and what it says.
extern const std::string healthy_body;
extern const std::string healthy_text;

/// A backend whose answers a test writes by hand.
class ScriptedBackend {
 public:
  ScriptedBackend(net::Loop& loop, net::Handler handler);
  ~ScriptedBackend();

  std::string url() const { return server_->url() + "/api/v1/read"; }
  uint16_t port() const { return server_->port(); }
  net::Server& server() { return *server_; }
  int requests() const { return *requests_; }

 private:
  net::Loop& loop_;
  std::shared_ptr<std::atomic<int>> requests_ = std::make_shared<std::atomic<int>>(0);
  std::unique_ptr<net::Server> server_;
};

/// Answers with a streamed body at once.
net::Handler streamed(std::string body);
/// The same once `may_go_on` is set.
net::Handler streamed_after(const std::atomic<bool>& may_go_on, std::string body);
/// Completes once `flag` is set, or the coroutine is cancelled.
asio::awaitable<void> wait_for(const std::atomic<bool>& flag);
/// Accepts the request and never answers; counts the requests whose client has gone.
net::Handler hanging(
    std::shared_ptr<std::atomic<int>> gone = std::make_shared<std::atomic<int>>(0));
/// The head of a streamed answer.
net::ResponseHead streamed_head();

/// Frames of series `NAME{n="000…"}` from `first` on, sorted, as many as fill `bytes`.
std::string many_frames(const std::string& name, int first, size_t bytes);

struct Answer {
  net::ResponseHead head;
  std::string body;
  net::Headers trailers;
};

/// `mread serve` in this process over scripted backends.
class ServeTest : public testing::Test {
 protected:
  ~ServeTest() override;

  /// `settings` is YAML behind `remote_read`, which lists `urls` as a, b, c, … with `timeout`.
  void serve(const std::vector<std::string>& urls, const std::string& settings = "",
             const std::string& timeout = "200ms");
  /// The same with a whole mread.yml.
  void serve_config(const std::string& text);
  net::ClientRequest request(const std::string& target, const std::string& method = "GET") const;
  /// A read of everything called "m".
  net::ClientRequest read_request(model::ResponseType type) const;
  Result<Answer> read(model::ResponseType type = model::ResponseType::streamed_xor_chunks);
  /// A streamed read's series as show() has them, or what it says in their place.
  std::string read_text(net::ClientRequest request);
  std::string read_text() {
    return read_text(read_request(model::ResponseType::streamed_xor_chunks));
  }
  Result<Answer> get(net::ClientRequest request);
  std::string metric(const std::string& line_start);

  net::Loop loop_;
  net::Client client_;
  Warnings::Limits warnings_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<net::Server> server_;
};

/// Waits for another thread, as long as it takes.
void wait_until(const std::function<bool()>& condition);

}  // namespace mread::serve
