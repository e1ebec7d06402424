#include "integration/attacks/scripted_store.h"

#include <stdexcept>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "merger/answers.h"
#include "wire/request/read_request.h"

namespace mread::attacks {
namespace {

constexpr size_t most_connections = 200;
constexpr const char* streamed_type =
    "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";

bool is_light(const std::string& body) {
  if (body.size() > 4096) return false;
  const auto request = wire::decode_read_request(body, 64U << 10);
  if (!request || request->queries.size() != 1) return false;
  const auto& matchers = request->queries.front().matchers;
  return matchers.size() == 1 && matchers.front().value() == light_metric;
}

// One request; false at the end of the connection.
bool read_request(RawSocket& socket, std::string& input, ScriptedStore::Request& request) {
  size_t head = 0;
  while ((head = input.find("\r\n\r\n")) == std::string::npos) {
    if (input.size() > (1U << 20) || !socket.receive(input)) return false;
  }
  request.head = input.substr(0, head + 4);
  input.erase(0, head + 4);
  size_t length = 0;
  if (const size_t at = request.head.find("Content-Length: "); at != std::string::npos) {
    length = std::stoul(request.head.substr(at + 16));
  }
  while (input.size() < length) {
    if (!socket.receive(input)) return false;
  }
  request.body = input.substr(0, length);
  input.erase(0, length);
  return true;
}

}  // namespace

ScriptedStore::ScriptedStore() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 4096) != 0) {
    throw std::runtime_error("no listener");
  }
  socklen_t size = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  for (size_t i = 0; i < most_connections; ++i) workers_.emplace_back([this] { work(); });
}

ScriptedStore::~ScriptedStore() {
  stopped_ = true;
  ::shutdown(listener_, SHUT_RDWR);  // accept() fails from here on.
  {
    const std::lock_guard lock(mutex_);
    for (const int descriptor : open_) ::shutdown(descriptor, SHUT_RDWR);
  }
  workers_.clear();
  ::close(listener_);
}

std::string ScriptedStore::url() const {
  return fmt::format("http://127.0.0.1:{}/api/v1/read", port_);
}

void ScriptedStore::set_script(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

size_t ScriptedStore::connections() const {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

void ScriptedStore::work() {
  while (!stopped_) {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor >= 0) serve(descriptor);
  }
}

void ScriptedStore::serve(int descriptor) {
  RawSocket socket(descriptor);
  {
    const std::lock_guard lock(mutex_);
    open_.insert(descriptor);
    if (stopped_) ::shutdown(descriptor, SHUT_RDWR);
  }
  // An idle connection is kept for as long as the client likes.
  const timeval for_good{0, 0};
  setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &for_good, sizeof for_good);
  std::string input;
  Request request;
  for (bool more = true; more && read_request(socket, input, request);) {
    ++requests_;
    Script script;
    if (!is_light(request.body)) {
      const std::lock_guard lock(mutex_);
      script = script_;
    }
    if (script) ++scripted_;
    more = script ? script(socket, request) : socket.send(answer_with(light_answer()));
  }
  const std::lock_guard lock(mutex_);
  open_.erase(descriptor);
}

const std::string& light_answer() {
  static const std::string body = [] {
    std::string frames;
    for (int i = 0; i < 50; ++i) {
      frames += merger::tests::frame(
          fmt::format("{}{{n=\"{:02}\"}}", light_metric, i),
          merger::tests::samples(1'000'000, 15'000, {1.0, 2.5, 3.25, i * 1.5}));
    }
    return frames;
  }();
  return body;
}

std::string answer_with(std::string_view body, bool samples) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\n{}Content-Length: {}\r\n\r\n{}",
                     samples ? "application/x-protobuf" : streamed_type,
                     samples ? "Content-Encoding: snappy\r\n" : "", body.size(), body);
}

std::string chunked_head(std::string_view more_fields) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\n{}\r\n",
                     streamed_type, more_fields);
}

std::string chunk(std::string_view bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}

}  // namespace mread::attacks
