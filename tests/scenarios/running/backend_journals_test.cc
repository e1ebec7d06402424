#include "scenarios/running/backend_journals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mockstore/store/journal.h"

namespace mread::scenarios {
namespace {

using mockstore::JournalEntry;
using mockstore::Moment;

// An entry that came 2 s after the journal's store started.
JournalEntry entry(uint64_t ordinal, int64_t arrived_ms) {
  JournalEntry entry;
  entry.ordinal = ordinal;
  entry.arrived = {arrived_ms, std::chrono::seconds(2)};
  entry.end = Moment{arrived_ms + 12, std::chrono::milliseconds(2012)};
  entry.queries = {{"up", 0, 1, std::nullopt}, {"foo{a=\"b\"}", 0, 1, std::nullopt}};
  entry.status = 200;
  entry.series = 3;
  entry.bytes = 450;
  entry.outcome = JournalEntry::Outcome::complete;
  return entry;
}

std::vector<JournalRequest> parsed(const std::vector<JournalEntry>& entries) {
  mockstore::Journal journal;
  for (const JournalEntry& one : entries) journal.arrived(one);
  auto requests = parse_journal(journal.to_json());
  EXPECT_TRUE(requests) << requests.error().to_string();
  return requests.value_or(std::vector<JournalRequest>());
}

TEST(ParseJournal, ReadsWhatAMockWrites) {
  const auto requests = parsed({entry(7, 1'700'000'000'250)});
  ASSERT_EQ(requests.size(), 1U);
  const JournalRequest& one = requests[0];
  EXPECT_EQ(one.ordinal, 7U);
  EXPECT_EQ(one.arrived_ms, 1'700'000'000'250);
  EXPECT_NEAR(one.duration_ms.value(), 12, 1e-6);
  EXPECT_EQ(one.request.query, "up, foo{a=\"b\"}");
  EXPECT_EQ(one.request.outcome, "complete");
  EXPECT_EQ(one.request.status, 200);
  EXPECT_EQ(one.request.series, 3U);
  EXPECT_EQ(one.request.bytes, 450U);
  EXPECT_EQ(one.request.note, "");
}

TEST(ParseJournal, ARequestWithoutAnAnswerHasNoDuration) {
  JournalEntry hung = entry(0, 1000);
  hung.end.reset();
  hung.status = 0;
  hung.outcome = JournalEntry::Outcome::in_progress;
  hung.faults = {"hang", "latency"};
  hung.refused = "wrong credentials";
  const auto requests = parsed({hung});
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_FALSE(requests[0].duration_ms);
  EXPECT_EQ(requests[0].request.outcome, "in_progress");
  EXPECT_EQ(requests[0].request.note, "wrong credentials; hang, latency");
}

TEST(ParseJournal, NamesWhatIsNoJournal) {
  for (const char* text : {"", "{", "[]", "{}", R"({"requests": [{}]})",
                           R"({"requests": [{"ordinal": 0, "arrived": {"time": "soon"}}]})"}) {
    const auto requests = parse_journal(text);
    ASSERT_FALSE(requests) << text;
    EXPECT_TRUE(requests.error().is(Errc::malformed));
    EXPECT_THAT(requests.error().context, testing::HasSubstr("no journal of a mock"));
  }
}

TEST(BackendJournals, KeepsWhatAMockForgets) {
  BackendJournals journals;
  JournalEntry hung = entry(1, 2000);
  hung.outcome = JournalEntry::Outcome::in_progress;
  hung.end.reset();
  journals.add("m", parsed({entry(0, 1500), hung}));
  // The second request has its answer, and the mock was started again.
  journals.add("m", parsed({entry(1, 2000)}));
  journals.add("m", parsed({entry(0, 9000)}));
  const auto [requests, more] = journals.requests_of("m", 1000);
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_EQ(more, 0U);
  EXPECT_DOUBLE_EQ(requests[0].at_s, 0.5);
  EXPECT_EQ(requests[1].outcome, "complete");
  EXPECT_TRUE(requests[1].duration_ms);
  EXPECT_DOUBLE_EQ(requests[2].at_s, 8);
  EXPECT_TRUE(journals.requests_of("nobody", 0).first.empty());
}

TEST(BackendJournals, CountsWhatItDoesNotKeep) {
  BackendJournals journals;
  std::vector<JournalRequest> requests;
  for (uint64_t i = 0; i < BackendJournals::most_requests + 7; ++i)
    requests.push_back({i, static_cast<int64_t>(i), std::nullopt, {}});
  journals.add("m", requests);
  const auto [kept, more] = journals.requests_of("m", 0);
  EXPECT_EQ(kept.size(), BackendJournals::most_requests);
  EXPECT_EQ(kept.front().at_s, 0);
  EXPECT_EQ(more, 7U);
}

}  // namespace
}  // namespace mread::scenarios
