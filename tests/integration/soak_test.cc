// A minute of reads while every backend in turn is killed, paused, slowed and restored: `mread
// serve` and six mock stores as processes, three groups of two replicas. In addition, clients and a
// seventh backend do what no honest one does. Nothing that a healthy replica held may be lost, and
// nothing may leak. What it has seen is printed. MREAD_PROGRAM is the program's path.

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temporary_folder.h"
#include "integration/attacks/mischief.h"
#include "integration/program.h"
#include "merger/answers.h"
#include "net/client.h"
#include "net/loop.h"
#include "net/task_group.h"
#include "wire/request/read_request.h"

namespace mread {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int groups = 3;
constexpr int series_of_a_group = 100;
constexpr auto between_reads = 50ms;
constexpr size_t at_least = 1200;  // Reads: a minute.
constexpr size_t step = 45;        // Reads for which a disturbance lasts.
constexpr size_t long_step = 90;   // Longer than remote_timeout: the circuit opens.
constexpr int64_t start_ms =
    1'767'225'600'000;  // 2026-01-01, where the stores' data begins: an hour of it.
constexpr int64_t hour_ms = 3'600'000;

std::string program() {
  const char* path = std::getenv("MREAD_PROGRAM");
  return path != nullptr ? path : "mread";
}

/// A mock store in a process of its own, which keeps its address when it is started again. The
/// address is one that no client gets its own port on, so the port is still free then.
class Backend {
 public:
  Backend(const TemporaryFolder& folder, int group, int replica)
      : group_(group), replica_(replica) {
    file_ = (folder.path() / (name() + ".yml")).string();
    start();
  }

  std::string name() const { return fmt::format("g{}-{}", group_, replica_); }
  std::string url() const { return fmt::format("http://{}:{}/api/v1/read", host(), port_); }

  void start() {
    std::ofstream(file_) << fmt::format(
        "stores:\n  {}:\n    listen: {}:{}\n    interval: 15s\n    start_timestamp: "
        "2026-01-01T00:00:00Z\n"
        "    input_series: [{{series: 'm{{group=\"{}\"}}', values: '0+1x240', repeat: {{n: "
        "{}}}}}]\n",
        name(), host(), port_, group_, series_of_a_group);
    program_ =
        std::make_unique<Program>(std::vector<std::string>{program(), "mock", "--config", file_});
    ASSERT_TRUE(program_->wait_for("\nready")) << program_->output();
    const std::string& output = program_->output();
    const std::string before = fmt::format("listening on http://{}:", host());
    port_ = std::stoi(output.substr(output.find(before) + before.size()));
  }
  void kill() {
    program_->signal(SIGKILL);
    program_->wait();
  }
  void pause(bool on) const { program_->signal(on ? SIGSTOP : SIGCONT); }
  void set_faults(const std::string& faults) const {
    net::ClientRequest request;
    request.url = *net::Url::parse(fmt::format("http://{}:{}/-/faults", host(), port_));
    request.method = "PUT";
    request.body = faults;
    const auto reply = net::fetch(std::move(request));
    ASSERT_TRUE(reply) << reply.error().to_string();
    ASSERT_EQ(reply->head.status, 200) << reply->body;
  }

 private:
  std::string host() const { return fmt::format("127.0.{}.{}", 50 + group_, 1 + replica_); }

  int group_;
  int replica_;
  int port_ = 0;
  std::string file_;
  std::unique_ptr<Program> program_;
};

/// What came of all reads. Safe to use from several threads.
struct Tally {
  std::mutex mutex;
  std::condition_variable changed;
  size_t sent = 0;
  size_t answers = 0;
  size_t partial = 0;
  size_t wrong = 0;
  std::map<std::string, size_t> failures;

  void wait_for_reads(size_t more) {
    std::unique_lock lock(mutex);
    const size_t until = sent + more;
    changed.wait(lock, [&] { return sent >= until; });
  }
};

std::string read_body(int64_t later_ms) {
  model::ReadRequest read;
  model::Query query;
  query.start_ms = start_ms;
  query.end_ms = start_ms + hour_ms + later_ms;
  query.matchers.push_back(model::Matcher::equal("__name__", "m"));
  read.queries.push_back(std::move(query));
  read.accepted_response_types.push_back(model::ResponseType::streamed_xor_chunks);
  return wire::encode_read_request(read);
}

net::ClientRequest read_request(const std::string& url, int64_t later_ms) {
  net::ClientRequest request;
  request.url = *net::Url::parse(url + "/api/v1/read");
  request.method = "POST";
  request.body = read_body(later_ms);
  return request;
}

asio::awaitable<void> read_once(net::Client& client, net::ClientRequest request,
                                const std::string& want, Tally& tally) {
  auto stream = co_await client.open(std::move(request));
  std::string failure;
  std::string body;
  bool partial = false;
  if (!stream) {
    failure = stream.error().to_string();
  } else {
    auto got = co_await net::read_all(**stream, 1ULL << 30);
    if (!got) {
      failure = "broken: " + got.error().to_string();
    } else {
      body = std::move(*got);
      partial = (*stream)->head().headers.contains("X-Mread-Partial");
      const int status = (*stream)->head().status;
      if (status != 200) failure = fmt::format("{}: {}", status, body);
    }
  }
  const std::lock_guard lock(tally.mutex);
  if (!failure.empty()) {
    ++tally.failures[failure];
  } else {
    ++tally.answers;
    if (partial) ++tally.partial;
    if (body != want) ++tally.wrong;
  }
}

// Open loop: each read begins at its own time, whatever became of those before.
asio::awaitable<void> load(net::Client& client, std::string url, const std::string& want,
                           Tally& tally, const std::atomic<bool>& stop) {
  const auto strand = co_await asio::this_coro::executor;
  net::TaskGroup reads(strand);
  asio::steady_timer timer(strand);
  const auto begun = Clock::now();
  for (size_t i = 0; !stop || i < at_least; ++i) {
    timer.expires_at(begun + i * between_reads);
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    // The end of the range tells the reads apart; every fifth is that of the one before, so that
    // some share an answer.
    const size_t told = i % 5 == 0 ? i - std::min<size_t>(i, 1) : i;
    auto request = read_request(url, static_cast<int64_t>(told));
    reads.spawn(read_once(client, std::move(request), want, tally));
    {
      const std::lock_guard lock(tally.mutex);
      ++tally.sent;
    }
    tally.changed.notify_all();
  }
  co_await reads.join();
}

size_t resident_bytes(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/statm", pid));
  size_t total = 0;
  size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

size_t descriptors(pid_t pid) {
  const fs::directory_iterator entries(fmt::format("/proc/{}/fd", pid));
  return static_cast<size_t>(std::distance(fs::begin(entries), fs::end(entries)));
}

class SoakTest : public testing::Test {
 protected:
  SoakTest() {
    std::string config = "remote_read:\n";
    for (int replica = 0; replica < 2; ++replica) {
      for (int group = 0; group < groups; ++group) {
        backends_.push_back(std::make_unique<Backend>(folder_, group, replica));
        config += fmt::format("  - {{name: {}, url: \"{}\", remote_timeout: 3s}}\n",
                              backends_.back()->name(), backends_.back()->url());
      }
    }
    // Only the mischief's own reads carry the matcher.
    config += fmt::format(
        "  - {{name: evil, url: \"{}\", remote_timeout: 3s, required_matchers: {{evil: yes}}}}\n",
        mischief_.backend_url());
    config +=
        "groups:\n"
        "  - {name: g0, members: [g0-0, g0-1], wait: all}\n"
        "  - {name: g1, members: [g1-0, g1-1], wait: need}\n"
        "  - {name: g2, members: [g2-0, g2-1], wait: need, hedge_after: p95}\n"
        "health: {probe: 200ms, open_after: 3}\n"
        "limits: {concurrent_reads: 0}\n";
    const std::string file = folder_.write("mread.yml", config);
    serve_ = std::make_unique<Program>(std::vector<std::string>{
        program(), "serve", "--config", file, "--listen", "127.0.0.1:0", "--log-level", "error"});
    const std::string before = "listening on ";
    EXPECT_TRUE(serve_->wait_for(before)) << serve_->output();
    EXPECT_TRUE(serve_->wait_for("\n"));
    const std::string& output = serve_->output();
    const size_t at = output.find(before) + before.size();
    url_ = output.substr(at, output.find('\n', at) - at);
  }

  std::string read_alone() {
    const auto reply = net::fetch(read_request(url_, 0));
    if (!reply) return reply.error().to_string();
    return reply->head.status == 200 ? reply->body
                                     : fmt::format("{}: {}", reply->head.status, reply->body);
  }

  /// Waits until every circuit is closed: until then the next disturbance would be a second one.
  void wait_until_whole() {
    for (size_t closed = 0; closed < backends_.size();) {
      net::ClientRequest request;
      request.url = *net::Url::parse(url_ + "/metrics");
      const auto reply = net::fetch(std::move(request));
      ASSERT_TRUE(reply) << reply.error().to_string();
      closed = 0;
      for (const auto& backend : backends_) {
        const std::string name = backend->name();
        const std::string line =
            fmt::format("mread_backend_circuit{{backend=\"{}\",group=\"{}\",state=\"closed\"}} 1\n",
                        name, name.substr(0, 2));
        if (reply->body.find(line) != std::string::npos) ++closed;
      }
      tally_.wait_for_reads(1);
    }
  }

  void disturb(Backend& backend) {
    backend.kill();
    tally_.wait_for_reads(step);
    backend.start();
    wait_until_whole();
    backend.pause(true);
    tally_.wait_for_reads(long_step);
    backend.pause(false);
    wait_until_whole();
    backend.set_faults("[{latency: 1s}]");
    tally_.wait_for_reads(step);
    backend.set_faults("[]");
    tally_.wait_for_reads(step);
    wait_until_whole();
  }

  TemporaryFolder folder_;
  std::vector<std::unique_ptr<Backend>> backends_;
  attacks::Mischief mischief_;
  std::unique_ptr<Program> serve_;
  std::string url_;
  Tally tally_;
};

TEST_F(SoakTest, NothingThatAHealthyReplicaHeldIsLostAndNothingLeaks) {
  const std::string want = read_alone();
  ASSERT_EQ(merger::tests::read_streamed(want).size(),
            static_cast<size_t>(groups * series_of_a_group));
  const size_t descriptors_before = descriptors(serve_->pid());
  size_t resident_before = 0;
  {
    net::Loop loop;
    net::Client client;
    std::atomic<bool> stop = false;
    auto loading = loop.start(load(client, url_, want, tally_, stop));
    mischief_.start(net::Url::parse(url_)->port, [this] { tally_.wait_for_reads(4); });
    tally_.wait_for_reads(at_least / 10);
    resident_before = resident_bytes(serve_->pid());
    for (const auto& backend : backends_) {
      disturb(*backend);
      if (HasFatalFailure()) break;
    }
    mischief_.stop();
    stop = true;
    loading.get();
  }
  // What was busy at once stays open for half a minute. One connection to each backend may stay in
  // any case, whether or not the first read had asked it.
  const size_t descriptors_expected = descriptors_before + backends_.size() + 1;
  size_t descriptors_after = 0;
  asio::io_context context;
  asio::steady_timer pause(context);
  for (const auto patience = Clock::now() + 1min; Clock::now() < patience;) {
    EXPECT_TRUE(read_alone() == want);
    descriptors_after = descriptors(serve_->pid());
    if (descriptors_after <= descriptors_expected) break;
    pause.expires_after(between_reads);
    pause.wait();
  }
  const size_t resident_after = resident_bytes(serve_->pid());

  size_t failed = 0;
  for (const auto& [failure, count] : tally_.failures) {
    failed += count;
    std::cout << fmt::format("failure, {} times: {}\n", count, failure);
  }
  std::cout << fmt::format(
      "{} reads: {} answers ({} said that a replica was left out), {} failures, {} wrong answers\n"
      "resident: {:.1f} MiB after the warm-up, {:.1f} MiB at the end; descriptors: {} before, {} "
      "after\n"
      "{} pieces of mischief\n",
      tally_.sent, tally_.answers, tally_.partial, failed, tally_.wrong,
      static_cast<double>(resident_before) / (1 << 20),
      static_cast<double>(resident_after) / (1 << 20), descriptors_before, descriptors_after,
      mischief_.done());
  EXPECT_GT(mischief_.done(), 50u);
  EXPECT_EQ(failed, 0u);
  EXPECT_EQ(tally_.wrong, 0u);
  EXPECT_EQ(tally_.answers, tally_.sent);
  EXPECT_GT(tally_.partial, 0u) << "the disturbances have disturbed nothing";
  EXPECT_LE(descriptors_after, descriptors_expected);
  // Reads that pile up behind a paused backend take memory that the allocator keeps: some 20 MiB.
  EXPECT_LT(resident_after, resident_before + (48U << 20));
  serve_->signal(SIGTERM);
  EXPECT_EQ(serve_->wait(), 0) << serve_->output();
}

}  // namespace
}  // namespace mread
