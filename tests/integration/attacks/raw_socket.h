#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace mread::attacks {

/// A blocking TCP socket on loopback that sends what no HTTP library would. Every wait of a call
/// ends after 30 s.
class RawSocket {
 public:
  RawSocket() = default;
  explicit RawSocket(int descriptor);
  ~RawSocket() { close(); }
  RawSocket(RawSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  RawSocket& operator=(RawSocket&& other) noexcept;

  /// Connects from `source`, another loopback address than that of an honest client; not open()
  /// where that fails.
  static RawSocket connect(uint16_t port, const std::string& source = "127.0.0.66");
  /// The same without waiting: the connection may stand in the listener's backlog.
  static RawSocket begin_connect(uint16_t port, const std::string& source = "127.0.0.66");

  bool open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  void close();
  void reset();  ///< closes with RST
  void shut_down_sending();

  /// False where the peer has closed, or takes nothing for 30 s.
  bool send(std::string_view bytes);
  /// As much as the socket takes at once; nothing where it is full; -1 where the peer has closed.
  long send_now(std::string_view bytes);
  /// Appends what comes next to `out`; false at the peer's end, or where nothing comes for 30 s.
  bool receive(std::string& out, size_t at_most = 64U << 10);
  /// Everything up to the peer's close, at most `limit` bytes.
  std::string receive_all(size_t limit = 64U << 20);
  /// One HTTP response, head and body; what came of it where the peer closes.
  std::string receive_response(size_t limit = 256U << 20);

 private:
  int descriptor_ = -1;
  std::string left_over_;  // Behind the last response.
};

/// The status of a response's text; 0 where there is none.
int status_of(std::string_view response);
/// The body of a response's text, chunks put together.
std::string body_of(std::string_view response);
/// A request with a body as HTTP/1.1.
std::string post(std::string_view target, std::string_view body, std::string_view more_fields = {});

}  // namespace mread::attacks
