// Traps 9 to 11 of docs/internals/traps.md: answers that break off, are damaged, or are none, and
// failures in mid-read. Each test carries its trap's number.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merger/fan_out/trap_reads.h"
#include "wire/samples/samples_response.h"
#include "wire/snappy/snappy_block.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Broken {
  const char* name;
  std::string body;
  const char* want;
};

class Trap09 : public ::testing::TestWithParam<Broken> {};

// The healthy backend's data comes whole, the broken one's failure is named, and no bytes of it
// leak into the answer.
TEST_P(Trap09, FailsThatBackendAlone) {
  const std::string good = frame(up, one(5000, 2));
  for (const bool streamed : {true, false}) {
    const config::Config any = config_of(2, "partial: any\n");
    const Answer partial =
        read(any, {Script::streamed(GetParam().body), Script::streamed(good)}, streamed);
    EXPECT_EQ(shown(partial, streamed), "up{job=\"a\"} 2@5000\n");
    EXPECT_THAT(partial.partial, StartsWith("a: "));
    EXPECT_THAT(partial.partial, HasSubstr(GetParam().want));
    const config::Config strict = config_of(2);
    const Answer refused =
        read(strict, {Script::streamed(GetParam().body), Script::streamed(good)}, streamed);
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.body, partial.partial + "\n");
  }
}

std::string flipped(std::string text, size_t at) {
  text[at] = static_cast<char>(text[at] ^ 1);
  return text;
}

const std::string whole = frame(up, samples(4000, 1000, {1, 2, 3}));

INSTANTIATE_TEST_SUITE_P(
    Table, Trap09,
    ::testing::Values(
        Broken{"AfterTheLength", whole + whole.substr(0, 1), "frame 1"},
        Broken{"AfterTheChecksum", whole + whole.substr(0, 5), "frame 1"},
        Broken{"MidPayload", whole.substr(0, whole.size() - 4), "frame 0"},
        Broken{"WrongChecksum", flipped(whole, 2), "frame 0"},
        Broken{"FlippedPayload", flipped(whole, 12), "frame 0"},
        Broken{"TextAfterFrames", whole + "rpc error: storage is closed\n", "frame 1"},
        Broken{"LengthOverTheLimit", std::string("\xff\xff\xff\xff\x0f", 5) + "abcd", "frame 0"},
        Broken{"LengthThatNeverEnds", std::string(20, '\xff'), "frame 0"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

// ---- chunks that a right checksum covers

enum class Bad { count, cut, early, late, falling };

// Half an hour of samples, and what is wrong with them.
std::string bad_frame(Bad bad) {
  Samples all = samples(5000, 15'000, std::vector<double>(120, 1.5));
  if (bad == Bad::falling) std::swap(all[50], all[51]);
  RawChunk chunk = xor_chunk(all);
  if (bad == Bad::count) chunk.data[0] = 4;  // 1144 samples.
  if (bad == Bad::cut) chunk.data.resize(chunk.data.size() - 1);
  if (bad == Bad::early) chunk.min_time_ms += 1;
  if (bad == Bad::late) chunk.max_time_ms -= 1;
  return frame_with(labels(up), {chunk});
}

// Whoever asks, what a chunk can be seen not to hold costs its backend, and nobody else.
TEST(BadChunks, ACountThatTheBytesCannotHoldIsAFailureOfItsBackend) {
  const std::string good = frame("up{job=\"b\"}", one(5000, 2));
  const std::string reason = "a: frame 0: xor chunk: 1144 samples in ";
  for (const bool streamed : {true, false}) {
    const std::vector<Script> scripts{Script::streamed(bad_frame(Bad::count)),
                                      Script::streamed(good)};
    const Answer partial = read(config_of(2, "partial: any\n"), scripts, streamed);
    EXPECT_EQ(shown(partial, streamed), "up{job=\"b\"} 2@5000\n");
    EXPECT_THAT(partial.partial, StartsWith(reason));
    const Answer refused = read(config_of(2), scripts, streamed);
    EXPECT_EQ(refused.status, 503);
    EXPECT_THAT(refused.body, StartsWith(reason));
  }
}

// Passed on, it would fail the client's whole query.
TEST(BadChunks, VerifyChunksFindsWhatOnlyReadingShows) {
  const std::string good = frame("up{job=\"b\"}", one(5000, 2));
  struct Case {
    Bad bad;
    const char* reason;
  };
  for (const Case& each :
       {Case{Bad::cut, "the chunk ends before it"}, Case{Bad::early, "a sample at 5000 in a chunk"},
        Case{Bad::late, "a sample at 1790000 in a chunk"},
        Case{Bad::falling, "comes after one at"}}) {
    const std::vector<Script> scripts{Script::streamed(bad_frame(each.bad)),
                                      Script::streamed(good)};
    const std::string more = "partial: any\nmerge: {verify_chunks: true}\n";
    const Answer partial = read(config_of(2, more), scripts, true);
    EXPECT_EQ(shown(partial, true), "up{job=\"b\"} 2@5000\n") << each.reason;
    EXPECT_THAT(partial.partial, StartsWith("a: frame 0: ")) << each.reason;
    EXPECT_THAT(partial.partial, HasSubstr(each.reason));
    // Otherwise it goes through as it came.
    const Answer trusted = read(config_of(1), {scripts[0]}, true);
    EXPECT_EQ(trusted.body, bad_frame(each.bad)) << each.reason;
  }
}

// A decoded chunk shows it whatever the setting: trusted, its samples would be lost, doubled or out
// of order.
TEST(BadChunks, SamplesOutsideOfTheClaimAreFoundWhereTheyAreDecoded) {
  for (const Bad bad : {Bad::early, Bad::late}) {
    const Answer samples_form = read(config_of(1), {Script::streamed(bad_frame(bad))}, false);
    EXPECT_EQ(samples_form.status, 503);
    EXPECT_THAT(samples_form.body, HasSubstr("in a chunk that claims"));
    const std::string other = frame(up, samples(6000, 15'000, std::vector<double>(120, 1.5)));
    const Answer merged = read(config_of(2, "partial: any\n"),
                               {Script::streamed(bad_frame(bad)), Script::streamed(other)}, true);
    EXPECT_EQ(merged.body, other);
    EXPECT_THAT(merged.partial + merged.trailer, HasSubstr("a: xor chunk: a sample at "));
  }
}

TEST(Trap09, BodiesThatAreNoSnappyBlock) {
  for (const std::string& body :
       {std::string("\xff\x06\x00\x00sNaPpY", 10), std::string("\x1f\x8b\x08\x00", 4),
        std::string("\x80\x80\x80\x80\x10"
                    "aaa"),
        std::string("plain text")}) {
    const config::Config config = config_of(2, "partial: any\n");
    const Answer answer = read(
        config, {Script::samples_form(body), Script::streamed(frame(up, one(5000, 2)))}, false);
    EXPECT_EQ(shown(answer, false), "up{job=\"a\"} 2@5000\n");
    EXPECT_THAT(answer.partial, StartsWith("a: "));
  }
}

TEST(Trap09, GzipFromAProxyIsCalledByItsName) {
  Script script = Script::samples_form("x");
  script.content_encoding = "gzip";
  const config::Config config = config_of(1);
  const Answer answer = read(config, {script}, false);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "a: Content-Encoding \"gzip\" where snappy belongs\n");
}

TEST(Trap10, FailureBeforeTheFirstFrameAndAfterIt) {
  const std::string body = frame(up, one(5000, 1)) + frame("up{job=\"b\"}", one(5000, 1));
  for (const size_t at : {size_t{0}, body.size() / 2}) {
    Script script = Script::streamed(body);
    script.break_at = at;
    const config::Config config = config_of(2, "partial: any\n");
    const Answer answer = read(config, {script, Script::streamed(frame(up, one(5000, 2)))}, true);
    EXPECT_EQ(shown(answer, true), "up{job=\"a\"} 2@5000\n");
    EXPECT_EQ(answer.partial, "a: connection closed in mid-body");
  }
}

TEST(Trap11, FrameOverChunkedReadLimit) {
  const config::Config config = config::Config::parse(
      "remote_read: [{name: a, url: 'http://a/read', chunked_read_limit: 20B}]", "mread.yml");
  const Answer answer = read(config, {Script::streamed(frame(up, one(5000, 1)))}, true);
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("limit"));
}

TEST(Trap11, DescendingAndNegativeTimestampsAreSorted) {
  const Samples odd{model::Sample::of(7000, 3), model::Sample::of(5000, 1),
                    model::Sample::of(6000, 2), model::Sample::of(5000, 9)};
  for (const bool streamed : {true, false}) {
    const config::Config config = config_of(1);
    EXPECT_EQ(
        shown(read(config, {Script::samples_form(samples_body(up, odd))}, streamed), streamed),
        "up{job=\"a\"} 1@5000 2@6000 3@7000\n");
  }
  const config::Config config = config_of(1);
  FanOutDriver driver(config,
                      {Script::samples_form(samples_body(up, samples(-5000, 1000, {1, 2})))});
  EXPECT_EQ(show(read_samples(driver.run(request({"up"}, -10000, 10000, false)).body).at(0)),
            "up{job=\"a\"} 1@-5000 2@-4000\n");
}

TEST(Trap11, FewerAndMoreResultsThanQueries) {
  wire::ReadResponseWriter writer;
  const std::string none = wire::compress(writer.bytes());
  writer.begin_result();
  writer.begin_result();
  const std::string two = wire::compress(writer.bytes());
  for (const auto& body : {none, two}) {
    const config::Config config = config_of(1);
    const Answer answer = read(config, {Script::samples_form(body)}, true);
    EXPECT_EQ(answer.status, 503);
    EXPECT_THAT(answer.body, HasSubstr("results for 1 query"));
  }
  const config::Config config = config_of(1);
  const Answer answer =
      read(config, {Script::streamed(frame_with(labels(up), {xor_chunk(one(5000, 1))}, 3))}, true);
  EXPECT_THAT(answer.body, HasSubstr("answers query 4 of 1"));
}

}  // namespace
}  // namespace mread::merger
