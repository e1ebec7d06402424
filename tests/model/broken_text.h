#pragma once

#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "base/error.h"

namespace mread::model {

/// A text that does not parse, and where and why.
struct BrokenText {
  const char* name;
  const char* text;
  size_t offset;
  const char* message;
};
inline void PrintTo(const BrokenText& broken, std::ostream* out) { *out << broken.name; }

/// What `parse`, a function of the text and a place for the offset, says of it.
template <class Parse>
void expect_place(const BrokenText& broken, Parse parse) {
  size_t offset = 999;
  const auto parsed = parse(broken.text, &offset);
  ASSERT_FALSE(parsed);
  EXPECT_TRUE(parsed.error().is(Errc::malformed));
  EXPECT_EQ(offset, broken.offset);
  EXPECT_EQ(parsed.error().context, broken.message);
}

}  // namespace mread::model
