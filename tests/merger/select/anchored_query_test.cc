#include "merger/select/anchored_query.h"

#include <gtest/gtest.h>

#include "merger/answers.h"
#include "merger/fan_out/fan_out_driver.h"

namespace mread::merger {
namespace {

model::Query query_of(const std::string& selector) {
  model::Query query;
  query.start_ms = 5;
  query.end_ms = 7;
  query.hints.emplace().func = "rate";
  query.matchers = *model::parse_selector(selector);
  return query;
}

TEST(AnchoredQuery, SaysWhereAnExpressionBeginsAndEnds) {
  const model::Query query = anchored(query_of(R"(up{a="x",b!="y",c=~"u|v",d!~"(?i)w",e=~""})"));
  EXPECT_EQ(model::to_string(query.matchers),
            R"(up{a="x",b!="y",c=~"^(?:u|v)$",d!~"^(?:(?i)w)$",e=~"^(?:)$"})");
  EXPECT_EQ(query.start_ms, 5);
  EXPECT_EQ(query.end_ms, 7);
  EXPECT_EQ(query.hints, query_of("up").hints);
}

TEST(AnchoredQuery, MeansTheSameToAStoreThatAnchors) {
  for (const std::string expression :
       {"", "a", "a|", "a|ab", ".*", ".+", "(?i)A", "^a", "a$", "(?m)^b$"}) {
    const model::Query plain = query_of("up{l=~\"" + expression + "\"}");
    const model::Query whole = anchored(plain);
    for (const std::string value : {"", "a", "ab", "ba", "A", "a\nb"}) {
      EXPECT_EQ(whole.matchers.back().matches(value), plain.matchers.back().matches(value))
          << expression << " " << value;
    }
  }
}

TEST(AnchoredQuery, IsForTheBackendsThatNeedIt) {
  const config::Config config = config::Config::parse(
      "remote_read: [{name: a, url: 'http://a/api/v1/read'}, {name: b, url: "
      "'http://b/api/v1/prom/read?db=x'}]",
      "mread.yml");
  tests::FanOutDriver driver(config, {tests::Script::streamed(""), tests::Script::streamed("")});
  const tests::Answer answer = driver.run(tests::request({R"(up{job=~"x|y"})"}, 0, 1000, true));
  ASSERT_EQ(answer.requests.size(), 2u);
  EXPECT_EQ(model::to_string(answer.requests[0].queries.at(0).matchers), R"(up{job=~"x|y"})");
  EXPECT_EQ(model::to_string(answer.requests[1].queries.at(0).matchers), R"(up{job=~"^(?:x|y)$"})");
}

}  // namespace
}  // namespace mread::merger
