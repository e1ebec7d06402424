#include "merger/select/bloom_filter.h"

#include <random>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace mread::merger {
namespace {

std::vector<uint64_t> random_hashes(size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint64_t> hashes(count);
  for (uint64_t& hash : hashes) hash = random();
  return hashes;
}

TEST(BloomFilter, NeverDeniesWhatWasPutIn) {
  const bool holds = rc::check([](const std::vector<uint64_t>& hashes) {
    const BloomFilter filter(hashes);
    for (const uint64_t hash : hashes) RC_ASSERT(filter.may_contain(hash));
  });
  EXPECT_TRUE(holds);
  const std::vector<uint64_t> ends{0, 1, UINT64_MAX, UINT64_MAX - 1};
  const BloomFilter filter(ends);
  for (const uint64_t hash : ends) EXPECT_TRUE(filter.may_contain(hash)) << hash;
}

TEST(BloomFilter, AffirmsAboutOneInAHundredOthers) {
  const BloomFilter filter(random_hashes(10'000, 1));
  int affirmed = 0;
  for (const uint64_t other : random_hashes(100'000, 2)) affirmed += filter.may_contain(other);
  // Ten bits each with seven set: 0.8 % in theory.
  EXPECT_GT(affirmed, 500);
  EXPECT_LT(affirmed, 1'200);
}

// A weak hash, such as the numbers themselves, is no reason to affirm everything.
TEST(BloomFilter, HashesThatAreCloseAreToldApart) {
  for (const unsigned shift : {0U, 20U}) {
    std::vector<uint64_t> even;
    for (uint64_t i = 0; i < 1'000; ++i) even.push_back((2 * i) << shift);
    const BloomFilter filter(even);
    int affirmed = 0;
    for (uint64_t i = 0; i < 1'000; ++i) affirmed += filter.may_contain((2 * i + 1) << shift);
    EXPECT_LT(affirmed, 100) << "shifted by " << shift;
  }
}

TEST(BloomFilter, AnEmptyOneDeniesEverything) {
  const BloomFilter filter({});
  for (const uint64_t hash : random_hashes(100, 3)) EXPECT_FALSE(filter.may_contain(hash));
  EXPECT_FALSE(filter.may_contain(0));
}

TEST(BloomFilter, TakesTenBitsEach) {
  EXPECT_GE(BloomFilter(random_hashes(10'000, 4)).bytes(), 12'500u);
  EXPECT_LE(BloomFilter(random_hashes(10'000, 4)).bytes(), 12'508u);
}

}  // namespace
}  // namespace mread::merger
