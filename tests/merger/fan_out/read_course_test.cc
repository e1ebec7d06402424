// Courses of whole reads: each event, and exactly the actions that the machine answers it with.
// Together they document the protocol between FanOut and its driver. docs/internals/states.md has
// the states.
//
// Backends are a, b, c, each with remote_timeout 8s; request 0 is the first that is asked. The time
// is told from the start of the read.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"

namespace mread::merger {
namespace {

using namespace tests;  // NOLINT: mread::merger::tests
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using State = BackendOutcome::State;

constexpr TimePoint start = TimePoint(1h);

/// A read without a driver: events are passed on as they are, actions are put into words.
class Course {
 public:
  explicit Course(const std::string& settings, bool streamed = true, FanOutOptions options = {},
                  const std::vector<std::string>& selectors = {"up"}, size_t backends = 2)
      : config_(config_of(backends, settings)),
        machine_(config_, request(selectors, 0, 10'000'000, streamed), start, std::move(options)) {}

  void time_is(std::chrono::milliseconds since_start) { now_ = start + since_start; }
  void responds(RequestId id, std::string_view type = streamed_type) {
    machine_.on_response(id, 200, type, "", "", now_);
  }
  void sends(RequestId id, const std::string& piece) {
    machine_.on_data(id, std::make_shared<const std::string>(piece), now_);
  }
  void ends(RequestId id) { machine_.on_end(id, now_); }
  void breaks(RequestId id) {
    machine_.on_failure(id, Error(Errc::truncated, "connection closed"), now_);
  }
  void timer_fires() { machine_.on_wake(now_); }
  void client_has_taken() { machine_.on_sent(now_); }
  FanOut& machine() { return machine_; }
  TimePoint now() const { return now_; }

  /// What the driver has to do now.
  std::vector<std::string> actions() {
    std::vector<std::string> words;
    while (const auto action = machine_.poll(now_)) {
      words.push_back(std::visit([this](const auto& each) { return word(each); }, *action));
    }
    return words;
  }

 private:
  std::string word(const Ask& ask) {
    return fmt::format("Ask {}: {}", ask.id, config_.backends[ask.backend].name);
  }
  std::string word(const Read& read) { return fmt::format("Read {}", read.id); }
  std::string word(const Drop& drop) { return fmt::format("Drop {}", drop.id); }
  std::string word(const Head& head) {
    type_ = head.content_type;
    return fmt::format("Head {}{}{}", head.status, head.partial.empty() ? "" : ", without ",
                       head.partial);
  }
  std::string word(const Body& body) {
    std::string bytes;
    for (const auto piece : body.pieces) bytes += piece;
    std::string text = type_ == streamed_type  ? show(read_streamed(bytes))
                       : type_ == samples_type ? show(read_samples(bytes).at(0))
                                               : bytes;
    if (text.ends_with('\n')) text.pop_back();
    for (char& c : text) c = c == '\n' ? ';' : c;
    return "Body " + text;
  }
  std::string word(const Finish& finish) {
    return finish.partial.empty() ? "Finish" : "Finish, without " + finish.partial;
  }
  std::string word(const Abort& abort) { return "Abort: " + abort.reason.context; }
  std::string word(const WakeAt& wake) {
    return fmt::format("WakeAt {}ms", (wake.at - start) / 1ms);
  }

  config::Config config_;
  FanOut machine_;
  TimePoint now_ = start;
  std::string type_;
};

std::string frame_of_series(const std::string& notation, double value) {
  return frame(notation, samples(5000, 1000, {value}));
}
const std::string up_a = frame_of_series("up{n=\"a\"}", 1);
const std::string up_b = frame_of_series("up{n=\"b\"}", 2);
const std::string up_c = frame_of_series("up{n=\"c\"}", 3);

const std::string up_d = frame_of_series("up{n=\"d\"}", 4);

/// A backend's series is whole once the next one has come, and leaves once that one is whole too.
FanOutOptions without_window() {
  FanOutOptions options;
  options.window_bytes = 0;
  return options;
}

TEST(ReadCourse, AHealthyPair) {
  Course read("");
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "Ask 1: b", "WakeAt 8000ms"));
  read.responds(0);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.sends(0, up_a);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.ends(0);
  EXPECT_THAT(read.actions(), IsEmpty());  // b may still have a series before a's.
  read.responds(1);
  EXPECT_THAT(read.actions(), ElementsAre("Read 1"));
  read.sends(1, up_b);
  EXPECT_THAT(read.actions(), ElementsAre("Read 1"));
  read.ends(1);
  EXPECT_THAT(read.actions(),
              ElementsAre("Head 200", "Body up{n=\"a\"} 1@5000;up{n=\"b\"} 2@5000"));
  EXPECT_FALSE(read.machine().done());
  read.client_has_taken();
  EXPECT_THAT(read.actions(), ElementsAre("Finish"));
  EXPECT_TRUE(read.machine().done());
}

TEST(ReadCourse, OneIsDownAndTheAnswerIsPartial) {
  Course read("partial: any\n");
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "Ask 1: b", "WakeAt 8000ms"));
  read.breaks(1);
  EXPECT_THAT(read.actions(), ElementsAre("Drop 1"));
  read.responds(0);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.sends(0, up_a);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.ends(0);
  EXPECT_THAT(read.actions(),
              ElementsAre("Head 200, without b: connection closed", "Body up{n=\"a\"} 1@5000"));
  read.client_has_taken();
  EXPECT_THAT(read.actions(), ElementsAre("Finish"));
}

TEST(ReadCourse, OneIsDownAndItsGroupHasAnother) {
  Course read("partial: group\ngroups: [{name: g, members: [a, b]}]\n");
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "Ask 1: b", "WakeAt 8000ms"));
  read.breaks(1);
  EXPECT_THAT(read.actions(), ElementsAre("Drop 1"));
  read.responds(0);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.ends(0);
  EXPECT_THAT(read.actions(), ElementsAre("Head 200, without b: connection closed", "Finish"));
}

TEST(ReadCourse, OneIsDownAndAllAreNeeded) {
  Course read("partial: all\n");
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "Ask 1: b", "WakeAt 8000ms"));
  read.breaks(1);
  EXPECT_THAT(read.actions(), ElementsAre("Drop 1"));
  read.responds(0);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.ends(0);  // All failures are told, so the refusal waits for every answer.
  EXPECT_THAT(read.actions(), ElementsAre("Head 503", "Body b: connection closed"));
  read.client_has_taken();
  EXPECT_THAT(read.actions(), ElementsAre("Finish"));
}

TEST(ReadCourse, AFailureInMidAnswerAborts) {
  Course read("", true, without_window());
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "Ask 1: b", "WakeAt 8000ms"));
  read.responds(0);
  read.responds(1);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0", "Read 1"));
  read.sends(0, up_a + up_c + up_d);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.sends(1, up_b + up_c + up_d);
  EXPECT_THAT(read.actions(),
              ElementsAre("Head 200", "Body up{n=\"a\"} 1@5000;up{n=\"b\"} 2@5000", "Read 1"));
  read.breaks(0);
  EXPECT_THAT(read.actions(), ElementsAre("Drop 0", "Drop 1", "Abort: a: connection closed"));
  EXPECT_TRUE(read.machine().done());
}

TEST(ReadCourse, AFailureInMidAnswerIsMadeGoodByADroppedMember) {
  Course read("groups: [{name: g, members: [a, b], wait: need}]\n", true, without_window());
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "Ask 1: b", "WakeAt 8000ms"));
  read.responds(0);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.sends(0, up_a + up_b + up_c);  // a is ready, and one is all that the group needs.
  EXPECT_THAT(read.actions(),
              ElementsAre("Drop 1", "Head 200", "Body up{n=\"a\"} 1@5000", "Read 0"));
  read.breaks(0);
  EXPECT_THAT(read.actions(), ElementsAre("Drop 0", "Ask 2: b"));
  read.responds(2);
  EXPECT_THAT(read.actions(), ElementsAre("Read 2"));
  read.sends(2, up_a + up_b + up_c);  // b is asked for all, and what was sent is skipped.
  EXPECT_THAT(read.actions(), ElementsAre("Read 2"));
  read.ends(2);
  EXPECT_THAT(read.actions(), IsEmpty());
  read.client_has_taken();
  EXPECT_THAT(read.actions(), ElementsAre("Body up{n=\"b\"} 2@5000;up{n=\"c\"} 3@5000"));
  read.client_has_taken();
  EXPECT_THAT(read.actions(), ElementsAre("Finish, without a: connection closed"));
  EXPECT_EQ(read.machine().outcome().failovers, 1u);
}

TEST(ReadCourse, OneHangsUntilItsDeadline) {
  Course read("partial: any\n");
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "Ask 1: b", "WakeAt 8000ms"));
  read.responds(0);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.time_is(1s);
  read.sends(0, up_a);  // From here on a has 7s of waiting left.
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.ends(0);
  EXPECT_THAT(read.actions(), IsEmpty());
  read.time_is(8s);
  read.timer_fires();
  EXPECT_THAT(read.actions(),
              ElementsAre("Drop 1", "Head 200, without b: deadline 8s", "Body up{n=\"a\"} 1@5000"));
  read.client_has_taken();
  EXPECT_THAT(read.actions(), ElementsAre("Finish"));
}

TEST(ReadCourse, AHedgeWins) {
  Course read("groups: [{name: g, members: [a, b], wait: need, hedge_after: 1s}]\n");
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "WakeAt 1000ms"));
  read.time_is(1s);
  read.timer_fires();
  EXPECT_THAT(read.actions(), ElementsAre("Ask 1: b", "WakeAt 8000ms"));
  read.responds(1);
  EXPECT_THAT(read.actions(), ElementsAre("Read 1"));
  read.sends(1, up_b);
  EXPECT_THAT(read.actions(), ElementsAre("Read 1"));
  read.ends(1);
  EXPECT_THAT(read.actions(), ElementsAre("Drop 0", "Head 200", "Body up{n=\"b\"} 2@5000"));
  read.client_has_taken();
  EXPECT_THAT(read.actions(), ElementsAre("Finish"));
  EXPECT_EQ(read.machine().outcome().hedges, (std::vector<HedgeCounts>{{1, 0, 0}}));
}

TEST(ReadCourse, TwoQueriesOneAtATime) {
  Course read("limits: {queries_at_once: 1}\n", true, {}, {"up", "up"}, 1);
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "WakeAt 8000ms"));
  read.responds(0);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.sends(0, up_a);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.time_is(2s);
  read.ends(0);
  EXPECT_THAT(read.actions(), ElementsAre("Ask 1: a"));
  read.responds(1);
  EXPECT_THAT(read.actions(), ElementsAre("Read 1"));
  read.ends(1);
  EXPECT_THAT(read.actions(), ElementsAre("Head 200", "Body up{n=\"a\"} 1@5000"));
  read.client_has_taken();
  EXPECT_THAT(read.actions(), ElementsAre("Finish"));
}

// The driver asks for the outcome, and destroys the machine.
TEST(ReadCourse, TheClientLeaves) {
  Course read("", true, without_window());
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "Ask 1: b", "WakeAt 8000ms"));
  read.responds(0);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.ends(0);
  EXPECT_THAT(read.actions(), IsEmpty());
  read.time_is(3s);
  const Outcome outcome = read.machine().outcome(read.now());
  EXPECT_EQ(outcome.backends[0].state, State::complete);
  EXPECT_EQ(outcome.backends[0].total, 0s);
  EXPECT_EQ(outcome.backends[1].state, State::waiting);
  EXPECT_EQ(outcome.backends[1].total, 3s);
}

TEST(ReadCourse, OneHoldsMoreThanTheReadMay) {
  Course read("partial: any\nlimits: {bytes_in_flight: 64KiB}\n");
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "Ask 1: b", "WakeAt 8000ms"));
  read.responds(0, samples_type);  // A SAMPLES answer is held as a whole.
  EXPECT_THAT(read.actions(), ElementsAre("Read 0"));
  read.sends(0, std::string(100'000, 'x'));
  EXPECT_THAT(read.actions(), ElementsAre("Drop 0"));
  read.responds(1);
  EXPECT_THAT(read.actions(), ElementsAre("Read 1"));
  read.sends(1, up_b);
  EXPECT_THAT(read.actions(), ElementsAre("Read 1"));
  read.ends(1);
  EXPECT_THAT(
      read.actions(),
      ElementsAre("Head 200, without a: more than 65536 bytes held (limits.bytes_in_flight)",
                  "Body up{n=\"b\"} 2@5000"));
}

TEST(ReadCourse, BrokenSamplesMakeTheMergeStartAgain) {
  std::string broken = samples_body("up{n=\"b\"}", samples(5000, 1000, {2, 3, 4}));
  broken.resize(broken.size() - 3);
  Course read("partial: any\n", false);
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "Ask 1: b", "WakeAt 8000ms"));
  read.responds(0, samples_type);
  read.responds(1, samples_type);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0", "Read 1"));
  read.sends(0, samples_body("up{n=\"a\"}", samples(5000, 1000, {1})));
  read.sends(1, broken);
  EXPECT_THAT(read.actions(), ElementsAre("Read 0", "Read 1"));
  read.ends(0);
  EXPECT_THAT(read.actions(), IsEmpty());
  read.ends(1);  // Its check is deferred: only the merge finds the error, and nothing was sent yet.
  const auto actions = read.actions();
  ASSERT_EQ(actions.size(), 2u);
  EXPECT_THAT(actions[0], ::testing::StartsWith("Head 200, without b: "));
  EXPECT_EQ(actions[1], "Body up{n=\"a\"} 1@5000");
  read.client_has_taken();
  EXPECT_THAT(read.actions(), ElementsAre("Finish"));
}

TEST(ReadCourse, ATooLongRangeIsRefused) {
  Course read("limits: {query_range: 1h}\n");
  EXPECT_THAT(read.actions(),
              ElementsAre("Head 400",
                          "Body the query asks for samples of more than 1h (limits.query_range)"));
  EXPECT_FALSE(read.machine().done());
  read.client_has_taken();
  EXPECT_THAT(read.actions(), ElementsAre("Finish"));
  EXPECT_TRUE(read.machine().done());
}

TEST(ReadCourse, ThereIsNoRoomForTheRead) {
  Course read("");
  EXPECT_THAT(read.actions(), ElementsAre("Ask 0: a", "Ask 1: b", "WakeAt 8000ms"));
  read.machine().give_up("too many reads");
  EXPECT_THAT(read.actions(), ElementsAre("Drop 0", "Drop 1", "Head 503", "Body too many reads"));
  read.responds(0);  // Late events are ignored.
  EXPECT_THAT(read.actions(), IsEmpty());
  read.client_has_taken();
  EXPECT_THAT(read.actions(), ElementsAre("Finish"));
}

}  // namespace
}  // namespace mread::merger
