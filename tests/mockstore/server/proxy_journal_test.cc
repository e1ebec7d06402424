#include "mockstore/server/proxy_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mread::mockstore {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ProxyJournal, TellsWhatBecameOfARequest) {
  ProxyJournal journal(10);
  EXPECT_EQ(journal.record("127.0.0.1:9", "CONNECT", "a:9090"), 0U);
  EXPECT_EQ(journal.record("127.0.0.1:9", "GET", "http://b/"), 1U);
  journal.set_status(0, 200);
  journal.add_bytes(0, ProxyJournal::Direction::up, 3);
  journal.add_bytes(0, ProxyJournal::Direction::down, 40);
  journal.add_bytes(0, ProxyJournal::Direction::down, 2);
  EXPECT_THAT(journal.to_json(),
              HasSubstr(R"({"ordinal":0,"method":"CONNECT","target":"a:9090","peer":"127.0.0.1:9",)"
                        R"("status":200,"bytes_up":3,"bytes_down":42})"));
  EXPECT_THAT(journal.to_json(), HasSubstr(R"("status":0,"bytes_up":0,"bytes_down":0)"));
}

TEST(ProxyJournal, DropsTheOldestAndGoesOnCounting) {
  ProxyJournal journal(2);
  for (const char* target : {"first", "second", "third"}) journal.record("", "GET", target);
  journal.set_status(0, 407);  // Gone.
  EXPECT_THAT(journal.to_json(), HasSubstr(R"({"requests":3,)"));
  EXPECT_THAT(journal.to_json(), Not(HasSubstr("first")));
  EXPECT_THAT(journal.to_json(), Not(HasSubstr("407")));
  journal.clear();
  EXPECT_EQ(journal.to_json(), R"({"requests":0,"entries":[]})");
}

TEST(ProxyJournal, CutsLongTexts) {
  ProxyJournal journal(1);
  journal.record("", std::string(1'000, 'M'), std::string(100'000, 't'));
  EXPECT_LT(journal.to_json().size(), 3'000U);
}

}  // namespace
}  // namespace mread::mockstore
