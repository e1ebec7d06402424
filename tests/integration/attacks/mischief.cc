#include "integration/attacks/mischief.h"

#include <fmt/format.h>

#include "integration/attacks/requests.h"
#include "wire/snappy/snappy_block.h"

namespace mread::attacks {
namespace {

constexpr const char* host = "Host: 127.0.0.1\r\n";

std::string read_of(std::vector<model::Matcher> matchers, size_t queries, int64_t turn) {
  model::ReadRequest request;
  model::Query query;
  query.start_ms = 1'000'000;
  query.end_ms = 2'000'000 + turn;
  query.matchers = std::move(matchers);
  request.queries.assign(queries, query);
  request.accepted_response_types.push_back(model::ResponseType::streamed_xor_chunks);
  return post("/api/v1/read", read_body(request));
}

std::string evil_read(int64_t turn) {
  return read_of({model::Matcher::equal("__name__", "m"), model::Matcher::equal("evil", "yes")}, 1,
                 turn);
}

// Written by hand: our own matcher would compile it.
std::string costly_expression() {
  return post("/api/v1/read", body_with({matcher_message(2, "a", repeated("\\pL", 4700))}));
}

// Sends up to `limit` bytes of `filler`, or until the peer closes.
bool send_much(RawSocket& socket, const std::string& head, const std::string& filler,
               size_t limit) {
  bool open = socket.send(head);
  for (size_t sent = 0; open && sent < limit; sent += filler.size()) open = socket.send(filler);
  return open;
}

bool answer_badly(RawSocket& socket, size_t turn) {
  const std::string filler(64U << 10, 'x');
  switch (turn % 10) {
    case 0:
      return socket.send(answer_with(std::string(1000, '\xff')));
    case 1:
      return send_much(socket, chunked_head() + "5;a=", filler, 4U << 20) && false;
    case 2:
      return send_much(socket, "", repeated("HTTP/1.1 100 Continue\r\n\r\n", 2000), 4U << 20) &&
             false;
    case 3:
      return socket.send(answer_with(wire::compress(std::string(8U << 20, '\0')), true));
    case 4:
      return socket.send(answer_with(std::string("\xff\xff\xff\xff\x0f", 5) + "x", true));
    case 5:
      return send_much(socket, chunked_head(), chunk(std::string(5000, '\0')), 4U << 20) && false;
    case 6:
      socket.send(chunked_head() + chunk(light_answer()));
      socket.reset();
      return false;
    case 7:
      return send_much(socket, "HTTP/1.1 200 OK\r\nX: ", filler, 4U << 20) && false;
    case 8: {
      std::string wait;
      return socket.receive(wait) && false;  // Until serve hangs up.
    }
    default:
      return socket.send(
          fmt::format("HTTP/1.1 500 {}\r\nContent-Length: 0\r\n\r\n", std::string(10'000, 'r')));
  }
}

}  // namespace

Mischief::Mischief() {
  backend_.set_script([this](RawSocket& socket, const ScriptedStore::Request&) {
    return answer_badly(socket, answers_++);
  });
}

void Mischief::start(uint16_t port, std::function<void()> next_turn) {
  port_ = port;
  thread_ = std::jthread([this, next_turn = std::move(next_turn)](const std::stop_token& stop) {
    for (size_t turn = 0; !stop.stop_requested(); ++turn) {
      one_piece(turn);
      ++done_;
      next_turn();
    }
  });
}

void Mischief::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  held_.clear();
}

void Mischief::one_piece(size_t turn) {
  RawSocket socket = RawSocket::connect(port_);
  const std::string begin = fmt::format("POST /api/v1/read HTTP/1.1\r\n{}", host);
  const std::string filler(64U << 10, 'x');
  switch (turn % 12) {
    case 0:
      socket.send(begin + "X: ");
      break;
    case 1:
      send_much(socket, begin + "Content-Length: 20000000\r\n\r\n", filler, 4U << 20);
      break;
    case 2:
      send_much(socket, begin + "Transfer-Encoding: chunked\r\n\r\n5;a=", filler, 4U << 20);
      socket.reset();
      break;
    case 3:
      send_much(socket, begin + "Transfer-Encoding: chunked\r\n\r\n0\r\n",
                repeated("a: b\r\n", 10'000), 4U << 20);
      socket.reset();
      break;
    case 4:
      for (int i = 0; i < 1000; ++i)
        socket.send_now(fmt::format("GET /metrics HTTP/1.1\r\n{}\r\n", host));
      break;  // Nobody reads the answers.
    case 5:
      socket.send(
          read_of({model::Matcher::equal("__name__", "m")}, 100'000, static_cast<int64_t>(turn)));
      socket.receive_response();
      break;
    case 6:
      socket.send(costly_expression());
      socket.receive_response();
      break;
    case 7:
      socket.send(post("/api/v1/read", wire::compress(std::string(100U << 20, 'a'))));
      socket.receive_response();
      break;
    case 8:
      socket.send(begin + "Transfer-Encoding: cow\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n");
      socket.receive_response();
      break;
    case 9:
      socket.send(evil_read(static_cast<int64_t>(turn)));
      socket.reset();
      break;
    default:
      socket.send(evil_read(static_cast<int64_t>(turn)));
      socket.receive_response();
  }
  if (socket.open()) held_.push_back(std::move(socket));
  if (held_.size() > 10) held_.clear();
}

}  // namespace mread::attacks
