#include <gmock/gmock.h>

#include "mockstore/faults/fault_schedule.h"
#include "mockstore/faults/parse_fault.h"
#include "mockstore/store_fixture.h"
#include "wire/chunk/xor_chunk.h"
#include "wire/labels/labels_view.h"
#include "wire/streamed/chunk_check.h"
#include "wire/streamed/chunked_series.h"

namespace mread::mockstore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

// Frames of known content in place of a store's: length 6, checksum of 4 bytes, data.
std::vector<std::string> three_frames() {
  std::vector<std::string> frames;
  for (const char* data : {"aaaaaa", "bbbbbb", "cccccc"})
    wire::append_frame(frames.emplace_back(), data);
  return frames;
}

Received run(const std::string& faults, bool streamed_answer = true, uint64_t ordinal = 0) {
  FaultSchedule schedule(1, "a");
  schedule.set(parse_faults(yaml::Node::parse(faults, "faults")), 0s);
  FaultChain chain = schedule.decide(ordinal, 0s);
  const auto frames = three_frames();
  const std::string samples = "0123456789";
  std::vector<Step> steps;
  HeadStep head;
  head.head.headers.set("Content-Length", "10");
  steps.emplace_back(head);
  if (streamed_answer)
    for (const auto& frame : frames) steps.emplace_back(BodyStep{frame, true, nullptr});
  else
    steps.emplace_back(BodyStep{samples, false, nullptr});
  steps.emplace_back(EndStep{});
  Received received;
  std::vector<Step> out;
  for (const Step& step : steps) {
    chain.apply(step, out);
    for (const Step& one : out) receive(one, received);
  }
  EXPECT_TRUE(chain.finished());
  return received;
}

struct Case {
  const char* name;
  const char* fault;
  std::vector<std::string> streamed;
  std::vector<std::string> samples;
};

class FaultTest : public testing::TestWithParam<Case> {};

TEST_P(FaultTest, RewritesTheStepsOfAnAnswer) {
  EXPECT_EQ(run(GetParam().fault).steps, GetParam().streamed);
  EXPECT_EQ(run(GetParam().fault, false).steps, GetParam().samples);
}

const std::vector<std::string> whole{"head 200", "frame 11", "frame 11", "frame 11", "end"};
const std::vector<std::string> whole_samples{"head 200", "body 10", "end"};

INSTANTIATE_TEST_SUITE_P(
    Faults, FaultTest,
    testing::Values(
        Case{"LatencyFixed",
             "{latency: 1s}",
             {"wait 1000ms", "head 200", "frame 11", "frame 11", "frame 11", "end"},
             {"wait 1000ms", "head 200", "body 10", "end"}},
        Case{"LatencyPerFrame",
             "{latency: {fixed: 5ms, where: per_frame}}",
             {"head 200", "wait 5ms", "frame 11", "wait 5ms", "frame 11", "wait 5ms", "frame 11",
              "end"},
             {"head 200", "wait 5ms", "body 10", "end"}},
        Case{"LatencyUniformOfOneValue",
             "{latency: {min: 2s, max: 2s}}",
             {"wait 2000ms", "head 200", "frame 11", "frame 11", "frame 11", "end"},
             {"wait 2000ms", "head 200", "body 10", "end"}},
        Case{"LatencyLognormalWithoutSpread",
             "{latency: {median: 3s, sigma: 0}}",
             {"wait 3000ms", "head 200", "frame 11", "frame 11", "frame 11", "end"},
             {"wait 3000ms", "head 200", "body 10", "end"}},
        Case{"HangBeforeHeaders", "{hang_before_headers: }", {"hang"}, {"hang"}},
        Case{"HangAfterBytes",
             "{hang_mid_body: {bytes: 15}}",
             {"head 200", "frame 11", "body 4", "hang"},
             {"head 200", "body 10", "hang"}},
        Case{"HangAfterNoBytes",
             "{hang_mid_body: {bytes: 0}}",
             {"head 200", "hang"},
             {"head 200", "hang"}},
        Case{"HangAfterFrames",
             "{hang_mid_body: {frames: 2}}",
             {"head 200", "frame 11", "frame 11", "hang"},
             {"head 200", "hang"}},
        Case{"HangAfterMoreThanThereIs",
             "{hang_mid_body: {frames: 9}}",
             {"head 200", "frame 11", "frame 11", "frame 11", "hang"},
             {"head 200", "hang"}},
        Case{"Status",
             "{status: 503}",
             {"head 503", "body 27", "end"},
             {"head 503", "body 27", "end"}},
        Case{"StatusWithText",
             "{status: {code: 500, text: disk}}",
             {"head 500", "body 5", "end"},
             {"head 500", "body 5", "end"}},
        Case{"WrongBodyIsALoginPage",
             "{wrong_body: }",
             {"head 200", "body 125", "end"},
             {"head 200", "body 125", "end"}},
        Case{"WrongBodyOfOnesOwn",
             "{wrong_body: {text: ok, type: text/plain}}",
             {"head 200", "body 2", "end"},
             {"head 200", "body 2", "end"}},
        Case{"FaultsOfDataLeaveTheStepsAlone", "[empty, {lag: 1s}, {clock_skew: 1s}, wrong_values]",
             whole, whole_samples},
        Case{"RefusedOnAnOpenConnection", "{refused: }", {"reset"}, {"reset"}},
        Case{"ResetBeforeHeaders", "{reset: before_headers}", {"reset"}, {"reset"}},
        Case{"ResetAfterBytes",
             "{reset: {after_bytes: 3}}",
             {"head 200", "body 3", "reset"},
             {"head 200", "body 3", "reset"}},
        Case{"ResetAfterMoreThanThereIs",
             "{reset: {after_bytes: 99}}",
             {"head 200", "frame 11", "frame 11", "frame 11", "reset"},
             {"head 200", "body 10", "reset"}},
        Case{"TruncateAfterVarint",
             "{truncate: {where: after_varint, frame: 1}}",
             {"head 200", "frame 11", "body 1", "end"},
             whole_samples},
        Case{"TruncateAfterCrc",
             "{truncate: {where: after_crc}}",
             {"head 200", "body 5", "end"},
             whole_samples},
        Case{"TruncateMidPayloadCut",
             "{truncate: {where: mid_payload, frame: 2, end: cut}}",
             {"head 200", "frame 11", "frame 11", "body 8", "abort"},
             whole_samples},
        Case{"TruncateAfterFrames",
             "{truncate: {frames: 1}}",
             {"head 200", "frame 11", "end"},
             whole_samples},
        Case{"TruncateAfterBytes",
             "{truncate: {bytes: 4}}",
             {"head 200", "body 4", "end"},
             {"head 200", "body 4", "end"}},
        Case{"WrongCrc", "{wrong_crc: {frame: 1}}", whole, whole_samples},
        Case{"BadChunkLeavesWhatIsNoChunkAlone", "{bad_chunk: count}", whole, whole_samples},
        Case{"UnsortedLeavesTheStepsAlone", "{unsorted: reversed}", whole, whole_samples},
        Case{"ErrorTextAtTheEnd",
             "{error_text: oops}",
             {"head 200", "frame 11", "frame 11", "frame 11", "body 5", "end"},
             {"head 500", "body 5", "end"}},
        Case{"ErrorTextAfterFrames",
             "{error_text: {text: oops, frames: 1}}",
             {"head 200", "frame 11", "body 5", "end"},
             {"head 500", "body 5", "end"}},
        Case{"ErrorTextBeforeTheFirstFrame",
             "{error_text: {text: oops, frames: 0}}",
             {"head 500", "body 5", "end"},
             {"head 500", "body 5", "end"}},
        Case{"SlicedAcrossFrames",
             "{sliced: {bytes: 8}}",
             {"head 200", "body 8", "wait 1ms", "body 3", "body 5", "wait 1ms", "body 6", "body 2",
              "wait 1ms", "body 8", "wait 1ms", "body 1", "end"},
             {"head 200", "body 8", "wait 1ms", "body 2", "end"}},
        Case{"SlicedWithAPauseOfItsOwn",
             "{sliced: {bytes: 6, pause: 20ms}}",
             {"head 200", "body 6", "wait 20ms", "body 5", "body 1", "wait 20ms", "body 6",
              "wait 20ms", "body 4", "body 2", "wait 20ms", "body 6", "wait 20ms", "body 3", "end"},
             {"head 200", "body 6", "wait 20ms", "body 4", "end"}},
        Case{"SlicedWidely",
             "{sliced: {bytes: 100}}",
             {"head 200", "body 11", "body 11", "body 11", "end"},
             whole_samples},
        Case{"LateEnd",
             "{late_end: 5s}",
             {"head 200", "frame 11", "frame 11", "frame 11", "wait 5000ms", "end"},
             {"head 200", "body 10", "wait 5000ms", "end"}},
        Case{"LateEndOfACutAnswerIsItsCut",
             "[{truncate: {bytes: 4, end: cut}}, {late_end: 5s}]",
             {"head 200", "body 4", "abort"},
             {"head 200", "body 4", "abort"}},
        Case{"HeadersLeaveTheStepsAlone", "{headers: {set: {Content-Type: text/html}}}", whole,
             whole_samples},
        Case{"Composed",
             "[{latency: 1s}, {truncate: {frames: 1, end: cut}}]",
             {"wait 1000ms", "head 200", "frame 11", "abort"},
             {"wait 1000ms", "head 200", "body 10", "end"}},
        Case{"ComposedInOneMapping",
             "{latency: 1s, status: 500}",
             {"wait 1000ms", "head 500", "body 27", "end"},
             {"wait 1000ms", "head 500", "body 27", "end"}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(WrongCrcTest, ChangesTheChecksumOfThatFrameOnly) {
  const auto received = run("{wrong_crc: {frame: 1}}");
  const auto frames = three_frames();
  ASSERT_EQ(received.frames.size(), 3u);
  EXPECT_EQ(received.frames[0], frames[0]);
  EXPECT_NE(received.frames[1], frames[1]);
  EXPECT_EQ(received.frames[1].substr(5), frames[1].substr(5));
  EXPECT_EQ(received.frames[2], frames[2]);
  wire::FrameSplitter splitter(1000);
  splitter.feed(received.body);
  ASSERT_TRUE(splitter.next());
  const auto second = splitter.next();
  ASSERT_FALSE(second);
  EXPECT_TRUE(second.error().is(Errc::checksum));
}

// Frames of one series with two chunks each, through a fault; what the frames then hold.
std::vector<std::vector<wire::ChunkView>> bad_chunks(const std::string& fault,
                                                     std::vector<std::string>& frames) {
  FaultSchedule schedule(1, "a");
  schedule.set(parse_faults(yaml::Node::parse(fault, "faults")), 0s);
  FaultChain chain = schedule.decide(0, 0s);
  std::string entries;
  wire::XorWriter writer;
  for (int64_t i = 0; i < 100; ++i)
    writer.append(model::Sample::of(i * 1000, static_cast<double>(i * i)));
  for (const int64_t at : {0, 100'000})
    wire::append_chunk(entries, at, at + 99'000, wire::ChunkEncoding::xor_, writer.bytes());
  std::string message;
  wire::encode_chunked_series(wire::encode_labels(model::LabelSet{{"__name__", "up"}}), entries, 0,
                              message);
  std::string frame;
  wire::append_frame(frame, message);
  std::vector<Step> steps{HeadStep{}, BodyStep{frame, true, nullptr},
                          BodyStep{frame, true, nullptr}, EndStep{}};
  Received received;
  std::vector<Step> out;
  for (const Step& step : steps) {
    chain.apply(step, out);
    for (const Step& one : out) receive(one, received);
  }
  frames = received.frames;
  wire::FrameSplitter splitter(10'000);
  splitter.feed(received.body);
  std::vector<std::vector<wire::ChunkView>> chunks;
  for (const std::string& each : frames) {
    const auto next = splitter.next();
    EXPECT_TRUE(next && *next) << "the checksum is right";
    wire::ChunkedResponse response;
    EXPECT_TRUE(wire::parse_chunked_response(
        std::string_view(each).substr(each.size() - (*next)->data.size()), response));
    chunks.emplace_back(response.series.at(0).chunks.begin(), response.series.at(0).chunks.end());
  }
  return chunks;
}

TEST(BadChunkTest, ChangesTheFirstChunkOfThatFrameOnly) {
  std::vector<std::string> frames;
  const auto count = bad_chunks("{bad_chunk: {what: count, frame: 1}}", frames);
  ASSERT_EQ(count.size(), 2U);
  EXPECT_TRUE(wire::verify_chunk(count[0][0]));
  EXPECT_FALSE(wire::may_hold_its_samples(count[1][0].encoding, count[1][0].data));
  EXPECT_EQ(count[1][0].data.substr(2), count[0][0].data.substr(2));
  EXPECT_EQ(count[1][1].wire, count[0][1].wire);
  const auto half = bad_chunks("{bad_chunk: short}", frames);
  EXPECT_EQ(half[0][0].data, half[1][0].data.substr(0, half[1][0].data.size() / 2));
  EXPECT_FALSE(wire::verify_chunk(half[0][0]));
  const auto times = bad_chunks("{bad_chunk: times}", frames);
  EXPECT_EQ(times[0][0].min_time_ms, 99'001);
  EXPECT_EQ(times[0][0].max_time_ms, 198'001);
  EXPECT_EQ(times[0][0].data, times[1][0].data);
  EXPECT_FALSE(wire::verify_chunk(times[0][0]));
}

TEST(StatusTest, AnswersAsGoDoes) {
  const auto received = run("{status: {code: 502, text: no gateway}}");
  EXPECT_EQ(received.body, "no gateway\n");
  EXPECT_EQ(received.headers.get("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(received.headers.get("Content-Length"), "11");
}

TEST(TruncateTest, ACleanEndAnnouncesNoLength) {
  EXPECT_FALSE(run("{truncate: {bytes: 4}}", false).headers.contains("Content-Length"));
  EXPECT_TRUE(run("{truncate: {bytes: 4, end: cut}}", false).headers.contains("Content-Length"));
}

TEST(LateEndTest, AnnouncesNoLength) {
  EXPECT_FALSE(run("{late_end: 5s}", false).headers.contains("Content-Length"));
}

TEST(HeadersTest, AreSetAndRemovedInAnyCase) {
  const auto received =
      run("[{headers: {set: {X-Cache: stale, content-type: text/html}}}, {headers: {remove: "
          "[x-CACHE, Server]}}]");
  EXPECT_EQ(received.headers.get("Content-Type"), "text/html");
  EXPECT_FALSE(received.headers.contains("X-Cache"));
  EXPECT_EQ(received.headers.get("Content-Length"), "10") << "of the store";
}

TEST(LatencyTest, DrawsWithinItsBoundsAndTheSameForTheSameRequest) {
  bool differs = false;
  for (uint64_t ordinal = 0; ordinal < 200; ++ordinal) {
    const auto first = run("{latency: {min: 100ms, max: 200ms}}", true, ordinal).steps.front();
    EXPECT_EQ(first, run("{latency: {min: 100ms, max: 200ms}}", true, ordinal).steps.front());
    const int wait = std::stoi(first.substr(5));
    EXPECT_GE(wait, 100);
    EXPECT_LE(wait, 200);
    differs = differs || first != run("{latency: {min: 100ms, max: 200ms}}", true, 0).steps.front();
  }
  EXPECT_TRUE(differs);
}

TEST(LatencyTest, LognormalHasItsMedian) {
  int below = 0;
  for (uint64_t ordinal = 0; ordinal < 1000; ++ordinal)
    below +=
        std::stoi(run("{latency: {median: 1s, sigma: 1}}", true, ordinal).steps.front().substr(5)) <
                1000
            ? 1
            : 0;
  EXPECT_NEAR(below, 500, 60);
}

TEST(UnsortedTest, SetsTheOrderAndTheSameShuffleForTheSameRequest) {
  FaultSchedule schedule(1, "a");
  schedule.set(parse_faults(yaml::Node::parse("{unsorted: shuffled}", "f")), 0s);
  const auto shape = schedule.decide(3, 0s).shape();
  EXPECT_EQ(shape.order, AnswerShape::Order::shuffled);
  EXPECT_EQ(shape.shuffle_seed, schedule.decide(3, 0s).shape().shuffle_seed);
  EXPECT_NE(shape.shuffle_seed, schedule.decide(4, 0s).shape().shuffle_seed);
}

TEST(FaultScheduleTest, StandsFromAtForAsLong) {
  FaultSchedule schedule(1, "a");
  schedule.set(parse_faults(yaml::Node::parse("{status: 500, at: 5s, for: 10s}", "f")), 0s);
  EXPECT_TRUE(schedule.decide(0, 4999ms).empty());
  EXPECT_FALSE(schedule.decide(1, 5s).empty());
  EXPECT_FALSE(schedule.decide(2, 14999ms).empty());
  EXPECT_TRUE(schedule.decide(3, 15s).empty());
}

TEST(FaultScheduleTest, CountsAtFromTheMomentItWasSet) {
  FaultSchedule schedule(1, "a");
  schedule.set(parse_faults(yaml::Node::parse("{status: 500, for: 10s}", "f")), 100s);
  EXPECT_FALSE(schedule.decide(0, 105s).empty());
  EXPECT_TRUE(schedule.decide(1, 110s).empty());
}

TEST(FaultScheduleTest, FirstCountsRequestsWhileTheRuleStands) {
  FaultSchedule schedule(1, "a");
  schedule.set(parse_faults(yaml::Node::parse("{status: 500, at: 5s, first: 2}", "f")), 0s);
  EXPECT_TRUE(schedule.decide(0, 0s).empty());
  EXPECT_FALSE(schedule.decide(1, 5s).empty());
  EXPECT_FALSE(schedule.decide(2, 5s).empty());
  EXPECT_TRUE(schedule.decide(3, 5s).empty());
}

TEST(FaultScheduleTest, ProbabilityIsAFunctionOfSeedNodeAndOrdinal) {
  const auto hits = [](uint64_t seed, const char* node) {
    FaultSchedule schedule(seed, node);
    schedule.set(parse_faults(yaml::Node::parse("{status: 500, probability: 0.3}", "f")), 0s);
    std::vector<bool> result;
    for (uint64_t ordinal = 0; ordinal < 1000; ++ordinal)
      result.push_back(!schedule.decide(ordinal, 0s).empty());
    return result;
  };
  EXPECT_EQ(hits(1, "a"), hits(1, "a"));
  EXPECT_NE(hits(1, "a"), hits(2, "a"));
  EXPECT_NE(hits(1, "a"), hits(1, "b"));
  const auto one = hits(1, "a");
  EXPECT_NEAR(std::count(one.begin(), one.end(), true), 300, 60);
}

TEST(FaultScheduleTest, TellsWhenTheListenerIsToCloseAndOpen) {
  FaultSchedule schedule(1, "a");
  schedule.set(parse_faults(yaml::Node::parse(
                   "[{refused: , at: 5s, for: 10s}, {status: 500, at: 1s}]", "f")),
               0s);
  EXPECT_FALSE(schedule.refusing(0s));
  EXPECT_EQ(schedule.next_change(0s), 5s);
  EXPECT_TRUE(schedule.refusing(5s));
  EXPECT_EQ(schedule.next_change(5s), 15s);
  EXPECT_FALSE(schedule.refusing(15s));
  EXPECT_EQ(schedule.next_change(15s), std::nullopt);
}

TEST(FaultScheduleTest, ShowsItsRulesInTheirNotation) {
  FaultSchedule schedule(1, "a");
  EXPECT_EQ(schedule.to_json(), "[]");
  schedule.set(parse_faults(yaml::Node::parse("{truncate: {where: after_crc}, first: 2}", "f")),
               0s);
  EXPECT_EQ(schedule.to_json(), R"([{"truncate":{"where":"after_crc"},"first":"2"}])");
  const auto again = parse_faults(yaml::Node::parse(schedule.to_json(), "f"));
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].first, 2u);
}

struct BadFault {
  const char* notation;
  const char* message;
};

class BadFaultTest : public testing::TestWithParam<BadFault> {};

TEST_P(BadFaultTest, IsRefusedWithItsPlace) {
  try {
    parse_faults(yaml::Node::parse(GetParam().notation, "faults.yml"));
    FAIL() << "accepted";
  } catch (const yaml::ConfigError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("faults.yml:1:"));
    EXPECT_THAT(error.what(), HasSubstr(GetParam().message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Faults, BadFaultTest,
    testing::Values(
        BadFault{"{latncy: 1s}", "did you mean \"latency\"?"},
        BadFault{"{at: 1s}", "no fault named"},
        BadFault{"{latency: {min: 2s, max: 1s}}", "max is below min"},
        BadFault{"{latency: {fixed: 2s, sigma: 1}}", "a latency is"},
        BadFault{"{latency: 1.5h}", "1.5h"}, BadFault{"{status: 9999}", "9999"},
        BadFault{"{truncate: {frames: 1, bytes: 2}}", "say where"},
        BadFault{"{truncate: {frames: 1, frame: 2}}", "'frame' belongs to 'where'"},
        BadFault{"{hang_mid_body: {}}", "say where"}, BadFault{"{headers: {}}", "say which"},
        BadFault{"{headers: {set: {Bad Name: x}}}", "letters, digits and hyphens"},
        BadFault{"{headers: {set: {X: \"a\\nb\"}}}", "printable ASCII"},
        BadFault{"{headers: {remove: content-length}}", "follows from how the body is sent"},
        BadFault{"{late_end: soon}", "soon"}, BadFault{"{sliced: {bytes: 0}}", "pieces of 0 bytes"},
        BadFault{"{sliced: {pause: 1s}}", "\"bytes\" is missing"},
        BadFault{"{refused: , probability: 0.5}", "'refused' closes the listener"},
        BadFault{"{status: 500, probability: 2}", "from 0 to 1"}));

TEST(FaultNotation, AFaultWithoutSettingsIsAWordAlone) {
  for (const char* word : {"hang_before_headers", "refused", "reset", "unsorted", "wrong_crc"}) {
    const FaultRule bare = parse_fault(yaml::Node::parse(word, "f"));
    const FaultRule mapped = parse_fault(yaml::Node::parse(std::string("{") + word + ": }", "f"));
    ASSERT_EQ(bare.faults.size(), 1U);
    EXPECT_EQ(bare.faults[0]->name(), word);
    EXPECT_EQ(bare.notation, mapped.notation) << "the journal and the mock's orders have one form";
  }
  EXPECT_EQ(
      parse_faults(yaml::Node::parse("[hang_before_headers, {status: 500, first: 1}]", "f")).size(),
      2U);
  const std::pair<const char*, const char*> wrong[] = {
      {"hang_before_header",
       "f:1:1: unknown fault \"hang_before_header\"; did you mean \"hang_before_headers\"?"},
      {"latency", "f:1:1: 'latency' needs its settings: {latency: …}"},
      {"at", "f:1:1: unknown fault \"at\""},
  };
  for (const auto& [text, message] : wrong) {
    try {
      parse_fault(yaml::Node::parse(text, "f"));
      ADD_FAILURE() << text;
    } catch (const yaml::ConfigError& error) {
      EXPECT_EQ(std::string(error.what()).find(message), 0U) << error.what();
    }
  }
}

TEST(DataFaultTest, WrongSettingsHaveTheirPlace) {
  const auto error_of = [](const std::string& faults) -> std::string {
    try {
      parse_faults(yaml::Node::parse(faults, "f"));
    } catch (const yaml::ConfigError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_THAT(error_of("[{empty: 1}]"), HasSubstr("f:1:10: empty has no settings"));
  EXPECT_THAT(error_of("[{lag: soon}]"), HasSubstr("f:1:8: "));
  EXPECT_THAT(error_of("[{clock_skew: {}}]"), HasSubstr("{ahead: 30s} or {behind: 30s}"));
  EXPECT_THAT(error_of("[{clock_skew: {ahead: 1s, behind: 1s}}]"), HasSubstr("f:1:15: "));
  EXPECT_THAT(error_of("[{wrong_values: {factor: 1}}]"), HasSubstr("say what is wrong"));
  EXPECT_THAT(error_of("[{wrong_body: {type: \"a\\nb\"}}]"), HasSubstr("printable ASCII"));
}

}  // namespace
}  // namespace mread::mockstore
