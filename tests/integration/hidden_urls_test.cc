// What stands behind the ? of a URL, and before its @, is never shown: every output of every
// command, in every failure, is searched for planted secrets. MREAD_PROGRAM is the program's path.

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "integration/program.h"
#include "net/client.h"
#include "net/server.h"

namespace mread {
namespace {

using testing::HasSubstr;
using testing::Not;

// Every planted secret has this in it.
constexpr const char* secret = "hunter2";

// Repeats what it was asked, as some servers do in their errors; /loop leads to itself.
class TellTale {
 public:
  TellTale() {
    net::Handler handler = [](net::ServerRequest request, net::ResponseWriter& writer) {
      return answer(std::move(request), writer);
    };
    server_ = std::move(net::Server::listen(io_.get_executor(), {}, std::move(handler)).value());
    thread_ = std::thread([this] { io_.run(); });
  }
  ~TellTale() {
    io_.stop();
    thread_.join();
  }
  std::string authority() const { return server_->url().substr(std::string("http://").size()); }

 private:
  static net::asio::awaitable<void> answer(net::ServerRequest request,
                                           net::ResponseWriter& writer) {
    net::ResponseHead head;
    head.status = 500;
    std::string body = "Cannot POST " + request.head.target + " " +
                       std::string(request.head.headers.get("X-Key")) + " " +
                       std::string(request.head.headers.get("X-List"));
    if (request.head.target == "/good") {  // An answer without series.
      head.status = 200;
      head.headers.set("Content-Type", "application/x-protobuf");
      head.headers.set("Content-Encoding", "snappy");
      body = std::string("\x02\x04\x0a\x00", 4);
    } else if (request.head.target.starts_with("/loop")) {
      head.status = 307;
      head.headers.set("Location", "/loop?token=redirect-hunter2");
    }
    (void)co_await writer.reply(std::move(head), std::move(body));
  }

  boost::asio::io_context io_;
  std::unique_ptr<net::Server> server_;
  std::thread thread_;
};

class HiddenUrls : public testing::Test {
 protected:
  HiddenUrls() {
    setenv("HTTP_PROXY", "http://env-hunter2:env-hunter2@127.0.0.1:1/?env-hunter2", 1);
  }
  ~HiddenUrls() override { unsetenv("HTTP_PROXY"); }

  static std::vector<std::string> mread(std::vector<std::string> arguments) {
    const char* program = std::getenv("MREAD_PROGRAM");
    arguments.insert(arguments.begin(), program != nullptr ? program : "mread");
    return arguments;
  }
  std::string output_of(const std::vector<std::string>& arguments, int want_code) {
    Program program(mread(arguments), folder_.path());
    EXPECT_EQ(program.wait(), want_code) << program.output();
    return program.output();
  }
  /// Notes what was seen, and that there is no secret in it.
  static void look(const std::string& where, const std::string& text) {
    EXPECT_NE(text, "") << where;
    EXPECT_THAT(text, Not(HasSubstr(secret))) << where;
  }
  std::string text_of(const std::string& name) const {
    std::ifstream file(folder_.path() / name);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  /// Backends that fail in every way, with a secret in every place.
  std::string backends() const {
    const std::string at = tell_tale_.authority();
    return fmt::format(R"(remote_read:
  - {{name: good, url: "http://{0}/good"}}
  - {{name: echo, url: "http://{0}/echo?db=query-hunter2&p=query%26hunter2", headers: {{X-Key: header-hunter2}},
     http_headers: {{X-List: {{secrets: [list-hunter2]}}}}}}
  - {{name: user, url: "http://user-hunter2:pass-hunter2@{0}/echo?query-hunter2"}}
  - {{name: loop, url: "http://{0}/loop?query-hunter2"}}
  - {{name: refused, url: "http://127.0.0.1:1/read?token=query-hunter2"}}
  - {{name: unknown, url: "http://nowhere.invalid/read?token=query-hunter2"}}
  - {{name: tls, url: "https://{0}/read?token=query-hunter2"}}
  - {{name: proxy, url: "http://{0}/read?query-hunter2",
     proxy_url: "http://proxy-hunter2:proxy-hunter2@127.0.0.1:1/?proxy-hunter2"}}
  - {{name: tunnel, url: "https://{0}/read?query-hunter2", proxy_url: "http://proxy-hunter2:x@{0}/?proxy-hunter2",
     proxy_connect_header: {{X-Key: [connect-hunter2]}}}}
  - {{name: environment, url: "http://store.invalid/read?query-hunter2", proxy_from_environment: true}}
  - {{name: token, url: "http://{0}/read?query-hunter2", oauth2: {{client_id: me, client_secret: client-hunter2,
     token_url: "http://{0}/token?query-hunter2", endpoint_params: {{x: param-hunter2}}}}}}
  - {{name: no-token, url: "http://{0}/read?query-hunter2", oauth2: {{client_id: me, client_secret: client-hunter2,
     token_url: "http://token-hunter2:x@127.0.0.1:1/token?query-hunter2"}}}}
  - {{name: no-file, url: "http://{0}/read?query-hunter2", http_headers: {{X: {{files: [nowhere]}}}}}}
  - {{name: no-host, url: "user-hunter2@?query-hunter2"}}
  - {{name: socks, url: "http://{0}/read?query-hunter2", proxy_url: "socks5://socks-hunter2:x@p:1"}}
)",
                       at);
  }

  TemporaryFolder folder_;
  TellTale tell_tale_;
};

TEST_F(HiddenUrls, AreHiddenByServe) {
  folder_.write(
      "mread.yml",
      backends() +
          "listen: 127.0.0.1:0\npartial: any\nquery_log_file: query.log\nprune: {}\nhealth: {}\n");
  look("--check-config", output_of({"serve", "--config", "mread.yml", "--check-config"}, 0));
  Program serve(mread({"serve", "--config", "mread.yml", "--log-level", "debug"}), folder_.path());
  ASSERT_TRUE(serve.wait_for("listening on ")) << serve.output();
  ASSERT_TRUE(serve.wait_for("serves 15 backends in 15 groups")) << serve.output();
  const size_t at = serve.output().find("listening on ") + std::string("listening on ").size();
  const std::string url = serve.output().substr(at, serve.output().find('\n', at) - at);
  const std::string read = output_of({"read", url, "m"}, 0);
  look("X-Mread-Partial", read);
  const auto get = [&](const std::string& path, const std::string& method) {
    net::ClientRequest request;
    request.url = *net::Url::parse(url + path);
    request.method = method;
    const auto answer = net::fetch(std::move(request));
    return answer ? answer->body : answer.error().to_string();
  };
  look("the status page", get("/", "GET"));
  look("the metrics", get("/metrics", "GET"));
  const std::string log = text_of("query.log");
  look("the query log", log);
  // What is shown shows that every way was gone.
  for (const char* part :
       {"Cannot POST /echo?<hidden> <hidden> <hidden>", "more than 10 redirects", "refused",
        "TLS: ", "proxy 127.0.0.1:1: ", "400 Bad Request",
        "oauth2: ", "http_headers X: ", "want an http or https URL", "SOCKS is not known here"}) {
    EXPECT_THAT(log, HasSubstr(part));
  }
  for (const char* line :
       {"- {name: x, url: \"http://a/read?query-hunter2\", bogus: 1}",
        "- {name: x, url: \"http://u:pass-hunter2@a:b/x\"}",
        "- {name: x, url: \"http://u:pass/hunter2@a/x\"}",
        "- {name: echo, url: 'http://a?hunter2'}", "- {name: x, url: [\"http://a?hunter2\"]}",
        "- {name: x, url: 'http://a/%zz?hunter2'}",
        "- {name: x, url: 'http://a', http_headers: {A: {secret: [hunter2]}}}",
        "- {name: x, url: 'http://a', proxy_url: 'http://p p?hunter2'}",
        "- {name: x, url: http://a?\"hunter2: {"}) {
    folder_.write("mread.yml", backends() + "  " + line + "\nlisten: 127.0.0.1:0\n");
    const std::string refusal = get("/-/reload", "POST");
    EXPECT_THAT(refusal, HasSubstr("mread.yml:")) << line;
    look("a refused reload", refusal);
    look("a refused start", output_of({"serve", "--config", "mread.yml"}, 3));
  }
  serve.signal(SIGTERM);
  EXPECT_EQ(serve.wait(), 0);
  look("the log", serve.output());
}

TEST_F(HiddenUrls, AreHiddenByRead) {
  const std::string at = tell_tale_.authority();
  folder_.write("token", "token-hunter2\n");
  const std::pair<std::string, int> urls[] = {
      {"http://" + at + "/echo?db=x&p=query-hunter2", 1},
      {"http://" + at + "/loop?query-hunter2", 1},
      {"https://" + at + "/read?query-hunter2", 1},
      {"http://127.0.0.1:1/read?query-hunter2", 1},
      {"http://store.invalid/read?query-hunter2", 1},
      {"http://u:pass-hunter2@" + at + "/read?query-hunter2", 3},
      {"http://u:pass/hunter2@" + at + "/read", 3},
      {"http://u:hunter2@" + at + "x/read", 3},
      {at + "/read?query-hunter2", 3},
      {"ftp://hunter2@a/read?query-hunter2", 3},
      {"http://a:99999/read?query-hunter2", 3},
      {"http://[a/read?query-hunter2", 3},
      {"http://a/re ad?query-hunter2", 3}};
  for (const auto& [url, code] : urls) look(url.substr(0, 12), output_of({"read", url, "m"}, code));
  look("a proxy", output_of({"read", "http://" + at + "/read?query-hunter2", "m", "--proxy-url",
                             "http://proxy-hunter2:x@127.0.0.1:1", "--bearer-token-file", "token"},
                            1));
  look("no proxy", output_of({"read", "http://a", "m", "--proxy-url", "hunter2@p p"}, 3));
  look("a flag", output_of({"read", "http://a", "m", "--heder=Authorization=hunter2"}, 3));
}

TEST_F(HiddenUrls, AreHiddenByRun) {
  folder_.write("hidden.yml", fmt::format(R"(name: hidden
external: ["127.0.0.1"]
nodes:
  store: {{kind: mock, input_series: [{{series: up, values: '1x40'}}]}}
  core:
    kind: merger
    config:
      remote_read:
        - {{name: store, url: "http://store/api/v1/read?query-hunter2"}}
        - {{name: echo, url: "http://{}/echo?p=query-hunter2"}}
      partial: any
checks:
  - {{read: up, node: core, exp_series: 2}}
)",
                                          tell_tale_.authority()));
  look("the console",
       output_of({"run", "hidden.yml", "--engine", "process", "--report-dir", "report"}, 1));
  size_t files = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder_.path() / "report")) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path());
    look(entry.path().filename(),
         {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
    ++files;
  }
  EXPECT_GE(files, 2u);
}

}  // namespace
}  // namespace mread
