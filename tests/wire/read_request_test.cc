#include "wire/read_request.h"

#include <gtest/gtest.h>

#include "wire/proto/remote.pb.h"
#include "wire/snappy_block.h"

namespace mread::wire {
namespace {

using model::Matcher;
using model::MatchType;
using model::ReadRequest;
using model::ResponseType;

ReadRequest full_request() {
  ReadRequest request;
  request.accepted_response_types = {ResponseType::streamed_xor_chunks, ResponseType::samples};
  model::Query first{
      1'700'000'000'000, 1'700'000'600'000, {}, model::ReadHints{15000, "rate", 1, -2, {"job", "pod"}, true, 300000}};
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
  ASSERT_TRUE(message.ParseFromString(uncompress(encode_read_request(full_request()), 10000).value()));
  ASSERT_EQ(message.queries_size(), 2);
  EXPECT_EQ(message.accepted_response_types(0), prometheus::ReadRequest::STREAMED_XOR_CHUNKS);
  EXPECT_EQ(message.queries(0).matchers(3).type(), prometheus::LabelMatcher::NRE);
  EXPECT_EQ(message.queries(0).hints().grouping_size(), 2);
  EXPECT_EQ(message.queries(0).hints().range_ms(), 300000);
  EXPECT_FALSE(message.queries(1).has_hints());
}

std::string body_of(const prometheus::ReadRequest& message) { return compress(message.SerializeAsString()); }

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
  EXPECT_EQ(decode_read_request(body_of(message), 1000).error().to_string(), "query 0: unknown matcher type 9");
}

TEST(ReadRequestTest, BodiesThatAreNone) {
  EXPECT_EQ(decode_read_request(compress("garbage!"), 1000).error().to_string(),
            "the body is no valid prometheus.ReadRequest");
  EXPECT_EQ(decode_read_request("garbage!", 1000).error().to_string(),
            "the body is text, not a snappy block: \"garbage!\"");
  EXPECT_TRUE(decode_read_request(encode_read_request(full_request()), 10).error().is(Errc::limit));
}

}  // namespace
}  // namespace mread::wire
