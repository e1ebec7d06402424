#include "integration/attacks/raw_socket.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace mread::attacks {
namespace {

sockaddr_in loopback(const char* address, uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  inet_pton(AF_INET, address, &out.sin_addr);
  return out;
}

int socket_from(const std::string& source, int flags) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (descriptor < 0) return -1;
  // The port is picked when it connects, so thousands of sockets of one address do not run out of
  // ports.
  const int on = 1;
  setsockopt(descriptor, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on);
  const auto from = loopback(source.c_str(), 0);
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0)
    return descriptor;
  ::close(descriptor);
  return -1;
}

// How long the first response in `text` is; nothing where more has to come.
std::optional<size_t> response_size(std::string_view text) {
  const size_t head = text.find("\r\n\r\n");
  if (head == std::string_view::npos) return std::nullopt;
  std::string fields(text.substr(0, head));
  std::transform(fields.begin(), fields.end(), fields.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  size_t at = head + 4;
  const int status = status_of(text);
  if (status == 204 || status == 304 || status / 100 == 1) return at;
  if (const size_t length = fields.find("\r\ncontent-length:"); length != std::string::npos) {
    at += std::stoul(fields.substr(length + 17));
    return text.size() >= at ? std::optional(at) : std::nullopt;
  }
  if (fields.find("\r\ntransfer-encoding: chunked") == std::string::npos)
    return std::nullopt;  // Up to the close.
  while (true) {
    const size_t line = text.find("\r\n", at);
    if (line == std::string_view::npos) return std::nullopt;
    size_t size = 0;
    std::from_chars(text.data() + at, text.data() + line, size, 16);
    if (size == 0) {
      const size_t end = text.find("\r\n\r\n", at);
      return end == std::string_view::npos ? std::nullopt : std::optional(end + 4);
    }
    at = line + 2 + size + 2;
    if (at > text.size()) return std::nullopt;
  }
}

}  // namespace

RawSocket::RawSocket(int descriptor) : descriptor_(descriptor) {
  const timeval patience{30, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawSocket& RawSocket::operator=(RawSocket&& other) noexcept {
  close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  left_over_ = std::move(other.left_over_);
  return *this;
}

RawSocket RawSocket::connect(uint16_t port, const std::string& source) {
  const int descriptor = socket_from(source, 0);
  if (descriptor < 0) return {};
  RawSocket out(descriptor);
  const auto to = loopback("127.0.0.1", port);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) out.close();
  return out;
}

RawSocket RawSocket::begin_connect(uint16_t port, const std::string& source) {
  const int descriptor = socket_from(source, SOCK_NONBLOCK);
  if (descriptor < 0) return {};
  RawSocket out(descriptor);
  const auto to = loopback("127.0.0.1", port);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0 &&
      errno != EINPROGRESS) {
    out.close();
  }
  return out;
}

void RawSocket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void RawSocket::reset() {
  const linger at_once{1, 0};
  if (open()) setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

void RawSocket::shut_down_sending() { ::shutdown(descriptor_, SHUT_WR); }

bool RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

long RawSocket::send_now(std::string_view bytes) {
  const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return sent;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINPROGRESS || errno == ENOTCONN ? 0
                                                                                              : -1;
}

bool RawSocket::receive(std::string& out, size_t at_most) {
  const size_t before = out.size();
  out.resize(before + at_most);
  const ssize_t got = ::recv(descriptor_, out.data() + before, at_most, 0);
  out.resize(before + (got > 0 ? static_cast<size_t>(got) : 0));
  return got > 0;
}

std::string RawSocket::receive_all(size_t limit) {
  std::string out;
  while (out.size() < limit && receive(out)) {
  }
  return out;
}

std::string RawSocket::receive_response(size_t limit) {
  std::string out = std::exchange(left_over_, {});
  std::optional<size_t> size = response_size(out);
  while (!size && out.size() < limit && receive(out, 1U << 20)) size = response_size(out);
  if (size && *size < out.size()) {
    left_over_ = out.substr(*size);
    out.resize(*size);
  }
  return out;
}

int status_of(std::string_view response) {
  if (!response.starts_with("HTTP/1.") || response.size() < 12) return 0;
  int status = 0;
  std::from_chars(response.data() + 9, response.data() + 12, status);
  return status;
}

std::string body_of(std::string_view response) {
  const size_t head = response.find("\r\n\r\n");
  if (head == std::string_view::npos) return {};
  std::string fields(response.substr(0, head));
  std::transform(fields.begin(), fields.end(), fields.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (fields.find("\r\ntransfer-encoding: chunked") == std::string::npos)
    return std::string(response.substr(head + 4));
  std::string out;
  for (size_t at = head + 4;;) {
    const size_t line = response.find("\r\n", at);
    if (line == std::string_view::npos) return out;
    size_t size = 0;
    std::from_chars(response.data() + at, response.data() + line, size, 16);
    if (size == 0 || line + 2 + size > response.size()) return out;
    out.append(response.substr(line + 2, size));
    at = line + 2 + size + 2;
  }
}

std::string post(std::string_view target, std::string_view body, std::string_view more_fields) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n{}\r\n{}",
                     target, body.size(), more_fields, body);
}

}  // namespace mread::attacks
