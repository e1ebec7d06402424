#include "wire/bytes/large_memory.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace mread::wire {
namespace {

// Blocks that live at the same time are apart, whatever was given back before.
TEST(LargeMemoryTest, BlocksDoNotOverlap) {
  const size_t sizes[] = {0, 1, 1000, 2U << 20, (2U << 20) + 1, 5U << 20, 6U << 20, 70U << 20};
  for (int round = 0; round < 3; ++round) {
    std::vector<std::pair<std::shared_ptr<char[]>, size_t>> blocks;
    for (const size_t size : sizes) {
      for (int i = 0; i < 2; ++i) {
        blocks.emplace_back(large_memory(size), size);
        std::memset(blocks.back().first.get(), static_cast<int>(blocks.size()), size);
      }
    }
    for (size_t i = 0; i < blocks.size(); ++i) {
      const auto& [memory, size] = blocks[i];
      for (size_t k = 0; k < size; k += 4096) ASSERT_EQ(memory[k], static_cast<char>(i + 1));
      if (size > 0) {
        ASSERT_EQ(memory[size - 1], static_cast<char>(i + 1));
      }
    }
    // In another order than they were taken.
    for (size_t i = 0; i < blocks.size(); i += 2) blocks[i].first.reset();
  }
}

}  // namespace
}  // namespace mread::wire
