#include "base/ascii.h"

#include <cctype>

#include <gtest/gtest.h>

namespace mread {
namespace {

TEST(Ascii, KindsAreThoseOfTheCLocale) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto c = static_cast<char>(byte);
    EXPECT_EQ(ascii::is_digit(c), std::isdigit(byte) != 0) << byte;
    EXPECT_EQ(ascii::is_space(c), std::isspace(byte) != 0) << byte;
    EXPECT_EQ(ascii::is_letter(c), std::isalpha(byte) != 0) << byte;
    EXPECT_EQ(ascii::lower(c), static_cast<char>(std::tolower(byte))) << byte;
  }
}

}  // namespace
}  // namespace mread
