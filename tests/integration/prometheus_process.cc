#include "integration/prometheus_process.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mread {
namespace {

namespace fs = std::filesystem;

uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    address.sin_port = 0;
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

int patch_of(const std::string& version) {
  return std::atoi(version.substr(version.rfind('.') + 1).c_str());
}

}  // namespace

std::string prometheus_program(const std::string& generation, const std::string& program) {
  const char* cache = std::getenv("MREAD_CACHE");
  const char* home = std::getenv("HOME");
  const fs::path folder =
      (cache != nullptr ? fs::path(cache)
                        : fs::path(home != nullptr ? home : "/") / ".cache/mread");
  std::string newest;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder / "prometheus", ignored)) {
    const std::string version = entry.path().filename().string();
    if (!version.starts_with(generation + ".") || !fs::exists(entry.path() / program)) continue;
    if (newest.empty() || patch_of(version) > patch_of(newest)) newest = version;
  }
  return newest.empty() ? std::string() : (folder / "prometheus" / newest / program).string();
}

PrometheusProcess::PrometheusProcess(const std::string& generation, const std::string& config,
                                     const std::vector<std::string>& flags)
    : port_(free_port()) {
  const std::string program = prometheus_program(generation);
  if (program.empty()) {
    log_ = "Prometheus " + generation + " is not on this machine: run ci/setup";
    return;
  }
  std::vector<std::string> arguments{program,
                                     "--config.file=" + folder_.write("prometheus.yml", config),
                                     "--storage.tsdb.path=" + (folder_.path() / "data").string(),
                                     "--web.listen-address=127.0.0.1:" + std::to_string(port_),
                                     "--web.enable-remote-write-receiver",
                                     "--enable-feature=native-histograms"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; !ready_ && (got = ::read(pipe_, buffer.data(), buffer.size())) > 0;) {
    log_.append(buffer.data(), static_cast<size_t>(got));
    ready_ = log_.find("Server is ready to receive web requests") != std::string::npos;
  }
  drain_ = std::jthread([fd = pipe_] {
    std::array<char, 4096> rest{};
    while (::read(fd, rest.data(), rest.size()) > 0) {
    }
  });
}

PrometheusProcess::~PrometheusProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  if (drain_.joinable()) drain_.join();
  if (pipe_ >= 0) ::close(pipe_);
}

net::Url PrometheusProcess::url(const std::string& target) const {
  return *net::Url::parse("http://127.0.0.1:" + std::to_string(port_) + target);
}

}  // namespace mread
