#include "wire/bytes/quoted_text.h"

#include <string>

#include <gtest/gtest.h>

namespace mread::wire {
namespace {

struct Case {
  const char* name;
  std::string bytes;
  std::string quoted;
};

class QuotedTextTest : public testing::TestWithParam<Case> {};

TEST_P(QuotedTextTest, QuotesOnlyText) {
  EXPECT_EQ(quoted_text(GetParam().bytes), GetParam().quoted);
}

INSTANTIATE_TEST_SUITE_P(
    Bytes, QuotedTextTest,
    testing::Values(Case{"Empty", "", ""}, Case{"TooShort", "error", ""},
                    Case{"Text", "error!", "\"error!\""},
                    Case{"LineEndsAtItsEndGo", "bad gateway \r\n\t", "\"bad gateway\""},
                    Case{"LineEndsWithin", "one\ntwo", R"("one\ntwo")"},
                    Case{"AControlCharacter", "error\x01!", ""}, Case{"NoAscii", "erreur é", ""},
                    Case{"AZeroByte", std::string("error\0!", 7), ""},
                    Case{"Long", std::string(121, 'x'), "\"" + std::string(120, 'x') + "\" …"},
                    Case{"BinaryBehindTheBeginning", std::string(120, 'x') + "\x01",
                         "\"" + std::string(120, 'x') + "\" …"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace mread::wire
