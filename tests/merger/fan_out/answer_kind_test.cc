#include "merger/fan_out/answer_kind.h"

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

struct Case {
  const char* name;
  const char* content_type;
  const char* content_encoding;
  const char* kind;  // "streamed", "samples", or the error
};

class AnswerKindTest : public ::testing::TestWithParam<Case> {};

TEST_P(AnswerKindTest, ReadsTheHeaders) {
  const auto kind = answer_kind(GetParam().content_type, GetParam().content_encoding);
  const std::string told = !kind                                   ? kind.error().context
                           : *kind == model::ResponseType::samples ? "samples"
                                                                   : "streamed";
  EXPECT_EQ(told, GetParam().kind);
}

INSTANTIATE_TEST_SUITE_P(
    Headers, AnswerKindTest,
    ::testing::Values(
        Case{"Streamed", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse",
             "", "streamed"},
        Case{"StreamedWithoutProto", "Application/X-Streamed-Protobuf", "identity", "streamed"},
        Case{"AnotherProto", "application/x-streamed-protobuf; proto=x", "",
             "content type \"application/x-streamed-protobuf; proto=x\""},
        Case{"StreamedAndEncoded", "application/x-streamed-protobuf", "gzip",
             "a streamed answer with Content-Encoding \"gzip\""},
        Case{"Samples", "application/x-protobuf", "snappy", "samples"},
        Case{"SamplesWithoutEncoding", " application/x-protobuf ", "", "samples"},
        Case{"SamplesInGzip", "application/x-protobuf", "gzip",
             "Content-Encoding \"gzip\" where snappy belongs"},
        Case{"Html", "text/html", "", "content type \"text/html\" is no remote-read answer"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(OneLine, CutsAndMakesItPrintable) {
  EXPECT_EQ(one_line("  first\nsecond"), "first");
  EXPECT_EQ(one_line("a\tb\x7f"), "a?b?");
  EXPECT_EQ(one_line(std::string(400, 'x')), std::string(300, 'x') + "...");
}

TEST(Reason, IsTheContextOrTheMessageInLowerCase) {
  EXPECT_EQ(reason(Error(Errc::deadline, "deadline 8s")), "deadline 8s");
  const auto refused =
      boost::system::errc::make_error_code(boost::system::errc::connection_refused);
  EXPECT_EQ(reason(Error(refused, "127.0.0.1:1")), "connection refused");
}

}  // namespace
}  // namespace mread::merger
