#include "base/memory_reserve.h"

#include <cstdlib>
#include <vector>

#include <gtest/gtest.h>

namespace mread {
namespace {

// Memory as malloc would give it out of `available` bytes.
size_t available = 0;

void* allocate(size_t size) {
  if (size > available) return nullptr;
  available -= size;
  auto* const block = static_cast<size_t*>(std::malloc(size + 16));
  *block = size;
  return block + 2;
}

void free_block(void* memory) {
  auto* const block = static_cast<size_t*>(memory) - 2;
  available += *block;
  std::free(block);
}

constexpr size_t reserve_bytes = MemoryReserve::pieces * MemoryReserve::piece_bytes;

TEST(MemoryReserveTest, HelpsSmallAllocationsAlone) {
  available = reserve_bytes;
  MemoryReserve reserve(allocate, free_block);
  EXPECT_EQ(reserve.allocate(reserve_bytes + 1), nullptr);
  reserve.refill();
  EXPECT_EQ(reserve.held(), MemoryReserve::pieces);
  EXPECT_EQ(reserve.allocate(MemoryReserve::small_bytes + 1), nullptr);
  EXPECT_EQ(reserve.held(), MemoryReserve::pieces) << "a large one leaves it alone";
  void* const small = reserve.allocate(MemoryReserve::small_bytes);
  ASSERT_NE(small, nullptr);
  EXPECT_EQ(reserve.held(), MemoryReserve::pieces - 1);
  // One piece serves several.
  void* const next = reserve.allocate(0);
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(reserve.held(), MemoryReserve::pieces - 1);
  reserve.refill();
  EXPECT_EQ(reserve.held(), MemoryReserve::pieces - 1) << "there is no memory yet";
  free_block(small);
  free_block(next);
  reserve.refill();
  EXPECT_EQ(reserve.held(), MemoryReserve::pieces);
}

TEST(MemoryReserveTest, EndsWhereAllOfItIsTaken) {
  available = reserve_bytes;
  MemoryReserve reserve(allocate, free_block);
  reserve.refill();
  std::vector<void*> taken;
  while (void* const memory = reserve.allocate(MemoryReserve::small_bytes)) taken.push_back(memory);
  EXPECT_EQ(reserve.held(), 0u);
  EXPECT_EQ(taken.size(), reserve_bytes / MemoryReserve::small_bytes);
  for (void* const memory : taken) free_block(memory);
}

}  // namespace
}  // namespace mread
