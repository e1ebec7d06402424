#include "merger/answer/batch.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace mread::merger {
namespace {

std::string joined(const Batch& batch) {
  std::string bytes;
  for (const auto piece : batch.pieces()) bytes += piece;
  return bytes;
}

TEST(Batch, KeepsTheOrderOfPinnedAndOwnBytes) {
  const std::string first = "first ";
  const std::string last = "last";
  Batch batch;
  EXPECT_TRUE(batch.empty());
  batch.pass_on(first, {});
  const size_t begin = batch.own().size();
  batch.own() += "own ";
  batch.add_own(begin);
  batch.pass_on(last, {});
  EXPECT_EQ(joined(batch), "first own last");
  EXPECT_EQ(batch.size(), joined(batch).size());
  batch.clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(joined(batch), "");
}

}  // namespace
}  // namespace mread::merger
