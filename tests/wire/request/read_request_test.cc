#include "wire/request/read_request.h"

#include <functional>

#include <gtest/gtest.h>

#include "wire/proto/remote.pb.h"
#include "wire/snappy/snappy_block.h"

namespace mread::wire {
namespace {

using model::Matcher;
using model::MatchType;
using model::ReadRequest;
using model::ResponseType;

ReadRequest full_request() {
  ReadRequest request;
  request.accepted_response_types = {ResponseType::streamed_xor_chunks, ResponseType::samples};
  model::Query first{1'700'000'000'000,
                     1'700'000'600'000,
                     {},
                     model::ReadHints{15000, "rate", 1, -2, {"job", "pod"}, true, 300000}};
  first.matchers.push_back(Matcher::equal("__name__", "up"));
  first.matchers.push_back(Matcher::not_equal("job", ""));
  first.matchers.push_back(*Matcher::create(MatchType::regex, "zone", "a|b"));
  first.matchers.push_back(*Matcher::create(MatchType::not_regex, "http.status", "5.."));
  request.queries = {first, model::Query{-5, 5, {Matcher::equal("bytes", "\xff")}, std::nullopt}};
  return request;
}

TEST(ReadRequestTest, RoundTrip) {
  const auto decoded = decode_read_request(encode_read_request(full_request()), 10000);
  ASSERT_TRUE(decoded) << decoded.error().to_string();
  EXPECT_EQ(*decoded, full_request());
  EXPECT_EQ(*decode_read_request(encode_read_request({}), 10000), ReadRequest{});
}

TEST(ReadRequestTest, FieldsAreWhereThePrometheusMessageHasThem) {
  prometheus::ReadRequest message;
  ASSERT_TRUE(
      message.ParseFromString(uncompress(encode_read_request(full_request()), 10000).value()));
  ASSERT_EQ(message.queries_size(), 2);
  EXPECT_EQ(message.accepted_response_types(0), prometheus::ReadRequest::STREAMED_XOR_CHUNKS);
  EXPECT_EQ(message.queries(0).matchers(3).type(), prometheus::LabelMatcher::NRE);
  EXPECT_EQ(message.queries(0).hints().grouping_size(), 2);
  EXPECT_EQ(message.queries(0).hints().range_ms(), 300000);
  EXPECT_FALSE(message.queries(1).has_hints());
}

std::string body_of(const prometheus::ReadRequest& message) {
  return compress(message.SerializeAsString());
}

TEST(ReadRequestTest, UnknownResponseTypesAreLeftOut) {
  prometheus::ReadRequest message;
  message.add_accepted_response_types(static_cast<prometheus::ReadRequest::ResponseType>(7));
  auto decoded = decode_read_request(body_of(message), 1000);
  ASSERT_FALSE(decoded);
  EXPECT_TRUE(decoded.error().is(Errc::unsupported));
  message.add_accepted_response_types(prometheus::ReadRequest::SAMPLES);
  decoded = decode_read_request(body_of(message), 1000);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->accepted_response_types, std::vector{ResponseType::samples});
}

TEST(ReadRequestTest, InvalidExpressionIsNamed) {
  prometheus::ReadRequest message;
  message.add_queries();
  auto& matcher = *message.add_queries()->add_matchers();
  matcher.set_type(prometheus::LabelMatcher::RE);
  matcher.set_name("job");
  matcher.set_value("(");
  const auto decoded = decode_read_request(body_of(message), 1000);
  ASSERT_FALSE(decoded);
  EXPECT_TRUE(decoded.error().is(Errc::malformed));
  EXPECT_EQ(decoded.error().to_string(),
            R"(query 1: the regular expression "(" of the label "job" is invalid: missing ): ()");
}

TEST(ReadRequestTest, UnknownMatcherType) {
  prometheus::ReadRequest message;
  message.add_queries()->add_matchers()->set_type(static_cast<prometheus::LabelMatcher::Type>(9));
  EXPECT_EQ(decode_read_request(body_of(message), 1000).error().to_string(),
            "query 0: unknown matcher type 9");
}

TEST(ReadRequestTest, BodiesThatAreNone) {
  EXPECT_EQ(decode_read_request(compress("garbage!"), 1000).error().to_string(),
            "the body is no valid prometheus.ReadRequest");
  EXPECT_EQ(decode_read_request("garbage!", 1000).error().to_string(),
            "the body is text, not a snappy block: \"garbage!\"");
  EXPECT_TRUE(decode_read_request(encode_read_request(full_request()), 10).error().is(Errc::limit));
}

constexpr auto passed_on = model::RegexBudget::Use::passed_on;

prometheus::ReadRequest request_of(int queries, int matchers_each) {
  prometheus::ReadRequest message;
  for (int i = 0; i < queries; ++i) {
    auto& query = *message.add_queries();
    for (int j = 0; j < matchers_each; ++j) query.add_matchers()->set_name("a");
  }
  return message;
}

struct CountCase {
  const char* name;
  std::function<void(prometheus::ReadRequest&, int)> add;  // So many more.
  int limit;
  const char* error;
};
void PrintTo(const CountCase& count, std::ostream* out) { *out << count.name; }
class ReadRequestCounts : public testing::TestWithParam<CountCase> {};

TEST_P(ReadRequestCounts, AreBounded) {
  prometheus::ReadRequest message = request_of(1, 1);
  GetParam().add(message, GetParam().limit);
  EXPECT_TRUE(decode_read_request(body_of(message), DecodeLimits{}, passed_on));
  GetParam().add(message, 1);
  const auto refused = decode_read_request(body_of(message), DecodeLimits{}, passed_on);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(Errc::limit));
  EXPECT_EQ(refused.error().to_string(), GetParam().error);
  EXPECT_TRUE(decode_read_request(body_of(message), 1 << 20));
}

// Field 99 of a message, with a number: one that nobody knows.
void add_unknown(std::string& bytes, int times) {
  for (int i = 0; i < times; ++i) bytes += "\x98\x06\x01";
}

INSTANTIATE_TEST_SUITE_P(
    Table, ReadRequestCounts,
    testing::Values(CountCase{"Queries",
                              [](prometheus::ReadRequest& to, int times) {
                                for (int i = 0; i < times; ++i) to.add_queries();
                              },
                              99, "the request has more than 100 queries (limits.queries)"},
                    CountCase{"Matchers",
                              [](prometheus::ReadRequest& to, int times) {
                                for (int i = 0; i < times; ++i)
                                  to.mutable_queries(0)->add_matchers();
                              },
                              999, "the request has more than 1000 matchers (limits.matchers)"},
                    CountCase{"Groupings",
                              [](prometheus::ReadRequest& to, int times) {
                                auto& hints = *to.mutable_queries(0)->mutable_hints();
                                for (int i = 0; i < times; ++i) hints.add_grouping("a");
                              },
                              10'000, "the request has more than 10000 labels in hints"},
                    CountCase{"ResponseTypes",
                              [](prometheus::ReadRequest& to, int times) {
                                for (int i = 0; i < times; ++i)
                                  to.add_accepted_response_types(prometheus::ReadRequest::SAMPLES);
                              },
                              100, "the request has more than 100 accepted response types"},
                    CountCase{"UnknownFields",
                              [](prometheus::ReadRequest& to, int times) {
                                std::string bytes;
                                add_unknown(bytes, times);
                                to.MergeFromString(bytes);
                              },
                              10'000, "the request has more than 10000 unknown fields"},
                    CountCase{"UnknownFieldsOfAMatcher",
                              [](prometheus::ReadRequest& to, int times) {
                                std::string bytes;
                                add_unknown(bytes, times);
                                to.mutable_queries(0)->mutable_matchers(0)->MergeFromString(bytes);
                              },
                              10'000, "the request has more than 10000 unknown fields"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ReadRequestTest, MatchersOfAllQueriesAreCounted) {
  EXPECT_TRUE(decode_read_request(body_of(request_of(100, 10)), DecodeLimits{}, passed_on));
  EXPECT_FALSE(decode_read_request(body_of(request_of(100, 11)), DecodeLimits{}, passed_on));
}

TEST(ReadRequestTest, ZeroMeansNoLimit) {
  DecodeLimits limits;
  limits.queries = 0;
  limits.matchers = 0;
  const auto decoded = decode_read_request(body_of(request_of(500, 5)), limits, passed_on);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->queries.size(), 500U);
}

// A group ends the count, but not libprotobuf's reading.
TEST(ReadRequestTest, NothingIsHiddenBehindAGroup) {
  const std::string group = "\x9b\x06\x9c\x06";
  const std::string many = request_of(1000, 1).SerializeAsString();
  EXPECT_EQ(
      decode_read_request(compress(group + many), DecodeLimits{}, passed_on).error().to_string(),
      "the body is no valid prometheus.ReadRequest");
}

TEST(ReadRequestTest, AnExpressionThatIsTooCostlyIsALimit) {
  prometheus::ReadRequest message = request_of(1, 0);
  auto& matcher = *message.mutable_queries(0)->add_matchers();
  matcher.set_type(prometheus::LabelMatcher::RE);
  matcher.set_name("job");
  for (int i = 0; i < 4800; ++i) *matcher.mutable_value() += "\\pL";
  const auto decoded = decode_read_request(body_of(message), DecodeLimits{}, passed_on);
  ASSERT_FALSE(decoded);
  EXPECT_TRUE(decoded.error().is(Errc::limit));
  EXPECT_LT(decoded.error().to_string().size(), 400U);
}

}  // namespace
}  // namespace mread::wire
