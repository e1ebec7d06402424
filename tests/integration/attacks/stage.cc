#include "integration/attacks/stage.h"

#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <ostream>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include "merger/answers.h"
#include "net/certificates.h"
#include "net/client.h"
#include "net/credentials.h"
#include "net/transport.h"

namespace mread::attacks {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr uint64_t address_space_bytes = 1ULL << 30;
constexpr int descriptor_limit = 1024;

// Sanitizers take terabytes of addresses and several times the memory.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

constexpr const char* user = "grafana";
constexpr const char* password = "opensesame";
constexpr const char* password_hash =
    "$2b$10$Rtx5wRb2FfqNzkV0R1lxv.OJRVUBMXg3VQ/GKJXZwwG.ZYtfb4dIC";

const std::string& mread_program() {
  static const std::string path = [] {
    const char* given = std::getenv("MREAD_PROGRAM");
    return std::string(given != nullptr ? given : "mread");
  }();
  return path;
}

std::string field_of_status(int pid, const std::string& name) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return line.substr(name.size() + 1);
  }
  return "0";
}

void allow_many_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void PrintTo(const Attack& attack, std::ostream* out) { *out << attack.name; }

// The light reads so far. `mutex` guards all of it.
struct Stage::Light {
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<LightRead> reads;
  bool stop = false;
};

Stage::Stage(const Attack& attack)
    : keep_connection_(attack.light_keeps_connection), light_(new Light) {
  allow_many_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // The child's write then fails, as on a full disk.
  if (attack.prepare) attack.prepare(*this);
  config_text_ = fmt::format(
      "remote_read:\n  - {{name: a, url: \"{}\"}}\n  - {{name: b, url: \"{}\"{}}}\n"
      "groups:\n  - {{name: pair, members: [a, b]}}\n{}",
      a_.url(), b_.url(), attack.backend_b, attack.config);
  if (attack.with_users || attack.with_tls) config_text_ += "web:\n";
  if (attack.with_users) {
    config_text_ += fmt::format("  basic_auth_users: {{{}: \"{}\"}}\n", user, password_hash);
    authorization_ = fmt::format("Authorization: {}\r\n", net::basic_authorization(user, password));
  }
  if (attack.with_tls) {
    const CertificateAuthority authority(folder_, "attack");
    const auto server = authority.issue("server");
    ca_file_ = authority.ca_file();
    config_text_ += fmt::format("  tls_server_config: {{cert_file: {}, key_file: {}}}\n",
                                server.cert_file, server.key_file);
  }
  config_path_ = folder_.write("mread.yml", config_text_);
  start_serve(attack);
}

Stage::~Stage() {
  if (light_thread_.joinable()) end_light_reads();
}

void Stage::start_serve(const Attack& attack) {
  std::string limits = fmt::format("--nofile={} --core=0", descriptor_limit);
  if (!sanitized) limits += fmt::format(" --as={}", address_space_bytes);
  if (attack.file_bytes > 0) limits += fmt::format(" --fsize={}", attack.file_bytes);
  // The log goes to a file, so that nobody has to read a pipe in time. A test that is killed takes
  // the program along.
  const std::string command = fmt::format(
      "exec setpriv --pdeathsig KILL prlimit {} '{}' serve --config '{}' --listen 127.0.0.1:0 "
      "2>'{}'",
      limits, mread_program(), config_path_, (folder_.path() / "serve.log").string());
  serve_ = std::make_unique<Program>(std::vector<std::string>{"sh", "-c", command},
                                     folder_.path().string());
  const std::string before = "listening on ";
  if (!serve_->wait_for(before) || !serve_->wait_for("\n"))
    throw std::runtime_error("serve has not started: " + log());
  const std::string& output = serve_->output();
  const size_t at = output.find(before) + before.size();
  port_ = net::Url::parse(output.substr(at, output.find('\n', at) - at))->port;
}

int Stage::pid() const { return serve_->pid(); }

LightRead Stage::read_light(RawSocket& kept, int64_t turn) const {
  LightRead out;
  const auto begun = Clock::now();
  std::string body;
  // The end of the range tells the reads apart, so that none shares another's answer.
  const int64_t end_ms = 2'000'000 + turn;
  if (keep_connection_) {
    if (!kept.open()) kept = RawSocket::connect(port_, "127.0.0.1");
    const bool sent = kept.open() && kept.send(read_text(light_metric, end_ms, authorization_));
    const std::string response = sent ? kept.receive_response() : "";
    out.status = status_of(response);
    out.may_try_again = response.find("Retry-After:") != std::string::npos;
    body = body_of(response);
    if (out.status == 0) {
      out.failure = "no answer on the connection that was there";
      kept.close();
    }
  } else {
    net::ClientRequest request = honest_request("/api/v1/read", "POST");
    request.body = read_body(light_metric, end_ms);
    const auto reply = net::fetch(std::move(request), {30s, 64U << 20});
    if (reply) {
      out.status = reply->head.status;
      out.may_try_again = reply->head.headers.contains("Retry-After");
      body = reply->body;
    } else {
      out.failure = reply.error().to_string();
    }
  }
  out.latency = Clock::now() - begun;
  out.right = out.status == 200 && body == light_answer();
  if (out.status != 0 && !out.right)
    out.failure = fmt::format("{}: {}", out.status, body.substr(0, 300));
  return out;
}

void Stage::start_light_reads() {
  light_thread_ = std::jthread([this] {
    RawSocket kept;
    for (int64_t turn = 0;; ++turn) {
      {
        std::unique_lock lock(light_->mutex);
        if (light_->changed.wait_for(lock, 5ms, [this] { return light_->stop; })) return;
      }
      LightRead read = read_light(kept, turn);
      {
        const std::lock_guard lock(light_->mutex);
        light_->reads.push_back(std::move(read));
      }
      light_->changed.notify_all();
    }
  });
}

size_t Stage::light_reads() const {
  const std::lock_guard lock(light_->mutex);
  return light_->reads.size();
}

void Stage::wait_for_light_reads(size_t more) {
  std::unique_lock lock(light_->mutex);
  const size_t until = light_->reads.size() + more;
  light_->changed.wait(lock, [&] { return light_->reads.size() >= until; });
}

std::vector<LightRead> Stage::end_light_reads() {
  {
    const std::lock_guard lock(light_->mutex);
    light_->stop = true;
  }
  light_->changed.notify_all();
  light_thread_.join();
  return light_->reads;
}

std::string Stage::exchange(std::string_view text) const {
  RawSocket socket = RawSocket::connect(port_);
  if (!socket.open()) return "";
  socket.send(text);  // Who refuses does not read all of it.
  return socket.receive_response();
}

net::ClientRequest Stage::honest_request(const std::string& path, const std::string& method) const {
  net::ClientRequest request;
  request.url = *net::Url::parse(
      fmt::format("{}://127.0.0.1:{}{}", ca_file_.empty() ? "http" : "https", port_, path));
  request.method = method;
  if (!authorization_.empty())
    request.headers.add("Authorization", net::basic_authorization(user, password));
  if (!ca_file_.empty()) {
    TransportSettings settings;
    settings.tls.ca_file = ca_file_;
    request.transport = *net::Transport::create(settings);
  }
  return request;
}

std::string Stage::get(const std::string& path, const std::string& method) const {
  const auto reply = net::fetch(honest_request(path, method), {30s, 1ULL << 30});
  return reply ? reply->body : reply.error().to_string();
}

std::string Stage::log() const {
  std::ifstream file(folder_.path() / "serve.log");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool Stage::wait_for_log(const std::string& text, size_t offset) const {
  return eventually([&] { return log().find(text, offset) != std::string::npos; });
}

bool Stage::alive() const {
  const std::string state = field_of_status(pid(), "State");
  return state != "0" && state.find('Z') == std::string::npos;
}

size_t Stage::peak_bytes() const {
  const size_t bytes = std::stoul(field_of_status(pid(), "VmHWM")) << 10;
  return sanitized ? bytes / 4 : bytes;
}

size_t Stage::threads() const { return std::stoul(field_of_status(pid(), "Threads")); }

size_t Stage::descriptors() const {
  std::error_code gone;
  const std::filesystem::directory_iterator entries(fmt::format("/proc/{}/fd", pid()), gone);
  if (gone) return 0;
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

size_t Stage::settled_descriptors(size_t wanted) const {
  size_t others = 0;
  eventually([&] {
    const size_t all = descriptors();
    const size_t backends = a_.connections() + b_.connections();
    others = all > backends ? all - backends : 0;
    return others <= wanted;
  });
  return others;
}

uint64_t flood(std::vector<RawSocket>& sockets, const std::string& text, std::string_view filler,
               uint64_t bytes) {
  const uint64_t each = text.size() + bytes;
  std::vector<uint64_t> taken(sockets.size(), 0);
  std::vector<pollfd> waiting(sockets.size());
  for (size_t i = 0; i < sockets.size(); ++i) waiting[i] = {sockets[i].descriptor(), POLLOUT, 0};
  uint64_t total = 0;
  const auto patience = Clock::now() + 20s;
  while (Clock::now() < patience && ::poll(waiting.data(), waiting.size(), 1000) > 0) {
    bool some = false;
    for (size_t i = 0; i < sockets.size(); ++i) {
      if (waiting[i].fd < 0 || waiting[i].revents == 0) continue;
      const uint64_t at = taken[i];
      std::string_view next = at < text.size() ? std::string_view(text).substr(at)
                                               : filler.substr((at - text.size()) % filler.size());
      next = next.substr(0, each - at);
      const long sent = sockets[i].send_now(next);
      if (sent > 0) {
        some = true;
        taken[i] += static_cast<uint64_t>(sent);
        total += static_cast<uint64_t>(sent);
      }
      if (sent < 0 || taken[i] == each) waiting[i].fd = -1;
      if (sent < 0) some = true;
    }
    if (!some) break;
  }
  return total;
}

bool eventually(const std::function<bool()>& condition, std::chrono::seconds patience) {
  const auto until = Clock::now() + patience;
  while (!condition()) {
    if (Clock::now() >= until) return false;
    ::poll(nullptr, 0, 20);
  }
  return true;
}

}  // namespace mread::attacks
