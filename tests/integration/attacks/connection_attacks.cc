// How a client behaves below remote read: heads, bodies, connections, TLS, users, and who may have
// a reload.

#include <algorithm>
#include <csignal>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>

#include "integration/attacks/attack.h"
#include "integration/attacks/stage.h"
#include "merger/answers.h"
#include "net/openssl_pointer.h"

namespace mread::attacks {
namespace {

using testing::AnyOf;

constexpr uint64_t mib = 1ULL << 20;

std::vector<RawSocket> connect_many(Stage& stage, size_t count, const char* source = "127.0.0.66") {
  std::vector<RawSocket> sockets;
  for (size_t i = 0; i < count; ++i) {
    sockets.push_back(RawSocket::connect(stage.port(), source));
    if (!sockets.back().open()) sockets.pop_back();
  }
  return sockets;
}

// --- bodies ---

void chunk_extension(Stage& stage) {
  auto sockets = connect_many(stage, 1);
  const std::string head =
      "POST /api/v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=";
  const uint64_t taken = flood(sockets, head, std::string(1 * mib, 'x'), 600 * mib);
  EXPECT_LT(taken, 64 * mib) << "an extension without end was read on";
}

void trailer_without_end(Stage& stage) {
  for (const std::string& line : {std::string(1 * mib, 'x'), std::string("a: b\r\n")}) {
    auto sockets = connect_many(stage, 1);
    const std::string head =
        "POST /api/v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: "
        "chunked\r\n\r\n1\r\na\r\n0\r\na: ";
    const uint64_t taken = flood(sockets, head, line, 300 * mib);
    EXPECT_LT(taken, 64 * mib) << "a trailer without end was read on";
  }
}

// Chunks of one byte, each with an extension of its own that is short enough.
void many_chunk_extensions(Stage& stage) {
  auto sockets = connect_many(stage, 2);
  const std::string head =
      "POST /api/v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string piece = "1;" + std::string(60'000, 'e') + "\r\na\r\n";
  flood(sockets, head, piece, 200 * mib);
}

std::string large_body() {
  std::string text(31 * mib, 'a');
  for (size_t i = 0; i < text.size(); ++i)
    text[i] = static_cast<char>('a' + (i * 2654435761U >> 13) % 26);
  return text;
}

// Most of a body, then nothing more.
void unfinished_bodies(Stage& stage, const std::string& target, const std::string& fields) {
  auto sockets = connect_many(stage, 80);
  const std::string head =
      fmt::format("POST {} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n{}\r\n", target,
                  32 * mib, fields);
  flood(sockets, head, large_body(), 31 * mib);
  stage.wait_for_light_reads(5);
}

// Whole bodies of warnings requests, which wait for a read.
void large_warnings(Stage& stage) {
  auto sockets = connect_many(stage, 60);
  const std::string body = body_with({matcher_message(0, "a", large_body().substr(0, 30 * mib))});
  const std::string text = post("/api/v1/read/warnings", body);
  flood(sockets, text, "x", 0);
  stage.wait_for_light_reads(5);
}

void bodies_without_credentials(Stage& stage) {
  unfinished_bodies(stage, "/api/v1/read", "");
  unfinished_bodies(stage, "/api/v1/read", "Authorization: Basic Z3JhZmFuYTp3cm9uZw==\r\n");
}

// --- heads ---

struct Odd {
  const char* what;
  std::string head;  ///< and whatever stands before what is behind
};

// What two programs in a row may understand in two ways. Behind it stands a second request, which
// nobody has sent.
void request_smuggling(Stage& stage) {
  const std::string start = "POST /api/v1/read HTTP/1.1\r\n";
  const std::string host = "Host: 127.0.0.1\r\n";
  const std::vector<Odd> table{
      {"no Host", start + "Content-Length: 0\r\n\r\n"},
      {"two Hosts", start + host + "Host: other\r\nContent-Length: 0\r\n\r\n"},
      {"two equal Hosts", start + host + host + "Content-Length: 0\r\n\r\n"},
      {"a Host with a blank", start + "Host: a b\r\nContent-Length: 0\r\n\r\n"},
      {"an unknown encoding", start + host + "Transfer-Encoding: cow\r\n\r\n0\r\n\r\n"},
      {"identity", start + host + "Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n"},
      {"gzip, chunked", start + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {"chunked, gzip", start + host + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"},
      {"chunked twice", start + host + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"},
      {"two fields chunked",
       start + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"two fields, one unknown",
       start + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n"},
      {"a length besides",
       start + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"a length behind",
       start + host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
      {"two lengths", start + host + "Content-Length: 0\r\nContent-Length: 44\r\n\r\n"},
      {"a list of lengths", start + host + "Content-Length: 0, 44\r\n\r\n"},
      {"a negative length", start + host + "Content-Length: -1\r\n\r\n"},
      {"a signed length", start + host + "Content-Length: +0\r\n\r\n"},
      {"a length that overflows", start + host + "Content-Length: 18446744073709551616\r\n\r\n"},
      {"a length in hex", start + host + "Content-Length: 0x0\r\n\r\n"},
      {"a chunk that overflows",
       start + host + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n0\r\n\r\n"},
      {"a negative chunk", start + host + "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n"},
      {"a chunk in 0x", start + host + "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n"},
      {"a chunk without its end",
       start + host + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"},
      {"a blank before the colon", start + host + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"},
      {"a folded field",
       start + host + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 0\r\n\r\n"},
      {"a vertical tab", start + host +
                             "Transfer-Encoding: \x0b"
                             "chunked\r\n\r\n0\r\n\r\n"},
      {"bare line feeds", "POST /api/v1/read HTTP/1.1\nHost: 127.0.0.1\nContent-Length: 0\n\n"},
      {"a bare carriage return",
       start + host + "X: a\rContent-Length: 5\r\nContent-Length: 0\r\n\r\n"},
      {"a NUL in a field", start + host + std::string("X: a\0b\r\nContent-Length: 0\r\n\r\n", 29)},
      {"chunks of HTTP/1.0",
       "POST /api/v1/read HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"HTTP/2.0", "POST /api/v1/read HTTP/2.0\r\nHost: a\r\nContent-Length: 0\r\n\r\n"},
      {"HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
  };
  for (const Odd& odd : table) {
    RawSocket socket = RawSocket::connect(stage.port());
    socket.send(odd.head +
                "GET /-/healthy HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    const std::string reply = socket.receive_all();
    EXPECT_EQ(reply.find("mread is healthy"), std::string::npos)
        << odd.what << ": what stands behind was answered";
    EXPECT_THAT(status_of(reply), AnyOf(400, 413, 431, 501, 505))
        << odd.what << ": " << reply.substr(0, 200);
  }
}

void large_heads(Stage& stage) {
  const std::string start = "GET /-/healthy HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += fmt::format("h{}: v\r\n", i);
  for (const std::string& head :
       {start + many + "\r\n", start + "X: " + std::string(4 * mib, 'x') + "\r\n\r\n",
        "GET /" + std::string(4 * mib, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n",
        std::string(4 * mib, 'G'), std::string(4 * mib, '\n')}) {
    const std::string reply = stage.exchange(head);
    EXPECT_THAT(status_of(reply), AnyOf(0, 400, 414, 431)) << reply.substr(0, 200);
  }
}

// Each client has begun a request, and sends a byte more at every turn.
void slow_loris(Stage& stage, const std::string& begin, const char* byte) {
  auto sockets = connect_many(stage, 400);
  for (auto& socket : sockets) socket.send(begin);
  for (int turn = 0; turn < 15; ++turn) {
    for (auto& socket : sockets) socket.send_now(byte);
    stage.wait_for_light_reads(20);
  }
}

void slow_heads(Stage& stage) {
  slow_loris(stage, "POST /api/v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", "x");
}

void slow_bodies(Stage& stage) {
  slow_loris(stage, "POST /api/v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n",
             "x");
}

// More than there may be connections (half of the descriptors), each with a body that does not
// come.
void slow_bodies_on_all_connections(Stage& stage) {
  auto sockets = connect_many(stage, 700);
  for (auto& socket : sockets) {
    socket.send("POST /api/v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n");
  }
  for (int turn = 0; turn < 5; ++turn) {
    for (auto& socket : sockets) socket.send_now("x");
    stage.wait_for_light_reads(20);
  }
}

// --- connections ---

// From one address, more than there are descriptors.
void idle_connections(Stage& stage) {
  std::vector<RawSocket> sockets;
  for (int i = 0; i < 5000; ++i) sockets.push_back(RawSocket::begin_connect(stage.port()));
  stage.wait_for_light_reads(50);
}

void idle_connections_of_many(Stage& stage) {
  std::vector<RawSocket> sockets;
  for (int i = 0; i < 5000; ++i) {
    sockets.push_back(RawSocket::begin_connect(
        stage.port(), fmt::format("127.0.{}.{}", 10 + i / 200, 1 + i % 200)));
  }
  stage.wait_for_light_reads(50);
}

void pipelined_requests(Stage& stage) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  auto sockets = connect_many(stage, 20);
  flood(sockets, text, "x", 0);  // Nobody reads the answers, 100 MB and more a connection.
  stage.wait_for_light_reads(5);
  for (auto& socket : sockets) socket.reset();
  RawSocket honest = RawSocket::connect(stage.port());
  std::string few;
  for (int i = 0; i < 1000; ++i) few += "GET /-/healthy HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  honest.send(few);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(status_of(honest.receive_response()), 200) << i;
}

// A backend hangs; behind each read that waits for it stands a megabyte that nobody has asked for.
void pipelined_behind_a_hanging_read(Stage& stage) {
  stage.b().set_script([](RawSocket& socket, const ScriptedStore::Request&) {
    std::string nothing;
    return socket.receive(nothing) && false;
  });
  auto sockets = connect_many(stage, 400);
  const std::string text = read_text("heavy");
  flood(sockets, text, std::string(64U << 10, 'x'), 2 * mib);
  stage.wait_for_light_reads(5);
  for (auto& socket : sockets) socket.reset();
}

void half_closed_clients(Stage& stage) {
  for (int i = 0; i < 1000; ++i) {
    RawSocket socket = RawSocket::connect(stage.port());
    socket.send(read_text("heavy", 2'000'000 + i));
    socket.shut_down_sending();
    if (i % 100 == 0) socket.receive_all();
  }
}

void resets(Stage& stage) {
  for (int i = 0; i < 2000; ++i) {
    RawSocket socket = RawSocket::connect(stage.port());
    const std::string text = read_text("heavy", 2'000'000 + i);
    socket.send(
        std::string_view(text).substr(0, i % 4 == 0 ? text.size() : text.size() * (i % 4) / 4));
    socket.reset();
  }
}

// 20 MB of sorted series.
std::string heavy_answer() {
  const std::vector<double> values(60, 1.25);
  std::string out;
  for (int i = 0; out.size() < 20 * mib; ++i) {
    out += merger::tests::frame(
        fmt::format("heavy{{n=\"{:08}\",text=\"{}\"}}", i, std::string(1000, 'x')),
        merger::tests::samples(1'000'000, 1'000, values));
  }
  return out;
}

// Clients of large answers that take a little at every turn: from one address, or from one each.
void slow_readers(Stage& stage, int count, bool one_address, bool distinct) {
  const std::string big = answer_with(heavy_answer());
  const auto script = [&big](RawSocket& socket, const ScriptedStore::Request&) {
    return socket.send(big);
  };
  stage.a().set_script(script);
  stage.b().set_script(script);
  std::vector<RawSocket> sockets;
  for (int i = 0; i < count; ++i) {
    const std::string from =
        one_address ? "127.0.0.66" : fmt::format("127.0.{}.{}", 20 + i / 200, 1 + i % 200);
    sockets.push_back(RawSocket::connect(stage.port(), from));
    sockets.back().send(read_text("heavy", 2'000'000 + (distinct ? i : 0)));
  }
  for (int turn = 0; turn < 8; ++turn) {
    std::string taken;
    for (auto& socket : sockets) {
      pollfd ready{socket.descriptor(), POLLIN, 0};
      if (::poll(&ready, 1, 0) > 0) socket.receive(taken, 1);
    }
    stage.wait_for_light_reads(3);
  }
  for (auto& socket : sockets) socket.reset();
  stage.a().set_script(nullptr);
  stage.b().set_script(nullptr);
}

void slow_readers_of_one_address(Stage& stage) { slow_readers(stage, 200, true, true); }
void slow_readers_of_many_addresses(Stage& stage) { slow_readers(stage, 66, false, true); }
void slow_readers_of_one_read(Stage& stage) { slow_readers(stage, 600, true, false); }

// Pages are answers as well.
void slow_readers_of_pages(Stage& stage) {
  auto sockets = connect_many(stage, 700);
  for (auto& socket : sockets) socket.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  stage.wait_for_light_reads(20);
}

// --- who may do what ---

void password_flood(Stage& stage) {
  for (int round = 0; round < 3; ++round) {
    auto sockets = connect_many(stage, 200);
    for (size_t i = 0; i < sockets.size(); ++i) {
      // "grafana:wrongNNNN" and names that nobody has.
      static const char digits[] =
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
      std::string word = i % 2 == 0 ? "Z3JhZmFuYTp3cm9u" : "bm9ib2R5OndoYXQx";
      word += {digits[i % 64], digits[i / 64 % 64], digits[round % 64], 'A'};
      sockets[i].send(read_text("heavy", 2'000'000, "Authorization: Basic " + word + "\r\n"));
    }
    for (auto& socket : sockets)
      EXPECT_THAT(status_of(socket.receive_response()), AnyOf(401, 503, 429));
  }
}

void reload_of_a_browser(Stage& stage) {
  const std::vector<std::string> fields{"Origin: http://evil.example\r\n", "Origin: null\r\n",
                                        "Origin: http://127.0.0.1:1\r\n",
                                        "Sec-Fetch-Site: cross-site\r\n"};
  for (const auto& field : fields) {
    const std::string reply = stage.exchange(post("/-/reload", "", field));
    EXPECT_EQ(status_of(reply) / 100, 4) << field << reply;
  }
  for (const char* host :
       {"evil.example", "evil.example:9095", "127.0.0.1.evil.example", "127.0.0.1@evil.example"}) {
    const std::string reply = stage.exchange(
        fmt::format("POST /-/reload HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\n\r\n", host));
    EXPECT_EQ(status_of(reply) / 100, 4) << host << ": " << reply;
  }
}

void many_reloads(Stage& stage) {
  auto sockets = connect_many(stage, 300);
  for (auto& socket : sockets) socket.send(post("/-/reload", ""));
  for (int i = 0; i < 50; ++i) stage.signal(SIGHUP);
  for (auto& socket : sockets)
    EXPECT_THAT(status_of(socket.receive_response()), AnyOf(200, 429, 503));
}

// --- TLS ---

void handshake_flood(Stage& stage) {
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("\x16\x03\x01\x02\x00\x01", 6),
        std::string("\x16\x03\x01\xff\xff", 5) + std::string(100'000, 'x'),
        std::string(100'000, '\xff')}) {
    for (int round = 0; round < 500; ++round) {
      RawSocket socket = RawSocket::connect(stage.port());
      socket.send(bytes);
      if (round % 2 == 0) socket.reset();
    }
  }
  auto silent = connect_many(stage, 400);
  stage.wait_for_light_reads(5);
}

// A client of TLS 1.2 that wants new keys again and again, as old denials of service did.
void renegotiation(Stage& stage) {
  const net::OpenSslPointer<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION);
  int granted = 0;
  for (int i = 0; i < 20; ++i) {
    RawSocket socket = RawSocket::connect(stage.port());
    const net::OpenSslPointer<SSL, SSL_free> owner(SSL_new(context.get()));
    SSL* const ssl = owner.get();
    SSL_set_fd(ssl, socket.descriptor());
    EXPECT_EQ(SSL_connect(ssl), 1);
    for (int again = 0; again < 20 && SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1;
         ++again)
      ++granted;
  }
  EXPECT_EQ(granted, 0);
}

}  // namespace

std::vector<Attack> connection_attacks() {
  const auto unfinished = [](Stage& stage) { unfinished_bodies(stage, "/api/v1/read", ""); };
  const auto unfinished_warnings = [](Stage& stage) {
    unfinished_bodies(stage, "/api/v1/read/warnings", "");
  };
  return {
      {.name = "ChunkExtensionWithoutEnd", .run = chunk_extension},
      {.name = "TrailerWithoutEnd", .run = trailer_without_end},
      {.name = "ManyChunkExtensions", .run = many_chunk_extensions},
      {.name = "UnfinishedBodies", .run = unfinished},
      {.name = "UnfinishedBodiesOfWarnings", .run = unfinished_warnings},
      {.name = "LargeWarnings", .run = large_warnings},
      {.name = "BodiesWithoutCredentials",
       .run = bodies_without_credentials,
       .with_users = true,
       .peak_mib = 200},
      {.name = "RequestSmuggling", .run = request_smuggling},
      {.name = "LargeHeads", .run = large_heads},
      {.name = "SlowHeads", .run = slow_heads},
      {.name = "SlowBodies", .run = slow_bodies},
      {.name = "SlowBodiesOnAllConnections",
       .run = slow_bodies_on_all_connections,
       .refused_share = 0.1,
       .light_seconds = 10},
      {.name = "IdleConnections", .run = idle_connections},
      {.name = "IdleConnectionsOfManyAddresses", .run = idle_connections_of_many},
      {.name = "IdleConnectionsNextToAnOldOne",
       .run = idle_connections_of_many,
       .light_keeps_connection = true},
      {.name = "PipelinedRequests", .run = pipelined_requests},
      {.name = "PipelinedBehindAHangingRead", .run = pipelined_behind_a_hanging_read},
      {.name = "HalfClosedClients", .run = half_closed_clients},
      {.name = "Resets", .run = resets},
      {.name = "SlowReadersOfOneAddress", .run = slow_readers_of_one_address, .peak_mib = 800},
      {.name = "SlowReadersOfManyAddresses",
       .run = slow_readers_of_many_addresses,
       .peak_mib = 800},
      {.name = "SlowReadersOfOneRead", .run = slow_readers_of_one_read, .peak_mib = 800},
      {.name = "SlowReadersOfPages", .run = slow_readers_of_pages},
      {.name = "PasswordFlood", .run = password_flood, .with_users = true},
      {.name = "ReloadOfABrowser", .run = reload_of_a_browser},
      {.name = "ManyReloads", .run = many_reloads},
      {.name = "HandshakeFlood", .run = handshake_flood, .with_tls = true, .log_kib = 64},
      {.name = "Renegotiation", .run = renegotiation, .with_tls = true},
  };
}

}  // namespace mread::attacks
