// What a backend answers: more than anybody takes, less than it says, or nothing that ever ends.

#include <mutex>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include "integration/attacks/attack.h"
#include "integration/attacks/stage.h"
#include "merger/answers.h"
#include "wire/snappy/snappy_block.h"
#include "wire/streamed/chunked_series.h"

namespace mread::attacks {
namespace {

using Request = ScriptedStore::Request;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

constexpr uint64_t mib = 1ULL << 20;

// What a backend has sent when the program closed the connection, or all of it.
struct Sent {
  std::atomic<uint64_t> bytes = 0;
  std::atomic<int> closed = 0;
  std::atomic<int> whole = 0;
};

// Sends `head`, then `filler` again and again.
ScriptedStore::Script endless(std::string head, std::string filler, uint64_t limit,
                              std::shared_ptr<Sent> sent) {
  return [=](RawSocket& socket, const Request&) {
    bool open = socket.send(head);
    uint64_t bytes = head.size();
    for (; open && bytes < limit; bytes += filler.size()) open = socket.send(filler);
    sent->bytes += bytes;
    ++(open ? sent->whole : sent->closed);
    return false;
  };
}

// `clients` reads at once while b answers as `script` says; gives the statuses.
std::vector<std::string> heavy_reads(Stage& stage, size_t clients, ScriptedStore::Script script,
                                     std::string_view fields = {}) {
  stage.b().set_script(std::move(script));
  std::vector<RawSocket> sockets;
  for (size_t i = 0; i < clients; ++i) {
    sockets.push_back(RawSocket::connect(stage.port()));
    sockets.back().send(read_text("heavy", 2'000'000 + static_cast<int64_t>(i), fields));
  }
  std::vector<std::string> replies;
  for (auto& socket : sockets) replies.push_back(socket.receive_response());
  stage.wait_for_light_reads(3);
  return replies;
}

// The backend says something that never ends; it has to be hung up on, soon.
std::function<void(Stage&)> hung_up(std::string head, std::string filler, uint64_t limit,
                                    uint64_t most) {
  return [=](Stage& stage) {
    const auto sent = std::make_shared<Sent>();
    for (const auto& reply : heavy_reads(stage, 1, endless(head, filler, limit, sent))) {
      EXPECT_EQ(status_of(reply), 200) << "a has answered: " << reply.substr(0, 300);
    }
    EXPECT_TRUE(eventually([&] { return sent->closed + sent->whole > 0; }));
    EXPECT_EQ(sent->whole, 0) << "all of it was taken";
    EXPECT_LT(sent->bytes, most);
  };
}

Attack endless_answer(std::string name, std::string head, std::string filler, uint64_t limit) {
  return {.name = std::move(name),
          .run = hung_up(std::move(head), std::move(filler), limit, 64 * mib)};
}

// --- answers that hold much ---

// Whole frames whose series have no chunks, sorted, each once.
void frames_without_chunks(Stage& stage) {
  const auto script = [](RawSocket& socket, const Request&) {
    bool open = socket.send(chunked_head());
    uint64_t bytes = 0;
    std::string message;
    std::string one;
    for (int n = 0; open && bytes < 300 * mib;) {
      message.clear();
      for (int i = 0; i < 2000; ++i, ++n) {
        one.clear();
        wire::encode_chunked_series(
            merger::tests::raw_labels({{"__name__", "heavy"}, {"n", fmt::format("{:09}", n)}}), "",
            0, one);
        message += one;
      }
      const std::string frame = chunk(merger::tests::frame_of(message));
      bytes += frame.size();
      open = socket.send(frame);
    }
    return open && socket.send("0\r\n\r\n");
  };
  for (const auto& reply : heavy_reads(stage, 4, script))
    EXPECT_THAT(status_of(reply), AnyOf(200, 503));
}

// One series again and again, without chunks: fragments of a series are held until another series
// follows.
void one_series_without_chunks(Stage& stage) {
  std::string one;
  wire::encode_chunked_series(merger::tests::raw_labels({{"a", "b"}}), "", 0, one);
  const std::string frame = chunk(merger::tests::frame_of(repeated(one, 50'000)));
  const auto sent = std::make_shared<Sent>();
  for (const auto& reply : heavy_reads(stage, 4, endless(chunked_head(), frame, 300 * mib, sent))) {
    EXPECT_THAT(status_of(reply), AnyOf(200, 503));
  }
}

std::string samples_response(std::string_view result) {
  std::string out;
  append_bytes_field(out, 1, result);
  return wire::compress(out);
}

std::function<void(Stage&)> answered_with(size_t clients,
                                          const std::function<std::string()>& make_answer) {
  return [=](Stage& stage) {
    const auto answer = std::make_shared<const std::string>(make_answer());
    const auto script = [answer](RawSocket& socket, const Request&) {
      return socket.send(*answer);
    };
    for (const auto& reply : heavy_reads(stage, clients, script)) {
      // 0: its connection was broken, since its answer was there, had not been taken, and had to
      // make way.
      EXPECT_THAT(status_of(reply), AnyOf(200, 503, 0)) << reply.substr(0, 300);
    }
  };
}

std::string empty_series() {
  return answer_with(samples_response(repeated(std::string("\x0a\x00", 2), 4'900'000)), true);
}

// Series with a label each and no samples.
std::string series_without_samples() {
  std::string result;
  for (int i = 0; i < 1'500'000; ++i) {
    const std::string labels = merger::tests::raw_labels({{"n", fmt::format("{:07}", i)}});
    append_bytes_field(result, 1, labels);
  }
  return answer_with(samples_response(result), true);
}

std::string snappy_bomb() {
  return answer_with(wire::compress(std::string(512 * mib, '\0')), true);
}

std::string snappy_bomb_of_samples() {
  std::string series = merger::tests::raw_labels({{"__name__", "heavy"}});
  std::string sample;  // 1.0 at 1000000.
  sample += std::string("\x12\x0d\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\xc0\x84\x3d", 15);
  for (int i = 0; i < 30'000'000; ++i) series += sample;
  std::string result;
  append_bytes_field(result, 1, series);
  return answer_with(samples_response(result), true);
}

std::string snappy_claim() {
  return answer_with(std::string("\xff\xff\xff\xff\x0f", 5) + std::string(100, '\0'), true);
}

// 90 MB that have to be held, since SAMPLES are held to their end.
std::string large_samples() {
  std::string result;
  for (int i = 0; result.size() < 90 * mib; ++i) {
    std::string text(200, '\0');
    for (size_t k = 0; k < text.size(); ++k) {
      text[k] = static_cast<char>(
          'a' + ((static_cast<size_t>(i) * 7919 + k * k * 31) * 2654435761U >> 11) % 26);
    }
    std::string series =
        merger::tests::raw_labels({{"__name__", "heavy"}, {"n", fmt::format("{:08}{}", i, text)}});
    series += std::string("\x12\x0d\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\xc0\x84\x3d", 15);
    append_bytes_field(result, 1, series);
  }
  return answer_with(samples_response(result), true);
}

std::string one_chunk_frame(const std::vector<model::Label>& labels, double value) {
  return merger::tests::frame_with(
      merger::tests::raw_labels(labels),
      {merger::tests::xor_chunk(merger::tests::samples(1'000'000, 15'000, {value, value + 1}))});
}

std::string large_label_name() {
  return answer_with(one_chunk_frame({{std::string(20 * mib, 'n'), "v"}}, 1));
}
std::string large_label_value() {
  return answer_with(
      one_chunk_frame({{"__name__", "heavy"}, {"v", std::string(40 * mib, 'v')}}, 1));
}
std::string many_labels() {
  std::string out;
  for (int series = 0; series < 50; ++series) {
    std::vector<model::Label> labels;
    for (int i = 0; i < 10'000; ++i)
      labels.push_back({fmt::format("l{:05}", i), fmt::format("{}", series)});
    out += one_chunk_frame(labels, 1);
  }
  return answer_with(out);
}
// Not sorted: the answer has to be sorted, within merge.repair_limit.
std::string unsorted_series() {
  std::string out;
  for (int i = 300'000; i > 0; --i)
    out += one_chunk_frame({{"__name__", "heavy"}, {"n", fmt::format("{:08}", i)}}, 1);
  return answer_with(out);
}
// One series, a chunk in each frame, all of the same time.
std::string chunks_at_one_time() {
  std::string out;
  for (int i = 0; i < 200'000; ++i) out += one_chunk_frame({{"__name__", "heavy"}}, i);
  return answer_with(out);
}
// Chunks that say that they hold 65,535 samples.
std::string chunks_that_claim() {
  merger::tests::RawChunk raw;
  raw.min_time_ms = 1'000'000;
  raw.max_time_ms = 2'000'000;
  raw.data = std::string("\xff\xff", 2) + std::string(30, '\x01');
  std::string out;
  for (int i = 0; i < 100'000; ++i) {
    out += merger::tests::frame_with(
        merger::tests::raw_labels({{"__name__", "heavy"}, {"n", fmt::format("{:08}", i)}}),
        {raw, raw});
  }
  return answer_with(out);
}

void one_above_its_memory(Stage& stage) {
  const auto answer = std::make_shared<const std::string>(large_samples());
  const auto script = [answer](RawSocket& socket, const Request&) { return socket.send(*answer); };
  for (const auto& reply : heavy_reads(stage, 2, script)) {
    EXPECT_EQ(status_of(reply), 200) << reply.substr(0, 300);
    EXPECT_THAT(reply, HasSubstr("X-Mread-Partial: b: "));
  }
}

// --- answers that never end ---

// Sends a few bytes at a time for as long as the connection stands: bytes, but no data.
std::function<void(Stage&)> kept_alive(std::string head, std::string bytes, int pause_ms) {
  return [=](Stage& stage) {
    std::atomic<int> closed = 0;
    std::atomic<int> still_open = 0;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(25);
    const auto script = [&, until](RawSocket& socket, const Request&) {
      bool open = socket.send(head);
      while (open && std::chrono::steady_clock::now() < until) {
        pollfd gone{socket.descriptor(), POLLRDHUP, 0};
        open = ::poll(&gone, 1, pause_ms) == 0 && socket.send(bytes);
      }
      ++(open ? still_open : closed);
      return false;
    };
    for (const auto& reply : heavy_reads(stage, 2, script)) {
      EXPECT_THAT(status_of(reply), AnyOf(200, 503)) << reply.substr(0, 300);
    }
    EXPECT_TRUE(eventually([&] { return closed + still_open >= 2; }, std::chrono::seconds(40)));
    EXPECT_EQ(still_open, 0) << "a backend without data outlives its remote_timeout of 2s";
    stage.b().set_script(nullptr);
  };
}

Attack alive(std::string name, std::string head, std::string bytes, int pause_ms = 20) {
  return {.name = std::move(name),
          .run = kept_alive(std::move(head), std::move(bytes), pause_ms),
          .backend_b = ", remote_timeout: 2s"};
}

void head_byte_by_byte(Stage& stage) {
  const std::string answer = answer_with(light_answer());
  const auto script = [&](RawSocket& socket, const Request&) {
    bool open = true;
    for (size_t i = 0; open && i < answer.size(); ++i)
      open = socket.send(std::string_view(answer).substr(i, 1));
    return open;
  };
  for (const auto& reply : heavy_reads(stage, 5, script)) EXPECT_EQ(status_of(reply), 200);
}

// --- answers that say what they should not ---

void redirect_with_keys(Stage& stage) {
  ScriptedStore other;
  std::mutex mutex;
  std::vector<std::string> heads;
  other.set_script([&](RawSocket& socket, const Request& request) {
    const std::lock_guard lock(mutex);
    heads.push_back(request.head);
    return socket.send(answer_with(light_answer()));
  });
  for (const std::string& location : {other.url(), fmt::format("//127.0.0.2:{}/x", other.port())}) {
    heavy_reads(
        stage, 2,
        [&](RawSocket& socket, const Request&) {
          return socket.send(
              fmt::format("HTTP/1.1 307 T\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", location));
        },
        "baggage: secret=hunter3\r\ntraceparent: 00-1-2-01\r\n");
  }
  stage.b().set_script(nullptr);
  const std::lock_guard lock(mutex);
  for (const auto& head : heads) {
    EXPECT_THAT(head, Not(HasSubstr("hunter2")));
    EXPECT_THAT(head, Not(HasSubstr("hunter3")));
  }
}

void redirects_without_end(Stage& stage) {
  const std::vector<std::string> locations{
      stage.b().url(),
      "http://[",
      "http://" + std::string(200'000, 'h'),
      "/" + std::string(200'000, 'p'),
      "unix:///etc/passwd:/",
      "file:///etc/passwd",
      fmt::format("http://127.0.0.1:{}/-/reload", stage.port())};
  for (const std::string& location : locations) {
    const auto script = [&](RawSocket& socket, const Request&) {
      return socket.send(
          fmt::format("HTTP/1.1 308 P\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", location));
    };
    for (const auto& reply : heavy_reads(stage, 1, script)) {
      EXPECT_EQ(status_of(reply), 200);
      EXPECT_LE(reply.find("\r\n\r\n"), 8192U)
          << "an error of a backend has made the head that long";
    }
  }
  stage.b().set_script(nullptr);
}

void evil_error_texts(Stage& stage) {
  const std::string text =
      "x\r\nX-Evil: 1\r\n\x1b[2J\xc2\x9b\x32J\xe2\x80\xae" + std::string(1 * mib, 'e');
  for (const int status : {400, 401, 500, 599, 999, 304}) {
    const auto script = [&](RawSocket& socket, const Request&) {
      return socket.send(fmt::format("HTTP/1.1 {} {}\r\nContent-Length: {}\r\n\r\n{}", status,
                                     std::string(60'000, 'r'), text.size(), text));
    };
    for (const bool both : {false, true}) {
      stage.a().set_script(both ? ScriptedStore::Script(script) : nullptr);
      for (const auto& reply : heavy_reads(stage, 1, script)) {
        EXPECT_EQ(status_of(reply), both ? 503 : 200) << reply.substr(0, 300);
        EXPECT_THAT(reply, Not(HasSubstr("\nX-Evil")));
        EXPECT_THAT(reply, Not(HasSubstr("\x1b")));
        EXPECT_THAT(reply, Not(HasSubstr("\xc2\x9b")));
        EXPECT_THAT(reply, Not(HasSubstr("\xe2\x80\xae")));
        EXPECT_LE(reply.find("\r\n\r\n"), 4096U);
      }
    }
  }
  stage.a().set_script(nullptr);
  stage.b().set_script(nullptr);
  EXPECT_THAT(stage.log(), Not(HasSubstr("\x1b[2J")));
}

// Answers of a few bytes that are wrong in one way each.
void broken_answers(Stage& stage) {
  const std::string type =
      "Content-Type: application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse\r\n";
  const std::string ok = "HTTP/1.1 200 OK\r\n" + type;
  const std::vector<std::string> answers{
      "",
      "\r\n\r\n",
      std::string(100, '\0'),
      "HTTP/1.1\r\n\r\n",
      "HTTP/9.9 200 OK\r\n\r\n",
      "HTTP/1.1 -1 OK\r\n\r\n",
      "HTTP/1.1 99999999999 OK\r\n\r\n",
      "HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
      "HTTP/1.1 204 No\r\n\r\n",
      ok + "Content-Length: 18446744073709551615\r\n\r\nx",
      ok + "Content-Length: -5\r\n\r\nx",
      ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nxxxxxx",
      ok + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
      ok + "Transfer-Encoding: chunked\r\n\r\n-1\r\nx",
      ok + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
      ok + "Transfer-Encoding: gzip\r\n\r\nx",
      ok + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b",
      answer_with("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" + std::string(10, 'x')),
      answer_with("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80" + std::string(10, 'x')),
      answer_with(merger::tests::frame_of(std::string(1000, '\xff'))),
      answer_with(merger::tests::frame_of(repeated(std::string("\x0a\x00", 2), 500'000))),
      answer_with(
          merger::tests::frame_of(std::string("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11))),
      answer_with(std::string(5, '\0') + light_answer()),
      answer_with(light_answer() + "disk on fire"),
      answer_with(wire::compress(std::string("\x0a\xff\xff\xff\xff\x0f", 6)), true),
      answer_with(std::string("\x05\xff\xff\xff\xff\xff", 6), true),
      answer_with("", true),
  };
  for (const auto& answer : answers) {
    const auto script = [&](RawSocket& socket, const Request&) {
      return socket.send(answer) && false;
    };
    for (const auto& reply : heavy_reads(stage, 1, script)) {
      EXPECT_EQ(status_of(reply), 200) << reply.substr(0, 300) << " for " << answer.substr(0, 200);
    }
  }
  stage.b().set_script(nullptr);
}

// Both contradict each other in series whose labels are large; the status page shows the last of
// them.
void conflicts_in_large_series(Stage& stage) {
  std::atomic<int> turn = 0;
  const auto contradicting = [&turn](double value) {
    return [&turn, value](RawSocket& socket, const Request&) {
      const std::string n = fmt::format("{:02}", turn.load());
      return socket.send(answer_with(one_chunk_frame(
          {{"__name__", "heavy"}, {"n", n}, {"v", std::string(15 * mib, 'v')}}, value)));
    };
  };
  stage.a().set_script(contradicting(1));
  for (; turn < 25; ++turn) heavy_reads(stage, 1, contradicting(5));
  stage.a().set_script(nullptr);
  stage.b().set_script(nullptr);
  EXPECT_LE(stage.get("/").size(), 1 * mib);
}

// Reads that are broken in mid-answer, each of which is worth a line in the log.
void aborted_reads(Stage& stage) {
  const std::string begin = chunked_head() + chunk(light_answer());
  const auto script = [&](RawSocket& socket, const Request&) {
    pollfd nothing{socket.descriptor(), POLLIN, 0};
    const bool sent = socket.send(begin);
    ::poll(&nothing, 1, 2);  // Until the head has gone on to the client, mostly.
    socket.reset();
    return sent && false;
  };
  stage.a().set_script(script);
  stage.b().set_script(script);
  for (int i = 0; i < 1500; ++i) stage.exchange(read_text("heavy", 2'000'000 + i));
  stage.a().set_script(nullptr);
  stage.b().set_script(nullptr);
}

}  // namespace

std::vector<Attack> backend_attacks() {
  const std::string ok =
      "HTTP/1.1 200 OK\r\nContent-Type: application/x-streamed-protobuf; "
      "proto=prometheus.ChunkedReadResponse\r\n";
  const std::string zero_frames = std::string(5 * 1000, '\0');
  return {
      endless_answer("ChunkExtensionOfABackend", chunked_head() + "5;a=", std::string(1 * mib, 'x'),
                     2048 * mib),
      endless_answer("TrailerOfABackend", chunked_head() + chunk(light_answer()) + "0\r\n",
                     repeated("a: b\r\n", 170'000), 2048 * mib),
      endless_answer("TrailerLineOfABackend", chunked_head() + chunk(light_answer()) + "0\r\na: ",
                     std::string(1 * mib, 'x'), 2048 * mib),
      endless_answer("InterimAnswersWithoutEnd", "",
                     repeated("HTTP/1.1 100 Continue\r\n\r\n", 40'000), 500 * mib),
      endless_answer("LargeHeadOfABackend", ok + "X: ", std::string(1 * mib, 'x'), 200 * mib),
      endless_answer("ManyFieldsOfABackend", ok, repeated("a: b\r\n", 170'000), 200 * mib),
      endless_answer("ErrorTextWithoutEnd", "HTTP/1.1 500 Broken\r\n\r\n",
                     std::string(1 * mib, 'x'), 500 * mib),
      alive("ZeroLengthFramesForGood", chunked_head(), chunk(zero_frames)),
      alive("ZeroLengthFramesAtFullSpeed", chunked_head(), chunk(std::string(5 * 200'000, '\0')),
            0),
      alive("BytesOfAHeadForGood", ok + "X: ", "x"),
      alive("BytesOfAnExtensionForGood", chunked_head() + "5;a=", "x"),
      alive("BytesOfATrailerForGood", chunked_head() + chunk(light_answer()) + "0\r\na: ", "x"),
      alive("InterimAnswersForGood", "", "HTTP/1.1 100 Continue\r\n\r\n"),
      alive("BytesOfAFrameForGood",
            chunked_head() + chunk(std::string("\x80\x89\x7a\x01\x02\x03\x04", 7)), chunk("x")),
      alive("EmptySeriesForGood", chunked_head(),
            chunk(merger::tests::frame_of(std::string("\x0a\x00", 2)))),
      {.name = "FramesWithoutChunks", .run = frames_without_chunks},
      {.name = "OneSeriesWithoutChunks", .run = one_series_without_chunks},
      {.name = "EmptySeriesInSamples", .run = answered_with(4, empty_series)},
      {.name = "SeriesWithoutSamples", .run = answered_with(4, series_without_samples)},
      {.name = "SnappyBombOfABackend", .run = answered_with(4, snappy_bomb)},
      {.name = "SnappyBombOfSamples", .run = answered_with(4, snappy_bomb_of_samples)},
      {.name = "SnappyClaimOfABackend", .run = answered_with(4, snappy_claim)},
      {.name = "LargeSamplesOfManyReads", .run = answered_with(12, large_samples), .peak_mib = 900},
      {.name = "LargeLabelName", .run = answered_with(6, large_label_name)},
      {.name = "LargeLabelValue", .run = answered_with(6, large_label_value)},
      {.name = "ManyLabels", .run = answered_with(6, many_labels)},
      {.name = "UnsortedSeries", .run = answered_with(6, unsorted_series)},
      {.name = "ChunksAtOneTime", .run = answered_with(4, chunks_at_one_time)},
      {.name = "ChunksThatClaim", .run = answered_with(4, chunks_that_claim)},
      {.name = "OneAboveBytesInFlight",
       .run = one_above_its_memory,
       .config = "partial: any\nlimits: {bytes_in_flight: 32MiB}\n"},
      {.name = "HeadByteByByte", .run = head_byte_by_byte},
      {.name = "RedirectWithKeys",
       .run = redirect_with_keys,
       .backend_b = ", headers: {X-Key: hunter2}"},
      {.name = "RedirectsWithoutEnd",
       .run = redirects_without_end,
       .log_kib = 64,
       .more_threads = 8},
      {.name = "EvilErrorTexts", .run = evil_error_texts},
      {.name = "BrokenAnswers", .run = broken_answers},
      {.name = "ConflictsInLargeSeries", .run = conflicts_in_large_series},
      {.name = "AbortedReads", .run = aborted_reads, .log_kib = 64},
  };
}

}  // namespace mread::attacks
