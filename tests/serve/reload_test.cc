#include <filesystem>
#include <fstream>

#include <boost/asio/ip/host_name.hpp>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/serve_fixture.h"

namespace mread::serve {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

class ReloadTest : public ServeTest {
 protected:
  /// Serves `text` from a source that the test may change.
  void serve_text(const std::string& text) {
    text_ = text;
    serve_config(text);
    service_->set_source([this] { return config::Config::parse(text_, "mread.yml"); });
  }
  Result<Answer> reload() { return get(request("/-/reload", "POST")); }
  static std::string backend(const std::string& name, const std::string& url,
                             const std::string& more = "") {
    return "remote_read: [{name: " + name + ", url: \"" + url + "\", remote_timeout: 200ms}]\n" +
           more;
  }

  std::string text_;
};

TEST_F(ReloadTest, NewReadsUseTheNewBackends) {
  ScriptedBackend one(loop_, streamed(frame("m{n=\"1\"}", samples(1'000, 1'000, {1}))));
  ScriptedBackend two(loop_, streamed(frame("m{n=\"2\"}", samples(1'000, 1'000, {2}))));
  serve_text(backend("one", one.url()));
  EXPECT_EQ(read_text(), "m{n=\"1\"} 1@1000\n");
  text_ = backend("two", two.url());
  EXPECT_EQ(read_text(), "m{n=\"1\"} 1@1000\n");
  EXPECT_EQ(reload()->head.status, 200);
  EXPECT_EQ(read_text(), "m{n=\"2\"} 2@1000\n");
  wait_until([&] {
    return metric("mread_backend_requests_total{backend=\"one\",group=\"one\"}").empty();
  });
  EXPECT_THAT(get(request("/metrics"))->body, Not(HasSubstr("backend=\"one\"")))
      << "they go with the backend";
  EXPECT_EQ(metric("mread_backend_requests_total{backend=\"two\",group=\"two\"}"), "1");
  EXPECT_EQ(metric("mread_config_last_reload_successful"), "1");
}

TEST_F(ReloadTest, TheStatusPageShowsARefusedReloadUntilOneIsTaken) {
  serve_text(backend("one", "http://127.0.0.1:1/"));
  EXPECT_THAT(get(request("/"))->body, Not(HasSubstr("is refused")));
  text_ = "nonsense: 1\n";
  EXPECT_EQ(reload()->head.status, 400);
  EXPECT_THAT(get(request("/"))->body, HasSubstr("the newest configuration is refused"));
  text_ = backend("two", "http://127.0.0.1:1/");
  EXPECT_EQ(reload()->head.status, 200);
  EXPECT_THAT(get(request("/"))->body, Not(HasSubstr("is refused")));
}

class PageRequest : public ReloadTest,
                    public testing::WithParamInterface<std::pair<const char*, const char*>> {};

// Requests that a browser would send for a web page elsewhere.
TEST_P(PageRequest, ReloadsNothing) {
  serve_text(backend("one", "http://127.0.0.1:1/"));
  text_ = "broken";  // A reload would show.
  auto page = request("/-/reload", "POST");
  page.headers.set(GetParam().first, GetParam().second);
  const auto answer = get(page);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->head.status, 403) << answer->body;
  EXPECT_EQ(metric("mread_config_last_reload_successful"), "1");
  EXPECT_EQ(reload()->head.status, 400) << "by a program it does";
}

INSTANTIATE_TEST_SUITE_P(Headers, PageRequest,
                         testing::Values(std::pair("Origin", "http://evil.example"),
                                         std::pair("Origin", "null"),
                                         std::pair("Sec-Fetch-Site", "cross-site"),
                                         std::pair("Host", "evil.example:9095")));

TEST_F(ReloadTest, PagesElsewhereSendNoReadsAndScrapersComeByAnyName) {
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  serve_text(backend("one", healthy.url()));
  auto page = read_request(model::ResponseType::streamed_xor_chunks);
  page.headers.set("Origin", "http://evil.example");
  EXPECT_EQ(get(page)->head.status, 403);
  auto read = read_request(model::ResponseType::streamed_xor_chunks);
  read.headers.set("Host", "mread.monitoring.svc:9095");
  EXPECT_EQ(read_text(read), healthy_text);
  for (const char* path : {"/", "/metrics", "/-/healthy"}) {
    auto scrape = request(path);
    scrape.headers.set("Host", "mread.monitoring.svc:9095");
    EXPECT_EQ(get(scrape)->head.status, 200) << path;
  }
}

// A page whose own name leads here for a moment sends requests of one origin.
TEST_F(ReloadTest, BrowsersComeByKnownNamesOnly) {
  ScriptedBackend healthy(loop_, streamed(healthy_body));
  serve_text(backend("one", healthy.url()));
  const auto answer = [this](net::ClientRequest out, const std::string& host) {
    out.headers.set("Host", host);
    out.headers.set("Accept-Language", "en");
    return get(std::move(out)).value();
  };
  boost::system::error_code code;
  const std::string own = asio::ip::host_name(code);
  for (const char* path : {"/", "/metrics", "/-/healthy", "/-/ready"}) {
    const auto refused = answer(request(path), "evil.example:9095");
    EXPECT_EQ(refused.head.status, 403) << path;
    EXPECT_THAT(refused.body, HasSubstr("add its name to web.hostnames")) << path;
    for (const std::string& host : {std::string("127.0.0.1:9095"), std::string("localhost"), own})
      EXPECT_EQ(answer(request(path), host).head.status, 200) << path << " " << host;
  }
  const auto read = read_request(model::ResponseType::streamed_xor_chunks);
  EXPECT_EQ(answer(read, "evil.example").head.status, 403);
  EXPECT_EQ(answer(request("/-/reload", "POST"), "evil.example").head.status, 403);
}

TEST_F(ReloadTest, WithHostnamesEveryPathIsAskedForByOneOfThem) {
  serve_text(backend("one", "http://127.0.0.1:1/", "web: {hostnames: [mread.monitoring.svc]}\n"));
  const auto status = [this](const char* path, const char* method, const char* host) {
    auto out = request(path, method);
    out.headers.set("Host", host);
    return get(out)->head.status;
  };
  for (const char* path : {"/", "/metrics", "/-/ready"}) {
    EXPECT_EQ(status(path, "GET", "mread.monitoring.svc:9095"), 200);
    EXPECT_EQ(status(path, "GET", "evil.example:9095"), 403);
    EXPECT_EQ(get(request(path))->head.status, 200) << "an address";
  }
  EXPECT_EQ(status("/api/v1/read", "POST", "evil.example"), 403);
  EXPECT_EQ(status("/-/reload", "POST", "mread.monitoring.svc"), 200);
}

TEST_F(ReloadTest, AReadUnderWayEndsWithWhatItBeganWith) {
  std::atomic<bool> may_go_on = false;
  ScriptedBackend slow(
      loop_, streamed_after(may_go_on, frame("m{n=\"slow\"}", samples(1'000, 1'000, {1}))));
  ScriptedBackend other(loop_, streamed(frame("m{n=\"2\"}", samples(1'000, 1'000, {2}))));
  serve_text("remote_read: [{name: slow, url: \"" + slow.url() + "\", remote_timeout: 1h}]\n");
  auto under_way = std::async(std::launch::async, [&] { return read_text(); });
  wait_until([&] { return slow.requests() == 1; });
  text_ = backend("other", other.url());
  EXPECT_EQ(reload()->head.status, 200);
  EXPECT_EQ(read_text(), "m{n=\"2\"} 2@1000\n");
  may_go_on = true;
  EXPECT_EQ(under_way.get(), "m{n=\"slow\"} 1@1000\n");
  wait_until([&] {
    return metric("mread_backend_requests_total{backend=\"slow\",group=\"slow\"}").empty();
  });
}

TEST_F(ReloadTest, ABadConfigurationIsRefusedAndTheOldOneStays) {
  ScriptedBackend one(loop_, streamed(frame("m{n=\"1\"}", samples(1'000, 1'000, {1}))));
  serve_text(backend("one", one.url()));
  for (const auto& [bad, why] : std::vector<std::pair<std::string, std::string>>{
           {backend("two", "http://127.0.0.1:1/", "partail: any\n"),
            "mread.yml:2:1: unknown key \"partail\""},
           {"remote_read: []\n", "at least one backend"},
           {backend("two", "http://127.0.0.1:1/", "query_log_file: /nowhere/q.log\n"),
            "/nowhere/q.log"}}) {
    text_ = bad;
    const auto answer = reload();
    EXPECT_EQ(answer->head.status, 400);
    EXPECT_THAT(answer->body, HasSubstr(why));
    EXPECT_EQ(metric("mread_config_last_reload_successful"), "0");
    EXPECT_EQ(read_text(), "m{n=\"1\"} 1@1000\n");
  }
  EXPECT_EQ(get(request("/-/reload"))->head.status, 405);
}

TEST_F(ReloadTest, AnOpenCircuitStaysOpen) {
  ScriptedBackend hung(loop_, hanging());
  const std::string health = "health: {probe: 1h, open_after: 1}\n";
  serve_text(backend("b", hung.url(), health));
  EXPECT_EQ(read_text(), "b: deadline 200ms\n");
  wait_until([&] {
    return metric("mread_backend_circuit{backend=\"b\",group=\"b\",state=\"open\"}") == "1";
  });
  text_ = backend("b", hung.url(), health + "partial: any\n");
  EXPECT_EQ(reload()->head.status, 200);
  EXPECT_EQ(read_text(), "b: open circuit\n");
  EXPECT_THAT(get(request("/"))->body, HasSubstr("deadline 200ms")) << "the standing stays as well";
  text_ = backend("c", hung.url(), health);
  EXPECT_EQ(reload()->head.status, 200);
  EXPECT_EQ(read_text(), "c: deadline 200ms\n") << "another backend, though at the same place";
  wait_until([&] {
    return metric("mread_backend_circuit{backend=\"b\",group=\"b\",state=\"open\"}").empty();
  });
}

TEST_F(ReloadTest, ProbingGoesOn) {
  std::atomic<int> probes = 0;
  ScriptedBackend dead(
      loop_, [&](net::ServerRequest request, net::ResponseWriter& writer) -> asio::awaitable<void> {
        if (request.head.method == "GET") ++probes;
        net::ResponseHead head;
        head.status = 503;
        std::string body;
        co_await writer.reply(std::move(head), std::move(body));
      });
  serve_text(backend("b", dead.url(), "health: {probe: 10ms, open_after: 1}\n"));
  EXPECT_EQ(read_text(), "b: HTTP 503\n");
  wait_until([&] { return probes > 0; });
  EXPECT_EQ(reload()->head.status, 200);
  const int before = probes;
  wait_until([&] { return probes > before + 2; });
}

TEST_F(ReloadTest, NoReadIsDroppedByManyReloads) {
  ScriptedBackend one(loop_, streamed(frame("m{n=\"1\"}", samples(1'000, 1'000, {1}))));
  serve_text(backend("one", one.url(), "health: {}\n"));
  std::atomic<bool> over = false;
  auto reloading = std::async(std::launch::async, [&] {
    while (!over) ASSERT_EQ(reload()->head.status, 200);
  });
  for (int i = 0; i < 200; ++i) ASSERT_EQ(read_text(), "m{n=\"1\"} 1@1000\n");
  over = true;
  reloading.get();
}

// Renamed into place, as a file that is watched should be.
void replace(const std::string& path, const std::string& text) {
  std::ofstream(path + ".new") << text;
  std::filesystem::rename(path + ".new", path);
}

TEST_F(ReloadTest, BackendsAreDiscoveredFromAFileThatIsWatched) {
  ScriptedBackend one(loop_, streamed(frame("m{n=\"1\"}", samples(1'000, 1'000, {1}))));
  ScriptedBackend two(loop_, streamed(frame("m{n=\"2\"}", samples(1'000, 1'000, {2}))));
  const auto entry = [](const std::string& name, const std::string& url) {
    return "- {name: " + name + ", url: \"" + url + "\", remote_timeout: 10s}\n";
  };
  const std::string path =
      testing::TempDir() + "mread-discovery-" + std::to_string(getpid()) + ".yml";
  replace(path, entry("one", one.url()));
  serve_text("discovery: {file: " + path + ", refresh: 5ms}\n");
  EXPECT_EQ(read_text(), "m{n=\"1\"} 1@1000\n");
  replace(path, entry("one", one.url()) + entry("two", two.url()));
  wait_until([&] { return read_text() == "m{n=\"1\"} 1@1000\nm{n=\"2\"} 2@1000\n"; });
  replace(path, "- {name: three}\n");
  wait_until([&] { return metric("mread_config_last_reload_successful") == "0"; });
  EXPECT_EQ(read_text(), "m{n=\"1\"} 1@1000\nm{n=\"2\"} 2@1000\n");
  replace(path, entry("two", two.url()));
  wait_until([&] { return read_text() == "m{n=\"2\"} 2@1000\n"; });
  EXPECT_EQ(metric("mread_config_last_reload_successful"), "1");
  loop_.run(service_->stop());
  std::filesystem::remove(path);
}

TEST_F(ReloadTest, WhateverASourceThrowsIsARefusalThatIsCountedAndNoMore) {
  ScriptedBackend one(loop_, streamed(frame("m{n=\"1\"}", samples(1'000, 1'000, {1}))));
  serve_text(backend("one", one.url()));
  const auto next = std::make_shared<std::function<void()>>();
  service_->set_source([this, next] {
    if (*next) (*next)();
    return config::Config::parse(text_, "mread.yml");
  });
  for (const auto& [thrown, why] : std::vector<std::pair<std::function<void()>, std::string>>{
           {[] { throw std::runtime_error("a surprise"); }, "a surprise"},
           {[] { throw std::bad_alloc(); }, "more memory than there is"},
           {[] { throw 1; }, "a reason that is not known"}}) {
    *next = thrown;
    const auto refused = reload();
    EXPECT_EQ(refused->head.status, 400);
    EXPECT_THAT(refused->body, HasSubstr(why));
    EXPECT_EQ(metric("mread_config_last_reload_successful"), "0");
    EXPECT_EQ(read_text(), "m{n=\"1\"} 1@1000\n");
    *next = nullptr;
    EXPECT_EQ(reload()->head.status, 200) << "the lock is free";
    EXPECT_EQ(metric("mread_config_last_reload_successful"), "1");
  }
  loop_.run(service_->stop());
}

TEST_F(ReloadTest, ReadsGoOnWhileAConfigurationIsBeingLoaded) {
  ScriptedBackend one(loop_, streamed(frame("m{n=\"1\"}", samples(1'000, 1'000, {1}))));
  serve_text(backend("one", one.url()));
  std::atomic<int> loading = 0;
  std::promise<void> may_go_on;
  const std::shared_future<void> go_on = may_go_on.get_future();
  service_->set_source([this, &loading, go_on] {
    ++loading;
    go_on.wait();
    return config::Config::parse(text_, "mread.yml");
  });
  // More than the loop has threads.
  std::vector<std::future<Result<Answer>>> reloads;
  for (int i = 0; i < 4; ++i)
    reloads.push_back(std::async(std::launch::async, [&] { return reload(); }));
  wait_until([&] { return loading == 1; });
  EXPECT_EQ(read_text(), "m{n=\"1\"} 1@1000\n");
  EXPECT_EQ(get(request("/-/healthy"))->head.status, 200);
  may_go_on.set_value();
  for (auto& each : reloads) EXPECT_EQ(each.get()->head.status, 200);
  EXPECT_EQ(loading, 4);
  loop_.run(service_->stop());
}

TEST_F(ReloadTest, DiscoveryGoesOnAfterFilesOfEveryKind) {
  ScriptedBackend one(loop_, streamed(frame("m{n=\"1\"}", samples(1'000, 1'000, {1}))));
  ScriptedBackend two(loop_, streamed(frame("m{n=\"2\"}", samples(1'000, 1'000, {2}))));
  const std::string path =
      testing::TempDir() + "mread-discovery-kinds-" + std::to_string(getpid()) + ".yml";
  const auto entry = [](const std::string& name, const std::string& url) {
    return "- {name: " + name + ", url: \"" + url + "\", remote_timeout: 10s}\n";
  };
  replace(path, entry("one", one.url()));
  serve_text("discovery: {file: " + path + ", refresh: 5ms}\n");
  const auto good_again = [&] {
    replace(path, entry("two", two.url()));
    wait_until([&] { return metric("mread_config_last_reload_successful") == "1"; });
    EXPECT_EQ(read_text(), "m{n=\"2\"} 2@1000\n");
  };
  const auto refused = [&] {
    wait_until([&] { return metric("mread_config_last_reload_successful") == "0"; });
  };
  // A comma behind a complete root: the parser never ended, and took all memory.
  replace(path, "[1],");
  refused();
  good_again();
  replace(path, std::string(200'000, '['));
  refused();
  good_again();
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  refused();
  EXPECT_EQ(get(request("/-/healthy"))->head.status, 200);
  good_again();
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  refused();
  std::filesystem::remove(path);
  good_again();
  loop_.run(service_->stop());
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace mread::serve
