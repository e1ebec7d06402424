#include "wire/bytes/bmi2.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace mread::wire {
namespace {

// The plain code and the processor's instructions do the same.
RC_GTEST_PROP(SevensProperty, SpreadAndGatherAreInverse, ()) {
  const uint64_t x = *rc::gen::arbitrary<uint64_t>() & ((uint64_t{1} << 42) - 1);
  uint64_t want = 0;
  for (unsigned i = 0; i < 6; ++i) want |= (x >> (7 * i) & 0x7f) << (8 * i);
  RC_ASSERT(spread_sevens<false>(x) == want);
  RC_ASSERT(gather_sevens<false>(want | 0x8080808080) == x);
  if (!has_bmi2) return;
  RC_ASSERT(spread_sevens<true>(x) == want);
  RC_ASSERT(gather_sevens<true>(want | 0x8080808080) == x);
}

TEST(Bmi2Test, HigherBitsAreLeftOut) {
  EXPECT_EQ(spread_sevens<false>(uint64_t{1} << 42), 0U);
  EXPECT_EQ(gather_sevens<false>(uint64_t{0x7f} << 48), 0U);
}

}  // namespace
}  // namespace mread::wire
