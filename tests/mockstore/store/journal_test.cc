#include "mockstore/store/journal.h"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::mockstore {
namespace {

using testing::ElementsAre;

JournalEntry request(uint64_t ordinal, const std::string& selector = "up") {
  JournalEntry entry;
  entry.ordinal = ordinal;
  entry.peer = "127.0.0.1:40312";
  entry.queries.push_back({selector, 0, 60'000, std::nullopt});
  return entry;
}

std::vector<uint64_t> ordinals(const Journal& journal) {
  std::vector<uint64_t> out;
  for (const JournalEntry& entry : journal.entries()) out.push_back(entry.ordinal);
  return out;
}

TEST(Journal, KeepsTheOrderOfTheNumbers) {
  Journal journal;
  for (const uint64_t ordinal : {1, 0, 3, 2}) journal.arrived(request(ordinal));
  EXPECT_THAT(ordinals(journal), ElementsAre(0, 1, 2, 3));
}

TEST(Journal, DropsTheOldestAboveItsCapacityAndCountsAll) {
  Journal journal(2);
  for (uint64_t i = 0; i < 5; ++i) journal.arrived(request(i));
  EXPECT_THAT(ordinals(journal), ElementsAre(3, 4));
  EXPECT_EQ(journal.total(), 5u);
  EXPECT_EQ(journal.dropped(), 0u) << "only the limit of bytes is counted there";
}

TEST(Journal, DropsTheOldestAboveItsBytes) {
  Journal journal(100, {.entry_bytes = 64U << 10, .bytes = 20'000});
  for (uint64_t i = 0; i < 10; ++i) journal.arrived(request(i, std::string(4000, 'a')));
  EXPECT_LE(journal.bytes(), 20'000u);
  EXPECT_GT(journal.dropped(), 0u);
  EXPECT_EQ(journal.entries().size() + journal.dropped(), 10u);
  EXPECT_EQ(ordinals(journal).back(), 9u);
}

TEST(Journal, ALargeRequestIsCut) {
  Journal journal(100, {.entry_bytes = 20'000, .bytes = 1U << 20});
  JournalEntry entry = request(0, std::string(100'000, 'a'));
  for (int i = 0; i < 1000; ++i) entry.queries.push_back(entry.queries.front());
  entry.accepted.assign(5000, 1);
  journal.arrived(std::move(entry));
  const JournalEntry kept = journal.entries().at(0);
  EXPECT_LE(journal.bytes(), 25'000u);
  EXPECT_GE(kept.queries.size(), 1u);
  EXPECT_LT(kept.queries.front().selector.size(), 5000u);
  EXPECT_EQ(kept.accepted.size(), 100u);
  EXPECT_GT(kept.bytes_left_out, 100'000'000u);
}

TEST(Journal, ChangesAnEntryThatIsThere) {
  Journal journal(1);
  journal.arrived(request(0));
  journal.update(0, [](JournalEntry& entry) { entry.status = 200; });
  EXPECT_EQ(journal.entries().at(0).status, 200);
  journal.arrived(request(1));
  journal.update(0, [](JournalEntry&) { FAIL() << "it has been dropped"; });
}

TEST(Journal, IsEmptyWhenCleared) {
  Journal journal(100, {.entry_bytes = 64U << 10, .bytes = 1});
  journal.arrived(request(0));
  journal.arrived(request(1));
  journal.clear();
  EXPECT_EQ(journal.to_json(), R"({"total":0,"requests":[]})");
  EXPECT_EQ(journal.bytes(), 0u);
}

TEST(Journal, JsonHasEachFieldOfARequest) {
  Journal journal;
  JournalEntry entry = request(7, "up{job=\"a\"}");
  entry.queries[0].hints = model::ReadHints{};
  entry.queries[0].hints->func = "rate";
  entry.arrived = {1'000, std::chrono::milliseconds(500)};
  entry.end = Moment{2'000, std::chrono::milliseconds(1500)};
  entry.accepted = {1, 0, 9};
  entry.faults = {"latency"};
  entry.status = 503;
  entry.bytes = 12;
  entry.outcome = JournalEntry::Outcome::aborted;
  journal.arrived(std::move(entry));
  const auto all = boost::json::parse(journal.to_json());
  const auto& one = all.at("requests").at(0);
  EXPECT_EQ(one.at("ordinal"), 7);
  EXPECT_EQ(one.at("queries").at(0).at("selector"), "up{job=\"a\"}");
  EXPECT_EQ(one.at("queries").at(0).at("hints").at("func"), "rate");
  EXPECT_EQ(one.at("arrived").at("time"), "1970-01-01T00:00:01Z");
  EXPECT_EQ(one.at("end").at("since_start_s"), 1.5);
  EXPECT_TRUE(one.at("first_byte").is_null());
  EXPECT_EQ(one.at("accepted"), (boost::json::array{"STREAMED_XOR_CHUNKS", "SAMPLES", 9}));
  EXPECT_EQ(one.at("faults"), (boost::json::array{"latency"}));
  EXPECT_EQ(one.at("status"), 503);
  EXPECT_EQ(one.at("outcome"), "aborted");
  EXPECT_FALSE(one.as_object().contains("bytes_left_out"));
}

}  // namespace
}  // namespace mread::mockstore
