// Credentials on real sockets: towards backends, and towards clients.

#include "net/credentials.h"

#include <filesystem>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/temporary_folder.h"
#include "serve/serve_fixture.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string good_body = frame("m{n=\"1\"}", samples(1'000, 1'000, {1, 2, 3}));

/// A backend that wants one Authorization, and writes down what it gets.
class Guarded {
 public:
  explicit Guarded(std::string wanted) : wanted_(std::move(wanted)) {}

  net::Handler handler() {
    return
        [this](net::ServerRequest request, net::ResponseWriter& writer) -> asio::awaitable<void> {
          const std::string got(request.head.headers.get("Authorization"));
          auto head = streamed_head();
          std::string body = good_body;
          if (!accept(request.head.method + " " + got, got)) {
            head = {};
            head.status = 401;
            body = "who are you?\n";
          }
          co_await writer.reply(std::move(head), std::move(body));
        };
  }
  void want(std::string wanted) {
    const std::lock_guard lock(mutex_);
    wanted_ = std::move(wanted);
  }
  std::vector<std::string> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }

 private:
  bool accept(std::string what, const std::string& got) {
    const std::lock_guard lock(mutex_);
    seen_.push_back(std::move(what));
    return got == wanted_;
  }
  std::mutex mutex_;
  std::string wanted_;
  std::vector<std::string> seen_;
};

/// A token endpoint that hands out t1, t2, …; it can be made to wait, or to fail.
class Tokens {
 public:
  net::Handler handler() {
    return [this](net::ServerRequest request,
                  net::ResponseWriter& writer) -> asio::awaitable<void> {
      const int number = ++requests;
      while (held) {
        asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
        co_await timer.async_wait(asio::use_awaitable);
      }
      net::ResponseHead head;
      head.status = status;
      std::string body =
          status == 200 ? fmt::format(R"({{"access_token":"t{}","expires_in":3600}})", number)
                        : R"({"error":"invalid_client","error_description":"hunter2 is wrong"})";
      if (needs_body && request.body.find("client_secret=hunter2") == std::string::npos) {
        head.status = 400;
        body = R"({"error":"invalid_request"})";
      }
      co_await writer.reply(std::move(head), std::move(body));
    };
  }
  std::atomic<int> requests = 0;
  std::atomic<bool> held = false;
  std::atomic<bool> needs_body = false;
  std::atomic<int> status = 200;
};

class CredentialsTest : public ServeTest {
 protected:
  /// One backend `a` with these keys.
  void serve_with(const ScriptedBackend& backend, const std::string& keys,
                  const std::string& settings = "") {
    serve_config(
        fmt::format("remote_read:\n  - {{name: a, url: \"{}\", remote_timeout: 5s, {}}}\n{}",
                    backend.url(), keys, settings));
  }
  std::string outcome() {
    const auto answer = read();
    if (!answer) return answer.error().to_string();
    return answer->head.status == 200 ? "200"
                                      : fmt::format("{} {}", answer->head.status, answer->body);
  }
  std::string oauth2(const ScriptedBackend& tokens) {
    return fmt::format(
        "oauth2: {{client_id: me, client_secret: hunter2, token_url: "
        "\"http://127.0.0.1:{}/token\"}}",
        tokens.port());
  }

  TemporaryFolder folder_;
};

TEST_F(CredentialsTest, BasicAuth) {
  Guarded guarded(net::basic_authorization("u", "hunter2"));
  ScriptedBackend backend(loop_, guarded.handler());
  serve_with(backend, "basic_auth: {username: u, password: hunter2}");
  EXPECT_EQ(outcome(), "200");
}

TEST_F(CredentialsTest, ARefusalNamesTheBackendAndTheStatusAndNothingMore) {
  Guarded guarded(net::basic_authorization("u", "other"));
  ScriptedBackend backend(loop_, guarded.handler());
  serve_with(backend, "basic_auth: {username: u, password: hunter2}");
  EXPECT_EQ(outcome(), "503 a: HTTP 401: who are you?\n");
  EXPECT_EQ(backend.requests(), 1);
}

TEST_F(CredentialsTest, Authorization) {
  Guarded guarded("Token hunter2");
  ScriptedBackend backend(loop_, guarded.handler());
  serve_with(backend, "authorization: {type: Token, credentials: hunter2}");
  EXPECT_EQ(outcome(), "200");
}

TEST_F(CredentialsTest, APasswordFileIsReadForEachRequest) {
  Guarded guarded(net::basic_authorization("u", "old"));
  ScriptedBackend backend(loop_, guarded.handler());
  const std::string file = folder_.write("pw", "old\n");
  serve_with(backend, fmt::format("basic_auth: {{username: u, password_file: \"{}\"}}", file));
  EXPECT_EQ(outcome(), "200");
  guarded.want(net::basic_authorization("u", "new"));
  folder_.write("pw", "new\n");
  EXPECT_EQ(outcome(), "200");
}

TEST_F(CredentialsTest, AFileThatCannotBeReadFailsItsBackendOnlyAndUntilItCan) {
  Guarded guarded("Bearer hunter2");
  ScriptedBackend backend(loop_, guarded.handler());
  ScriptedBackend open(loop_, streamed(good_body));
  const std::string file = (folder_.path() / "token").string();
  serve_config(
      fmt::format("remote_read:\n  - {{name: a, url: \"{}\", bearer_token_file: \"{}\"}}\n"
                  "  - {{name: b, url: \"{}\"}}\npartial: any\n",
                  backend.url(), file, open.url()));
  const auto answer = read();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->head.status, 200);
  EXPECT_EQ(answer->head.headers.get("X-Mread-Partial"),
            "a: authorization credentials_file: " + file + ": No such file or directory");
  EXPECT_EQ(metric("mread_backend_failures_total{backend=\"a\",reason=\"credentials\"}"), "1");
  EXPECT_EQ(backend.requests(), 0);
  folder_.write("token", "hunter2");
  EXPECT_EQ(read()->head.headers.get("X-Mread-Partial"), "");
  folder_.write("token", "hunter2\nX-Injected: yes");
  EXPECT_THAT(std::string(read()->head.headers.get("X-Mread-Partial")), HasSubstr("want one line"));
}

// A backend that writes down all values of one header.
class Listing {
 public:
  net::Handler handler() {
    return
        [this](net::ServerRequest request, net::ResponseWriter& writer) -> asio::awaitable<void> {
          note(request.head.headers);
          auto head = streamed_head();
          std::string body = good_body;
          co_await writer.reply(std::move(head), std::move(body));
        };
  }
  std::vector<std::string> last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  void note(const net::Headers& headers) {
    const std::lock_guard lock(mutex_);
    last_.clear();
    for (const auto& [name, value] : headers.fields()) {
      if (name == "X-Key" || name == "Authorization") last_.push_back(value);
    }
  }
  std::mutex mutex_;
  std::vector<std::string> last_;
};

TEST_F(CredentialsTest, HttpHeadersAreSentAndTheirFilesReadAgain) {
  Listing listing;
  ScriptedBackend backend(loop_, listing.handler());
  const std::string file = folder_.write("key", " old\n");
  serve_with(
      backend,
      fmt::format(
          "headers: {{x-key: zero}}, bearer_token: t, http_headers: {{X-Key: {{values: [one, two], "
          "secrets: [three], files: [\"{}\"]}}}}",
          file));
  EXPECT_EQ(outcome(), "200");
  EXPECT_THAT(listing.last(),
              testing::UnorderedElementsAre("Bearer t", "zero", "one", "two", "three", "old"));
  folder_.write("key", "new");
  EXPECT_EQ(outcome(), "200");
  EXPECT_THAT(listing.last(), testing::Contains("new"));
  folder_.write("key", "new\nX-Injected: yes");
  EXPECT_EQ(outcome(), "503 a: http_headers X-Key: " + file + ": want one line\n");
  std::filesystem::remove(file);
  EXPECT_EQ(outcome(), "503 a: http_headers X-Key: " + file + ": No such file or directory\n");
  EXPECT_EQ(backend.requests(), 2);
}

TEST_F(CredentialsTest, HttpHeadersAreNotSentOnByARedirectToAnotherPort) {
  Listing elsewhere;
  ScriptedBackend other(loop_, elsewhere.handler());
  const std::string target = other.url();
  ScriptedBackend backend(
      loop_, [&](net::ServerRequest, net::ResponseWriter& writer) -> asio::awaitable<void> {
        net::ResponseHead head;
        head.status = 307;
        head.headers.add("Location", target);
        co_await writer.reply(std::move(head), "");
      });
  serve_with(backend, "http_headers: {X-Key: {secrets: [hunter2]}}");
  EXPECT_EQ(outcome(), "200");
  EXPECT_EQ(other.requests(), 1);
  EXPECT_THAT(elsewhere.last(), ElementsAre());
}

TEST_F(CredentialsTest, ABackendThatNoReadCanSucceedWithIsNeverAsked) {
  ScriptedBackend backend(loop_, streamed(good_body));
  serve_with(backend, "proxy_url: 'p:3128'");
  EXPECT_EQ(outcome(), "503 a: want an http or https proxy, http://HOST:PORT\n");
  EXPECT_EQ(backend.requests(), 0);
}

TEST_F(CredentialsTest, AUserInTheUrlIsSent) {
  Guarded guarded(net::basic_authorization("u", "hunter2"));
  ScriptedBackend backend(loop_, guarded.handler());
  const std::string url = backend.url();
  serve_config("remote_read: [{url: \"http://u:hunter2@" +
               url.substr(std::string("http://").size()) + "\"}]\n");
  EXPECT_EQ(outcome(), "200");
}

TEST_F(CredentialsTest, GoWithProbesAsWell) {
  Guarded guarded("");
  ScriptedBackend backend(loop_, guarded.handler());
  serve_with(backend, "bearer_token: hunter2", "health: {probe: 5ms, open_after: 1}\n");
  backend.server().set_accepting(false);
  const auto down = read();
  ASSERT_TRUE(down);
  EXPECT_EQ(down->head.status, 503);
  backend.server().set_accepting(true);
  wait_until([&] { return !guarded.seen().empty(); });
  EXPECT_EQ(guarded.seen().front(), "GET Bearer hunter2");
}

TEST_F(CredentialsTest, AreNotSentOnByARedirectToAnotherPort) {
  Guarded elsewhere("");
  ScriptedBackend other(loop_, elsewhere.handler());
  const std::string target = other.url();
  ScriptedBackend backend(
      loop_, [&](net::ServerRequest, net::ResponseWriter& writer) -> asio::awaitable<void> {
        net::ResponseHead head;
        head.status = 307;
        head.headers.add("Location", target);
        co_await writer.reply(std::move(head), "");
      });
  serve_with(backend, "basic_auth: {username: u, password: hunter2}");
  EXPECT_EQ(outcome(), "200");
  EXPECT_THAT(elsewhere.seen(), ElementsAre("POST "));
}

// Nor what the configuration adds, nor what the client says of itself: the protocol's own fields
// alone.
TEST_F(CredentialsTest, OtherHeadersAreNotSentOnEither) {
  std::promise<net::Headers> seen;
  ScriptedBackend other(
      loop_, [&](net::ServerRequest request, net::ResponseWriter& writer) -> asio::awaitable<void> {
        seen.set_value(std::move(request.head.headers));
        net::ResponseHead head;
        head.status = 204;
        co_await writer.reply(std::move(head), "");
      });
  const std::string target = other.url();
  ScriptedBackend backend(
      loop_, [&](net::ServerRequest request, net::ResponseWriter& writer) -> asio::awaitable<void> {
        EXPECT_EQ(request.head.headers.get("X-Api-Key"), "hunter2");
        EXPECT_EQ(request.head.headers.get("baggage"), "user=hunter2");
        net::ResponseHead head;
        head.status = 307;
        head.headers.add("Location", target);
        co_await writer.reply(std::move(head), "");
      });
  serve_with(backend, "headers: {X-Api-Key: hunter2}");
  auto asked = read_request(model::ResponseType::samples);
  asked.headers.add("baggage", "user=hunter2");
  asked.headers.add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  static_cast<void>(get(asked));
  const net::Headers headers = seen.get_future().get();
  for (const char* name : {"X-Api-Key", "baggage", "traceparent"})
    EXPECT_FALSE(headers.contains(name)) << name;
  EXPECT_EQ(headers.get("Content-Encoding"), "snappy");
  EXPECT_EQ(headers.get("X-Prometheus-Remote-Read-Version"), "0.1.0");
}

TEST_F(CredentialsTest, AreSentOnByARedirectWithinTheSameServer) {
  Guarded guarded("Bearer hunter2");
  const auto behind = guarded.handler();
  ScriptedBackend backend(
      loop_, [&](net::ServerRequest request, net::ResponseWriter& writer) -> asio::awaitable<void> {
        if (request.head.target == "/behind") {
          co_await behind(std::move(request), writer);
          co_return;
        }
        net::ResponseHead head;
        head.status = 308;
        head.headers.add("Location", "/behind");
        co_await writer.reply(std::move(head), "");
      });
  serve_with(backend, "bearer_token: hunter2");
  EXPECT_EQ(outcome(), "200");
}

TEST_F(CredentialsTest, OAuth2FetchesOneTokenForAllReads) {
  Tokens tokens;
  Guarded guarded("Bearer t1");
  ScriptedBackend endpoint(loop_, tokens.handler());
  ScriptedBackend backend(loop_, guarded.handler());
  // Reads that ask the same would share one fan-out, and ask for a token once in any case.
  serve_with(backend, oauth2(endpoint), "limits: {single_flight: false}\n");
  tokens.held = true;
  std::vector<std::future<std::string>> reads;
  for (int i = 0; i < 8; ++i)
    reads.push_back(std::async(std::launch::async, [this] { return outcome(); }));
  wait_until([&] {
    return tokens.requests > 0 && metric("mread_reads_in_flight{state=\"running\"}") == "8";
  });
  tokens.held = false;
  for (auto& each : reads) EXPECT_EQ(each.get(), "200");
  EXPECT_EQ(outcome(), "200");
  EXPECT_EQ(tokens.requests, 1);
}

TEST_F(CredentialsTest, OAuth2FetchesAnotherTokenOnceWhereTheBackendRefusesTheCachedOne) {
  Tokens tokens;
  Guarded guarded("Bearer t1");
  ScriptedBackend endpoint(loop_, tokens.handler());
  ScriptedBackend backend(loop_, guarded.handler());
  serve_with(backend, oauth2(endpoint));
  EXPECT_EQ(outcome(), "200");
  guarded.want("Bearer t2");
  EXPECT_EQ(outcome(), "200");
  EXPECT_EQ(tokens.requests, 2);
  EXPECT_THAT(guarded.seen(), ElementsAre("POST Bearer t1", "POST Bearer t1", "POST Bearer t2"));
  guarded.want("none at all");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(outcome(), "503 a: HTTP 401: who are you?\n");
  EXPECT_EQ(tokens.requests, 2);
}

TEST_F(CredentialsTest, OAuth2EndpointThatWantsTheClientInTheBody) {
  Tokens tokens;
  tokens.needs_body = true;
  Guarded guarded("Bearer t2");
  ScriptedBackend endpoint(loop_, tokens.handler());
  ScriptedBackend backend(loop_, guarded.handler());
  serve_with(backend, oauth2(endpoint));
  EXPECT_EQ(outcome(), "200");
  EXPECT_EQ(tokens.requests, 2);
}

TEST_F(CredentialsTest, AWrongClientSecretIsAFailureOfItsBackend) {
  Tokens tokens;
  tokens.status = 401;
  Guarded guarded("");
  ScriptedBackend endpoint(loop_, tokens.handler());
  ScriptedBackend backend(loop_, guarded.handler());
  serve_with(backend, oauth2(endpoint));
  EXPECT_EQ(outcome(), fmt::format("503 a: oauth2: 127.0.0.1:{}/token: 401 invalid_client\n",
                                   endpoint.port()));
  EXPECT_EQ(backend.requests(), 0);
}

TEST_F(CredentialsTest, ATokenEndpointThatIsNotThere) {
  ScriptedBackend backend(loop_, streamed(good_body));
  serve_with(backend, "oauth2: {client_id: me, token_url: \"http://127.0.0.1:1/token\"}");
  EXPECT_EQ(outcome(), "503 a: oauth2: 127.0.0.1:1/token: Connection refused\n");
  EXPECT_EQ(metric("mread_backend_failures_total{backend=\"a\",reason=\"unreachable\"}"), "1");
}

TEST_F(CredentialsTest, ATokenEndpointThatHangsCostsTheBackendItsDeadline) {
  ScriptedBackend endpoint(loop_, hanging());
  ScriptedBackend backend(loop_, streamed(good_body));
  serve_config(fmt::format("remote_read:\n  - {{name: a, url: \"{}\", remote_timeout: 50ms, {}}}\n",
                           backend.url(), oauth2(endpoint)));
  EXPECT_THAT(outcome(),
              testing::AnyOf("503 a: deadline 50ms\n", HasSubstr("no answer within 50ms")));
}

TEST_F(CredentialsTest, StopEndsARequestForAToken) {
  ScriptedBackend endpoint(loop_, hanging());
  ScriptedBackend backend(loop_, streamed(good_body));
  serve_config(fmt::format("remote_read:\n  - {{name: a, url: \"{}\", remote_timeout: 1h, {}}}\n",
                           backend.url(), oauth2(endpoint)));
  auto answer = std::async(std::launch::async, [this] { return outcome(); });
  wait_until([&] { return endpoint.requests() > 0; });
  loop_.run(service_->stop());
  EXPECT_THAT(answer.get(), HasSubstr("a: "));
}

// ---- towards clients

class WebAuthTest : public CredentialsTest {
 protected:
  // "opensesame", at the lowest cost.
  const std::string web_ =
      "web: {basic_auth_users: {alice: "
      "\"$2b$04$Rtx5wRb2FfqNzkV0R1lxv.3Qzm5st0dKi1WQrTDkyGTSMJirWuEfO\"}}\n";

  int status(const std::string& target, const std::string& authorization,
             const std::string& method = "GET") {
    auto asked = request(target, method);
    if (!authorization.empty()) asked.headers.add("Authorization", authorization);
    const auto answer = get(std::move(asked));
    EXPECT_TRUE(answer);
    if (!answer) return 0;
    last_ = *answer;
    return answer->head.status;
  }
  Answer last_;
};

TEST_F(WebAuthTest, EveryPathIsClosedToWhoDoesNotKnowAPassword) {
  ScriptedBackend backend(loop_, streamed(good_body));
  serve({backend.url()}, web_);
  const std::string right = net::basic_authorization("alice", "opensesame");
  for (const char* path : {"/", "/metrics", "/-/healthy", "/-/ready", "/nowhere"}) {
    EXPECT_EQ(status(path, ""), 401) << path;
    EXPECT_THAT(std::string(last_.head.headers.get("WWW-Authenticate")), HasSubstr("Basic"));
    EXPECT_EQ(last_.body, "Unauthorized\n");
    EXPECT_EQ(status(path, right), std::string(path) == "/nowhere" ? 404 : 200) << path;
  }
  for (const char* path : {"/api/v1/read", "/api/v1/read/warnings", "/-/reload"}) {
    EXPECT_EQ(status(path, "", "POST"), 401) << path;
  }
  EXPECT_EQ(read()->head.status, 401);
  EXPECT_EQ(backend.requests(), 0);
  auto asked = read_request(model::ResponseType::streamed_xor_chunks);
  asked.headers.add("Authorization", right);
  EXPECT_EQ(get(asked)->head.status, 200);
}

// The body never comes: only who does not wait for it can answer.
TEST_F(WebAuthTest, ARefusedReadIsAnsweredBeforeItsBody) {
  ScriptedBackend backend(loop_, streamed(good_body));
  serve({backend.url()}, web_);
  asio::io_context context;
  asio::ip::tcp::socket socket(context);
  socket.connect({asio::ip::address_v4::loopback(), server_->port()});
  const std::string head = fmt::format(
      "POST /api/v1/read HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: "
      "33554432\r\n\r\n",
      net::basic_authorization("alice", "sesame"));
  asio::write(socket, asio::buffer(head));
  std::string answer;
  boost::system::error_code ended;
  asio::read(socket, asio::dynamic_buffer(answer), ended);
  EXPECT_EQ(ended, asio::error::eof);
  EXPECT_THAT(answer, testing::StartsWith("HTTP/1.1 401 Unauthorized\r\n"));
  EXPECT_THAT(answer, HasSubstr("Connection: close"));
}

TEST_F(WebAuthTest, WrongOnesAreRefusedAndCounted) {
  ScriptedBackend backend(loop_, streamed(good_body));
  serve({backend.url()}, web_);
  EXPECT_EQ(status("/-/ready", net::basic_authorization("alice", "sesame")), 401);
  EXPECT_EQ(status("/-/ready", net::basic_authorization("bob", "opensesame")), 401);
  EXPECT_EQ(status("/-/ready", net::basic_authorization("", "")), 401);
  EXPECT_EQ(status("/-/ready", "Bearer opensesame"), 401);
  EXPECT_EQ(status("/-/ready", "Basic ???"), 401);
  EXPECT_EQ(status("/metrics", net::basic_authorization("alice", "opensesame")), 200);
  EXPECT_THAT(last_.body, HasSubstr("mread_requests_unauthorized_total{reason=\"wrong\"} 3"));
  EXPECT_THAT(last_.body, HasSubstr("mread_requests_unauthorized_total{reason=\"missing\"} 2"));
}

TEST_F(WebAuthTest, OnesOwnCredentialsAreNotPassedOnToBackends) {
  Guarded guarded("");
  ScriptedBackend backend(loop_, guarded.handler());
  serve({backend.url()}, web_);
  auto asked = read_request(model::ResponseType::streamed_xor_chunks);
  asked.headers.add("Authorization", net::basic_authorization("alice", "opensesame"));
  EXPECT_EQ(get(asked)->head.status, 200);
  EXPECT_THAT(guarded.seen(), ElementsAre("POST "));
}

TEST_F(WebAuthTest, AReloadChangesTheUsersAtOnce) {
  ScriptedBackend backend(loop_, streamed(good_body));
  serve({backend.url()}, web_);
  std::string text = fmt::format("remote_read: [{{url: \"{}\"}}]\n", backend.url());
  service_->set_source([&] { return config::Config::parse(text, "mread.yml"); });
  EXPECT_EQ(status("/-/reload", net::basic_authorization("alice", "opensesame"), "POST"), 200);
  EXPECT_EQ(status("/-/ready", ""), 200);
}

}  // namespace
}  // namespace mread::serve
