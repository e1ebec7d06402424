// The engines with real Prometheus of every generation. Built once per engine: MREAD_TEST_ENGINE is
// "process" or "docker".

#include "scenarios/engine/engine.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <arpa/inet.h>
#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/temporary_folder.h"
#include "base/timestamp.h"
#include "net/client.h"
#include "scenarios/engine/docker_client.h"
#include "wire/request/remote_write.h"

namespace mread::scenarios {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

const bool with_docker = std::string(MREAD_TEST_ENGINE) == "docker";

fs::path cache_dir() {
  const char* cache = std::getenv("MREAD_CACHE");
  return cache != nullptr ? fs::path(cache) : fs::path(std::getenv("HOME")) / ".cache/mread";
}

/// The unpacked Prometheus of a generation ("2.42"); ci/setup puts it there.
fs::path prometheus_of(const std::string& generation) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(cache_dir() / "prometheus", ignored)) {
    if (entry.path().filename().string().starts_with(generation + "."))
      return entry.path() / "prometheus";
  }
  ADD_FAILURE() << "Prometheus " << generation << " is not in " << cache_dir() << "; run ci/setup";
  return {};
}

Result<std::unique_ptr<Engine>> make_engine(EngineOptions options) {
  return with_docker ? make_docker_engine(std::move(options))
                     : make_process_engine(std::move(options));
}

NodeSpec prometheus(const std::string& name, const std::string& generation,
                    const std::string& config = "") {
  NodeSpec spec;
  spec.name = name;
  spec.kind = "prometheus";
  spec.program = prometheus_of(generation);
  spec.image_name = "mread/prometheus:" + spec.program.parent_path().filename().string();
  spec.args = {"--config.file={{dir}}/prometheus.yml", "--storage.tsdb.path={{dir}}/data",
               "--web.listen-address={{listen:9090}}", "--web.enable-remote-write-receiver"};
  spec.files = {{"prometheus.yml", config}};
  spec.ports = {9090};
  return spec;
}

/// All processes that have `text` in their command line.
std::vector<pid_t> processes_with(const std::string& text) {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string pid = entry.path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos || pid == std::to_string(getpid()))
      continue;
    std::ifstream file(entry.path() / "cmdline");
    const std::string line{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (line.find(text) != std::string::npos) found.push_back(std::stoi(pid));
  }
  return found;
}

/// Waits until they are gone: the kernel ends the children of a process that was killed after it,
/// not with it. What is still there after ten seconds is returned.
std::vector<pid_t> processes_staying_with(const std::string& text) {
  const auto give_up = std::chrono::steady_clock::now() + seconds(10);
  std::vector<pid_t> found = processes_with(text);
  while (!found.empty() && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::yield();
    found = processes_with(text);
  }
  return found;
}

class EngineTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = make_engine(options());
    ASSERT_TRUE(made) << made.error().context;
    engine = std::move(*made);
  }

  void TearDown() override {
    topology.reset();
    expect_nothing_left();
  }

  EngineOptions options() const { return {.cache_dir = cache_dir(), .work_dir = work.path()}; }

  void create() {
    auto made = engine->create(run_id, "test");
    ASSERT_TRUE(made) << made.error().to_string();
    topology = std::move(*made);
  }

  void start(const NodeSpec& spec) {
    if (!topology) create();
    const auto started = topology->start(spec, {});
    ASSERT_TRUE(started) << started.error().to_string();
  }

  void act(const std::string& node, Act what) {
    const auto done = topology->act(node, what, {});
    ASSERT_TRUE(done) << to_string(what) << ": " << done.error().to_string();
  }

  void ready(const std::string& node) {
    const auto answered = topology->wait_ready(node, seconds(60), {});
    ASSERT_TRUE(answered) << answered.error().to_string();
  }

  Result<net::Response> ask(const std::string& node, const std::string& target,
                            milliseconds timeout = seconds(60)) {
    net::ClientRequest request;
    request.url = topology->url(node, 9090);
    request.url.target = target;
    return net::fetch(std::move(request), {.timeout = timeout});
  }

  std::string body(const std::string& node, const std::string& target) {
    const auto answer = ask(node, target);
    return answer ? answer->body : answer.error().to_string();
  }

  void write(const std::string& node, const std::string& metric, double value) {
    const model::Series series{
        {{"__name__", metric}}, {model::Sample::of(wall_clock_ms(), value)}, {}};
    net::ClientRequest request;
    request.url = topology->url(node, 9090);
    request.url.target = "/api/v1/write";
    request.method = "POST";
    request.headers.set("Content-Type", "application/x-protobuf");
    request.headers.set("Content-Encoding", "snappy");
    request.headers.set("X-Prometheus-Remote-Write-Version", "0.1.0");
    request.body = wire::encode_write_request(std::span(&series, 1));
    const auto answer = net::fetch(std::move(request));
    ASSERT_TRUE(answer) << answer.error().to_string();
    ASSERT_EQ(answer->head.status / 100, 2) << answer->body;
  }

  void expect_nothing_left() const {
    EXPECT_TRUE(fs::is_empty(work.path())) << *fs::directory_iterator(work.path());
    EXPECT_THAT(processes_staying_with(work.path()), testing::IsEmpty());
    if (!with_docker) return;
    const auto docker = DockerClient::connect();
    ASSERT_TRUE(docker) << docker.error().context;
    const std::string filters =
        "filters=" + url_encode(R"({"label":["mread.run=)" + run_id + R"("]})");
    EXPECT_EQ(docker->get_json("/containers/json?all=1&" + filters),
              boost::json::value(boost::json::array{}));
    EXPECT_EQ(docker->get_json("/networks?" + filters), boost::json::value(boost::json::array{}));
  }

  TemporaryFolder work;
  const std::string run_id =
      "enginetest-" + std::to_string(getpid()) + "-" + work.path().extension().string().substr(1);
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Topology> topology;
};

class GenerationTest : public EngineTest, public testing::WithParamInterface<const char*> {};

TEST_P(GenerationTest, LivesThroughEveryAct) {
  start(prometheus("one", GetParam()));
  EXPECT_TRUE(topology->running("one"));
  const net::Url url = topology->url("one", 9090);
  write("one", "kept", 42);
  EXPECT_THAT(body("one", "/api/v1/query?query=kept"), HasSubstr(R"("42"])"));

  // Paused: the connection is taken, and nothing ever answers.
  act("one", Act::pause);
  const auto while_paused = ask("one", "/-/ready", milliseconds(300));
  ASSERT_FALSE(while_paused);
  EXPECT_TRUE(while_paused.error().is(Errc::deadline)) << while_paused.error().to_string();
  EXPECT_TRUE(topology->running("one"));
  act("one", Act::resume);
  ready("one");

  // Killed: refused at once, and its port is where it was when it comes back, with its data.
  act("one", Act::kill);
  EXPECT_FALSE(topology->running("one"));
  const auto while_dead = ask("one", "/-/ready");
  ASSERT_FALSE(while_dead);
  EXPECT_EQ(while_dead.error().code, boost::system::errc::connection_refused)
      << while_dead.error().to_string();
  act("one", Act::start);
  ready("one");
  EXPECT_EQ(topology->url("one", 9090).to_string(), url.to_string());
  EXPECT_THAT(body("one", "/api/v1/query?query=kept"), HasSubstr(R"("42"])"));

  act("one", Act::stop);
  EXPECT_FALSE(topology->running("one"));
  EXPECT_FALSE(topology->act("one", Act::pause, {}));
  act("one", Act::start);
  EXPECT_FALSE(topology->act("one", Act::start, {})) << "it runs already";
  ready("one");
  act("one", Act::pause);
  act("one", Act::restart);
  ready("one");
  EXPECT_THAT(body("one", "/api/v1/query?query=kept"), HasSubstr(R"("42"])"));

  // A paused node can be killed, too.
  act("one", Act::pause);
  act("one", Act::kill);
  EXPECT_FALSE(topology->running("one"));
  EXPECT_THAT(topology->log("one").value_or(""),
              HasSubstr("Server is ready to receive web requests"));
  // Every start is in it: the log goes on.
  const std::string log = topology->log("one").value_or("");
  size_t starts = 0;
  for (size_t at = log.find("ready to receive"); at != std::string::npos;
       at = log.find("ready to receive", at + 1))
    ++starts;
  EXPECT_EQ(starts, 4U);
}

TEST_P(GenerationTest, NodesReachEachOtherByName) {
  start(prometheus("us-east", GetParam()));
  write("us-east", "foo", 7);
  start(prometheus(
      "query", GetParam(),
      "global: {query_log_file: '{{dir}}/query.log'}\n"
      "remote_read: [{url: 'http://{{node:us-east:9090}}/api/v1/read', read_recent: true}]"));
  EXPECT_THAT(body("query", "/api/v1/query?query=foo"), HasSubstr(R"("7"])"));
  EXPECT_THAT(topology->read_file("query", "query.log").value_or(""),
              HasSubstr(R"("query":"foo")"));
  act("us-east", Act::kill);
  // The first question may go out on a connection from before (EOF, broken pipe); that one is used
  // up then.
  EXPECT_THAT(body("query", "/api/v1/query?query=foo"), HasSubstr("error sending request"));
  const std::string answer = body("query", "/api/v1/query?query=foo");
  EXPECT_THAT(answer, HasSubstr("connection refused"));
  EXPECT_THAT(answer, HasSubstr(R"("status":"success")"));
}

INSTANTIATE_TEST_SUITE_P(Prometheus, GenerationTest, testing::Values("2.42", "2.53", "3.5"),
                         [](const auto& param_info) {
                           std::string name = std::string("v") + param_info.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST_F(EngineTest, TellsWhatANodeUses) {
  start(prometheus("a", "3.5"));
  const auto before = topology->usage("a");
  ASSERT_TRUE(before);
  EXPECT_GT(before->cpu.count(), 0);
  EXPECT_GT(before->memory_bytes, 5U << 20);
  EXPECT_LT(before->memory_bytes, 2U << 30);
  // Works until the engine has counted it.
  std::optional<NodeUsage> after = before;
  for (int i = 0; after && after->cpu == before->cpu && i < 1000; ++i) {
    body("a", "/metrics");
    after = topology->usage("a");
  }
  ASSERT_TRUE(after);
  EXPECT_GT(after->cpu, before->cpu);
  act("a", Act::pause);
  EXPECT_TRUE(topology->usage("a"));
  act("a", Act::resume);
  act("a", Act::kill);
  EXPECT_FALSE(topology->usage("a"));
  EXPECT_FALSE(topology->usage("nobody"));
}

TEST_F(EngineTest, ANodeThatDiesAtOnceSaysWhy) {
  create();
  const auto started = topology->start(prometheus("bad", "3.5", "remote_read: [{uurl: x}]"), {});
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().context,
              testing::StartsWith("node bad (prometheus): ended (exit status "));
  EXPECT_THAT(started.error().context, HasSubstr("field uurl not found"));
}

TEST_F(EngineTest, AnEndThatNoActAskedForIsNoticed) {
  NodeSpec spec = prometheus("quits", "3.5");
  spec.args.emplace_back("--web.enable-lifecycle");
  start(spec);
  for (const Act what : {Act::kill, Act::start, Act::restart, Act::stop, Act::start})
    act("quits", what);
  ready("quits");
  EXPECT_FALSE(topology->unasked_end("quits")) << "acts ended it";
  net::ClientRequest request;
  request.url = topology->url("quits", 9090);
  request.url.target = "/-/quit";
  request.method = "POST";
  ASSERT_TRUE(net::fetch(std::move(request)));
  while (topology->running("quits")) std::this_thread::yield();
  const auto end = topology->unasked_end("quits");
  ASSERT_TRUE(end);
  EXPECT_EQ(end->how, "exit status 0");
  EXPECT_GT(end->lasted.count(), 0);
  // It is not forgotten when an act starts the node again.
  act("quits", Act::start);
  ready("quits");
  EXPECT_TRUE(topology->unasked_end("quits"));
  EXPECT_FALSE(topology->unasked_end("nobody"));
}

TEST_F(EngineTest, ANodeThatIsNotReadyInTimeSaysWhy) {
  create();
  NodeSpec spec = prometheus("slow", "3.5");
  spec.ready_path = "/no-such-page";
  spec.ready_timeout = milliseconds(1500);
  const auto started = topology->start(spec, {});
  ASSERT_FALSE(started);
  EXPECT_TRUE(started.error().is(Errc::deadline));
  EXPECT_THAT(started.error().context, HasSubstr("not ready within 1s500ms"));
  EXPECT_THAT(started.error().context, HasSubstr("its log ends:"));
}

TEST_F(EngineTest, AnInterruptedStartLeavesNothing) {
  create();
  NodeSpec spec = prometheus("slow", "3.5");
  spec.ready_path = "/no-such-page";
  spec.ready_timeout = seconds(600);
  std::stop_source stop;
  std::jthread stopper([&] {
    while (!topology->running("slow")) std::this_thread::yield();
    stop.request_stop();
  });
  const auto started = topology->start(spec, stop.get_token());
  ASSERT_FALSE(started);
  EXPECT_TRUE(started.error().is(Errc::canceled)) << started.error().to_string();
}

TEST_F(EngineTest, PrepareLeavesItsDataInTheNode) {
  NodeSpec spec = prometheus("aged", "3.5");
  const int64_t past_s = wall_clock_ms() / 1000 - 86'400;
  spec.files["old.om"] = "# TYPE old gauge\nold 5 " + std::to_string(past_s) + "\n# EOF\n";
  spec.prepare = {{"tsdb", "create-blocks-from", "openmetrics", "{{dir}}/old.om", "{{dir}}/data"}};
  spec.prepare_program = spec.program.parent_path() / "promtool";
  start(spec);
  EXPECT_THAT(body("aged", "/api/v1/query?query=old&time=" + std::to_string(past_s + 1)),
              HasSubstr(R"("5"])"));
}

TEST_F(EngineTest, NodesStartSideBySide) {
  create();
  std::vector<std::jthread> starters;
  for (const char* name : {"a", "b", "c"}) {
    starters.emplace_back([&, name] {
      const auto started = topology->start(prometheus(name, "3.5"), {});
      EXPECT_TRUE(started) << started.error().to_string();
    });
  }
  starters.clear();
  EXPECT_TRUE(topology->running("a") && topology->running("b") && topology->running("c"));
  EXPECT_NE(topology->url("a", 9090).to_string(), topology->url("b", 9090).to_string());
}

TEST_F(EngineTest, UnknownNodesAndFilesAreErrors) {
  start(prometheus("one", "3.5"));
  for (const auto& error :
       {topology->act("two", Act::kill, {}).error(), topology->log("two").error(),
        topology->read_file("two", "x").error(), topology->read_file("one", "nothing").error()}) {
    EXPECT_TRUE(error.is(Errc::not_found)) << error.to_string();
  }
  EXPECT_TRUE(topology->read_file("one", "../x").error().is(Errc::config));
  EXPECT_TRUE(topology->start(prometheus("one", "3.5"), {}).error().is(Errc::config));
  EXPECT_FALSE(topology->running("two"));
}

/// Forks a process that makes a topology with one node and then is killed, so that nothing of its
/// own cleans up.
TEST_F(EngineTest, ASweepRemovesWhatAKilledRunLeft) {
  engine.reset();
  int pipe_fds[2];
  ASSERT_EQ(pipe(pipe_fds), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(pipe_fds[0]);
    auto own = make_engine(options());
    std::string said = own ? "" : own.error().to_string();
    if (own) {
      auto made = (*own)->create(run_id, "test");
      const auto started =
          made ? (*made)->start(prometheus("one", "3.5"), {}) : Result<void>(fail(made.error()));
      said = started ? "ready" : started.error().to_string();
      [[maybe_unused]] const ssize_t written = ::write(pipe_fds[1], said.data(), said.size());
      close(pipe_fds[1]);
      pause();
    }
    _exit(1);
  }
  close(pipe_fds[1]);
  std::string said;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(pipe_fds[0], buffer, sizeof buffer)) > 0;)
    said.append(buffer, static_cast<size_t>(got));
  close(pipe_fds[0]);
  ASSERT_EQ(said, "ready");

  engine = std::move(*make_engine(options()));
  EXPECT_THAT(engine->sweep(), testing::Not(testing::Contains(HasSubstr(run_id))))
      << "its owner is alive";
  ASSERT_EQ(kill(child, SIGKILL), 0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  const auto removed = engine->sweep();
  if (with_docker) {
    EXPECT_THAT(removed, testing::Contains("container mread-" + run_id + "-test-one"));
    EXPECT_THAT(removed, testing::Contains("network mread-" + run_id + "-test"));
  } else {
    EXPECT_THAT(removed,
                testing::Contains(HasSubstr("folder " + fs::canonical(work.path()).string())));
  }
  expect_nothing_left();
  EXPECT_THAT(engine->sweep(), testing::Not(testing::Contains(HasSubstr(run_id))));
}

// ---- what one engine alone does ----

TEST_F(EngineTest, ANetworkCut) {
  if (!with_docker) {
    EXPECT_EQ(engine->cannot(Act::disconnect), "a network cut needs --engine docker");
    start(prometheus("one", "3.5"));
    EXPECT_TRUE(topology->act("one", Act::disconnect, {}).error().is(Errc::unsupported));
    return;
  }
  EXPECT_EQ(engine->cannot(Act::disconnect), "");
  start(prometheus("one", "3.5"));
  start(prometheus("query", "3.5",
                   "remote_read: [{url: 'http://{{node:one:9090}}/api/v1/read', read_recent: true, "
                   "remote_timeout: 1s}]"));
  write("one", "foo", 7);
  const std::string url = topology->url("one", 9090).to_string();
  EXPECT_THAT(body("query", "/api/v1/query?query=foo"), HasSubstr(R"("7"])"));
  act("one", Act::disconnect);
  EXPECT_TRUE(topology->running("one")) << "the program does not notice";
  EXPECT_FALSE(ask("one", "/-/ready", milliseconds(500)));
  // Packets vanish; the name is still known.
  const std::string answer = body("query", "/api/v1/query?query=foo");
  EXPECT_THAT(answer, testing::Not(HasSubstr(R"("7"])")));
  EXPECT_THAT(answer, testing::Not(HasSubstr("no such host")));
  act("one", Act::connect);
  ready("one");
  EXPECT_EQ(topology->url("one", 9090).to_string(), url);
  EXPECT_THAT(body("query", "/api/v1/query?query=foo"), HasSubstr(R"("7"])"));
}

TEST_F(EngineTest, PublishedPorts) {
  EngineOptions published = options();
  published.publish_ports = true;
  engine = std::move(*make_engine(published));
  start(prometheus("one", "3.5"));
  if (with_docker) {
    EXPECT_EQ(topology->url("one", 9090).host, "127.0.0.1");
  }
  EXPECT_THAT(body("one", "/-/ready"), HasSubstr("Ready"));
}

TEST_F(EngineTest, APortInUseIsReplaced) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  socklen_t length = sizeof address;
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(listen(fd, 1), 0);
  ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length), 0);
  const uint16_t port = ntohs(address.sin_port);
  NodeSpec spec = prometheus("one", "3.5");
  spec.ports = {port};
  std::replace(spec.args.begin(), spec.args.end(),
               std::string("--web.listen-address={{listen:9090}}"),
               "--web.listen-address={{listen:" + std::to_string(port) + "}}");
  start(spec);
  close(fd);
}

TEST(MakeEngine, NoDockerIsOneClearLine) {
  const char* before = std::getenv("DOCKER_HOST");
  const std::string kept = before == nullptr ? "" : before;
  const TemporaryFolder work;
  struct Case {
    const char* host;
    const char* want;
  };
  for (const Case& test : {Case{"unix:///no/such.sock",
                                "no Docker engine answers at unix:///no/such.sock (No such file or "
                                "directory); start dockerd, "
                                "correct DOCKER_HOST or use --engine process"},
                           Case{"tcp://127.0.0.1:1",
                                "no Docker engine answers at tcp://127.0.0.1:1 (Connection "
                                "refused); start dockerd, correct "
                                "DOCKER_HOST or use --engine process"},
                           Case{"ssh://somewhere",
                                "DOCKER_HOST \"ssh://somewhere\" cannot be used: want unix:///PATH "
                                "or tcp://HOST:PORT without TLS "
                                "(forward the socket by ssh where it is elsewhere)"}}) {
    setenv("DOCKER_HOST", test.host, 1);
    const auto engine = make_docker_engine({.work_dir = work.path()});
    ASSERT_FALSE(engine);
    EXPECT_TRUE(engine.error().is(Errc::environment));
    EXPECT_EQ(engine.error().context, test.want);
  }
  before == nullptr ? unsetenv("DOCKER_HOST") : setenv("DOCKER_HOST", kept.c_str(), 1);
}

}  // namespace
}  // namespace mread::scenarios
