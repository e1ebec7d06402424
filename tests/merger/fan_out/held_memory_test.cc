// Compares what a read says that it holds with what the allocator says, for answers of which a byte
// takes the most memory.

#include <functional>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"
#include "model/histogram.h"
#include "wire/bytes/varint.h"
#include "wire/labels/labels_view.h"
#include "wire/snappy/snappy_block.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests
using ::testing::HasSubstr;

constexpr uint64_t limit = 32ULL << 20;
constexpr const char* limited =
    "limits: {bytes_in_flight: 32MiB, series: 0}\nmerge: {repair_limit: 1GiB}\npartial: any\n";
constexpr size_t piece_bytes = 256U << 10;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool allocator_tells = false;
#else
constexpr bool allocator_tells = true;
#endif

uint64_t allocated() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// The next piece of a body; empty: the end.
using Pieces = std::function<std::string()>;

Pieces cut(std::string body) {
  auto rest = std::make_shared<std::pair<std::string, size_t>>(std::move(body), 0);
  return [rest] {
    std::string piece = rest->first.substr(rest->second, piece_bytes);
    rest->second += piece.size();
    return piece;
  };
}

struct Measured {
  uint64_t most_held = 0;
  uint64_t most_allocated = 0;  // By the read.
  double least_counted = 1;     // Of what was allocated, where that is much.
  int status = 0;
  std::string text;
  std::string partial;
  std::optional<Error> aborted;
};

// One read of one query. The test's own bodies do not count: what they take is given back as they
// are read, or there before the read begins.
class Meter {
 public:
  Meter(const config::Config& config, bool streamed, FanOutOptions options = {})
      : base_(allocated()),
        machine_(config, request({"up"}, 0, 1'000'000, streamed), {}, std::move(options)) {}

  Measured run(std::string_view content_type, std::vector<Pieces> bodies) {
    bool more = true;
    while (more && !machine_.done()) {
      more = false;
      while (auto action = machine_.poll({})) {
        more = true;
        take(*action, content_type, bodies);
        note();
      }
      note();
    }
    return measured_;
  }

 private:
  void take(const Action& action, std::string_view content_type, std::vector<Pieces>& bodies) {
    if (const auto* ask = std::get_if<Ask>(&action)) {
      const bool samples = content_type == samples_type;
      by_id_.resize(std::max<size_t>(by_id_.size(), ask->id + 1));
      by_id_[ask->id] = ask->backend;
      machine_.on_response(ask->id, 200, content_type, samples ? "snappy" : "", "", {});
    } else if (const auto* read = std::get_if<Read>(&action)) {
      std::string piece = bodies.at(by_id_[read->id])();
      if (piece.empty()) return machine_.on_end(read->id, {});
      machine_.on_data(read->id, std::make_shared<const std::string>(std::move(piece)), {});
    } else if (const auto* head = std::get_if<Head>(&action)) {
      measured_.status = head->status;
      measured_.partial = head->partial;
    } else if (const auto* body = std::get_if<Body>(&action)) {
      for (const auto piece : body->pieces)
        measured_.text += piece.substr(0, measured_.status == 200 ? 0 : 500);
      note();
      machine_.on_sent({});
    } else if (const auto* abort = std::get_if<Abort>(&action)) {
      measured_.aborted = abort->reason;
    }
  }

  void note() {
    const uint64_t now = allocated();
    const uint64_t taken = now > base_ ? now - base_ : 0;
    measured_.most_held = std::max(measured_.most_held, machine_.held());
    measured_.most_allocated = std::max(measured_.most_allocated, taken);
    constexpr uint64_t much = 4U << 20;
    if (taken < much) return;
    measured_.least_counted = std::min(
        measured_.least_counted, static_cast<double>(machine_.held()) / static_cast<double>(taken));
  }

  uint64_t base_;
  FanOut machine_;
  std::vector<size_t> by_id_;
  Measured measured_;
};

std::string numbered(uint64_t n) { return fmt::format("up{{n=\"{:09}\"}}", n); }

// Frames, as many as make a piece, `count` in all; in reverse, so that they are held.
Pieces frames(uint64_t count, const std::function<std::string(uint64_t)>& frame_number) {
  auto left = std::make_shared<uint64_t>(count);
  return [left, frame_number] {
    std::string piece;
    piece.reserve(piece_bytes + 4096);
    while (*left > 0 && piece.size() < piece_bytes) piece += frame_number(--*left);
    return piece;
  };
}

std::string entry(std::string_view series_body) {
  std::string out = "\x0a";
  wire::append_varint(out, series_body.size());
  return out.append(series_body);
}

struct Shape {
  const char* name;
  bool samples;
  std::function<Pieces()> body;
};

class HeldMemory : public ::testing::TestWithParam<Shape> {};

// Whatever becomes of the read.
TEST_P(HeldMemory, IsWhatTheAllocatorSaysAndWithinTheLimit) {
  if (!allocator_tells) GTEST_SKIP() << "the sanitizer has an allocator of its own";
  for (const bool streamed : {true, false}) {
    const config::Config config = config_of(1, limited);
    FanOutOptions options;
    options.known_unsorted = {true};  // All is held.
    Pieces body = GetParam().body();
    const Measured measured =
        Meter(config, streamed, options)
            .run(GetParam().samples ? samples_type : streamed_type, {std::move(body)});
    SCOPED_TRACE(fmt::format("held {}, allocated {}, status {}: {}", measured.most_held,
                             measured.most_allocated, measured.status, measured.text));
    EXPECT_GE(measured.least_counted, 0.8);
    EXPECT_LE(measured.most_allocated, limit * 5 / 4 + (4U << 20));
    EXPECT_NE(measured.status, 0);
    RecordProperty(streamed ? "streamed" : "samples",
                   static_cast<int>(measured.most_allocated >> 10));
  }
}

std::string tiny_chunk_series(uint64_t n) {
  const RawChunk chunk = xor_chunk(samples(5000, 1000, {1}));
  std::string chunks;
  wire::append_chunk(chunks, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, chunk.data);
  std::string message;
  wire::encode_chunked_series(labels(numbered(n)), chunks, 0, message);
  return message;
}

std::string samples_form(uint64_t count, const std::function<std::string(uint64_t)>& series) {
  std::string result;
  for (uint64_t n = 0; n < count; ++n) result += entry(series(n));
  return wire::compress(entry(result));
}

const Shape shapes[] = {
    {"FramesWithoutChunksOfOneSeries", false,
     [] {
       return frames(3'000'000, [one = frame_with(labels("up"), {})](uint64_t) { return one; });
     }},
    {"FramesWithoutChunksOfManySeries", false,
     [] {
       return frames(1'000'000, [](uint64_t n) { return frame_with(labels(numbered(n)), {}); });
     }},
    {"SeriesWithOneTinyChunkEach", false,
     [] { return frames(1'000'000, [](uint64_t n) { return frame_of(tiny_chunk_series(n)); }); }},
    {"ManySeriesInOneFrame", false,
     [] {
       std::string message;
       for (uint64_t n = 0; n < 300'000; ++n) message += tiny_chunk_series(n);
       return cut(frame_of(message));
     }},
    {"OneSeriesInVeryManyFrames", false,
     [] {
       return frames(1'000'000,
                     [one = frame("up", samples(5000, 1, {1}))](uint64_t) { return one; });
     }},
    {"AFrameOfVeryManyTinyChunks", false,
     [] {
       const RawChunk chunk{0, 0, wire::ChunkEncoding::xor_, std::string(2, '\0')};
       return cut(frame_with(labels("up"), std::vector<RawChunk>(1'000'000, chunk)));
     }},
    {"AMillionFramesOfNothing", false,
     [] { return frames(1'000'000, [](uint64_t) { return frame_of(""); }); }},
    {"ALongLabelValue", false,
     [] {
       const std::string name = "up{n=\"" + std::string(20U << 20, 'x') + "\"}";
       return cut(frame(name, samples(5000, 1, {1})) + frame(name, samples(6000, 1, {1})));
     }},
    {"VeryManyLabels", false,
     [] {
       std::string wire;
       for (int n = 0; n < 1'000'000; ++n) wire::append_label(wire, fmt::format("l{:07}", n), "v");
       return cut(frame_with(wire, {}));
     }},
    {"EmptyNamelessSeries", true,
     [] { return cut(samples_form(4'900'000, [](uint64_t) { return ""; })); }},
    {"SeriesWithoutSamples", true,
     [] { return cut(samples_form(600'000, [](uint64_t n) { return labels(numbered(n)); })); }},
    {"SamplesOfOneEach", true,
     [] {
       return cut(samples_form(400'000, [](uint64_t n) {
         // From the last to the first: they have to be sorted.
         return labels(numbered(1'000'000 - n)) +
                std::string("\x12\x10\x09\1\2\3\4\5\6\7\x08\x10\x88\x98\xa8\xb8\xc8\x01", 18);
       }));
     }},
    {"ASnappyBomb", true, [] { return cut(wire::compress(std::string(200U << 20, '\0'))); }},
};

INSTANTIATE_TEST_SUITE_P(Shapes, HeldMemory, ::testing::ValuesIn(shapes),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(HeldPieces, AFragmentThatPinsAPieceHoldsAllOfIt) {
  if (!allocator_tells) GTEST_SKIP() << "the sanitizer has an allocator of its own";
  // Of every piece one series comes last in the order, and all others leave.
  auto number = std::make_shared<uint64_t>(0);
  const Pieces body = [number] {
    std::string piece = frame(fmt::format("zz{{n=\"{:09}\"}}", *number), samples(5000, 1, {1}));
    piece.reserve(piece_bytes + 4096);
    while (*number < 1'000'000 && piece.size() < piece_bytes) {
      piece += frame(numbered(++*number), samples(5000, 1, {1}));
    }
    return piece;
  };
  const config::Config config = config_of(1, limited);
  FanOutOptions options;
  options.window_bytes = 64U << 10;
  options.read_ahead_bytes = 0;
  const Measured measured = Meter(config, true, options).run(streamed_type, {body});
  ASSERT_TRUE(measured.aborted);
  EXPECT_THAT(measured.aborted->context, HasSubstr("limits.bytes_in_flight"));
  EXPECT_GE(measured.least_counted, 0.8);
  EXPECT_LE(measured.most_allocated, limit * 5 / 4 + (4U << 20));
}

model::HistogramSample wide_histogram(int64_t timestamp_ms, uint32_t buckets) {
  model::HistogramSample sample;
  sample.timestamp_ms = timestamp_ms;
  sample.histogram.count = buckets;
  sample.histogram.positive_spans = {{0, buckets}};
  sample.histogram.positive_deltas.assign(buckets, 0);
  sample.histogram.positive_deltas[0] = 1;
  return sample;
}

TEST(HeldHistograms, AreWhatTheyTakeDecoded) {
  if (!allocator_tells) GTEST_SKIP() << "the sanitizer has an allocator of its own";
  // 1.5 MB of chunks that take 200 MB decoded.
  std::vector<RawChunk> chunks;
  for (int chunk = 0; chunk < 50; ++chunk) {
    std::vector<model::HistogramSample> samples;
    for (int i = 0; i < 100; ++i) samples.push_back(wide_histogram(5000 + chunk * 50 + i, 5000));
    chunks.push_back(histogram_chunk(samples));
  }
  const std::string body = frame_with(labels("up"), chunks);
  ASSERT_LT(body.size(), limit / 4);
  for (const bool streamed : {true, false}) {
    const config::Config config = config_of(1, limited);
    const Measured measured = Meter(config, streamed).run(streamed_type, {cut(body)});
    EXPECT_NE(measured.status, 200) << measured.status;
    EXPECT_THAT(measured.text, HasSubstr("(limits.bytes_in_flight)"));
    EXPECT_LE(measured.most_allocated, limit * 5 / 4 + (4U << 20));
  }
}

// ---- who is to blame

TEST(HeldTooMuch, TheHeaviestIsLeftOutAndTheOthersAnswer) {
  const std::string light = frame("up{job=\"a\"}", samples(5000, 1000, {1}));
  std::string heavy;  // Does not compress.
  for (uint64_t n = 0; n < 20'000; ++n) {
    std::string data(2000, 'x');
    data[0] = 0;  // 120 samples.
    heavy += frame_with(labels(numbered(n)), {{0, 1, wire::ChunkEncoding::xor_, data}});
  }
  for (const bool streamed : {true, false}) {
    for (const bool heavy_first : {true, false}) {
      const config::Config config = config_of(2, limited);
      FanOutDriver driver(
          config, heavy_first ? std::vector{Script::streamed(heavy), Script::streamed(light)}
                              : std::vector{Script::streamed(light), Script::streamed(heavy)});
      driver.options.known_unsorted = {true, true};
      const Answer answer = driver.run(request({"up"}, 0, 1'000'000, streamed));
      EXPECT_EQ(answer.status, 200);
      EXPECT_EQ(answer.partial,
                fmt::format("{}: more than 33554432 bytes held (limits.bytes_in_flight)",
                            heavy_first ? "a" : "b"));
      EXPECT_EQ(show(streamed ? read_streamed(answer.body) : read_samples(answer.body).at(0)),
                "up{job=\"a\"} 1@5000\n");
    }
  }
}

// A client may take its time for the line that says why.
TEST(HeldByARefusedRead, NothingOfTheAnswersIsLeft) {
  std::vector<SamplesSeries> listed;
  std::string frames;
  for (uint64_t i = 0; i < 500; ++i) {
    listed.push_back({labels(numbered(i)), samples(1000, 1000, {1, 2, 3}), ""});
    frames += frame(numbered(i), listed.back().samples);
  }
  for (const Script& whole :
       {Script::streamed(frames), Script::samples_form(samples_body(listed))}) {
    Script late = Script::refused();
    late.response_after = std::chrono::milliseconds(100);
    const config::Config config = config_of(2, "partial: all\n");
    FanOutDriver driver(config, {whole, late});
    driver.client_takes(std::chrono::seconds(10));
    uint64_t most_before = 0;
    uint64_t most_after = 0;
    driver.watch([&](const FanOut& machine) {
      uint64_t& most = machine.has_begun() ? most_after : most_before;
      most = std::max(most, machine.held());
    });
    EXPECT_EQ(driver.run(request({"up"}, 0, 1'000'000, true)).status, 503);
    EXPECT_GT(most_before, 5000);
    EXPECT_LT(most_after, 1000);
  }
}

TEST(HeldTooMuch, ASampledAnswerIsLeftOutBeforeItIsUncompressed) {
  const std::string bomb = wire::compress(std::string(200U << 20, '\0'));
  const config::Config config = config_of(2, limited);
  const Answer answer = FanOutDriver(config, {Script::samples_form(bomb),
                                              Script::streamed(frame("up", samples(5000, 1, {1})))})
                            .run(request({"up"}, 0, 1'000'000, true));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.partial, "a: more than 33554432 bytes held (limits.bytes_in_flight)");
}

TEST(HeldTooMuch, WithoutAnotherTheReadIsTooLarge) {
  const std::string bomb = wire::compress(std::string(200U << 20, '\0'));
  for (const char* policy : {"partial: all\n", "partial: group\n"}) {
    const config::Config config =
        config_of(2, std::string("limits: {bytes_in_flight: 32MiB}\n") + policy);
    const Answer answer =
        FanOutDriver(config, {Script::samples_form(bomb),
                              Script::streamed(frame("up", samples(5000, 1, {1})))})
            .run(request({"up"}, 0, 1'000'000, true));
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.body, HasSubstr("(limits.bytes_in_flight)"));
  }
}

// ---- what does not depend on the pieces

TEST(BrokenAndTooLarge, TheFirstOfTheTwoCountsWhateverThePieces) {
  std::string body;
  for (uint64_t n = 0; n < 200; ++n) body += frame(numbered(n), samples(5000, 1000, {1}));
  const config::Config config = config_of(1, "merge: {repair_limit: 5000B}\n");
  for (const bool broken_first : {true, false}) {
    std::string broken = body;
    broken.at(broken_first ? 2000 : 9000) ^= 1;
    for (const size_t size : {1U, 100U, 3000U, 1U << 20}) {
      Script script = Script::streamed(broken);
      script.piece_bytes = size;
      FanOutDriver driver(config, {script});
      driver.options.known_unsorted = {true};
      const Answer answer = driver.run(request({"up"}, 0, 1'000'000, true));
      EXPECT_THAT(answer.body, HasSubstr(broken_first ? "frame" : "merge.repair_limit")) << size;
      EXPECT_EQ(answer.body.find("merge.repair_limit") == std::string::npos, broken_first) << size;
    }
  }
}

// ---- frames that say nothing

TEST(IdleFrames, DoNotEndAWait) {
  const config::Config config = config_of(1);  // remote_timeout 8s
  TimePoint now{};
  FanOut machine(config, request({"up"}, 0, 1'000'000, true), now);
  const std::string idle = frame_of("") + frame_of("");
  int reads = 0;
  std::string text;
  for (bool more = true; more && !machine.done();) {
    more = false;
    while (auto action = machine.poll(now)) {
      more = true;
      if (const auto* ask = std::get_if<Ask>(&*action)) {
        machine.on_response(ask->id, 200, streamed_type, "", "", now);
      } else if (const auto* read = std::get_if<Read>(&*action)) {
        ++reads;
        machine.on_data(read->id, std::make_shared<const std::string>(idle), now);
        now += std::chrono::seconds(1);  // That is what it takes to look at it.
        machine.on_wake(now);
      } else if (const auto* body = std::get_if<Body>(&*action)) {
        for (const auto piece : body->pieces) text += piece;
        machine.on_sent(now);
      }
    }
  }
  EXPECT_EQ(text, "a: deadline 8s\n");
  EXPECT_LE(reads, 9);
}

TEST(IdleFrames, VeryManyAreAFailure) {
  std::string idle;
  for (int i = 0; i < 30'000; ++i) idle += frame_of("");
  const config::Config config = config_of(2, "partial: any\n");
  const std::string light = frame("up", samples(5000, 1, {1}));
  const Answer answer = FanOutDriver(config, {Script::streamed(idle), Script::streamed(light)})
                            .run(request({"up"}, 0, 1'000'000, true));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.partial, "a: frame 10000: more than 10000 frames that say nothing");
  // One for each that says something is borne for ever.
  std::string paired;
  for (uint64_t n = 0; n < 15'000; ++n)
    paired += frame(numbered(n), samples(5000, 1, {1})) + frame_of("");
  EXPECT_EQ(FanOutDriver(config, {Script::streamed(paired), Script::streamed(light)})
                .run(request({"up"}, 0, 1'000'000, true))
                .partial,
            "");
}

}  // namespace
}  // namespace mread::merger
