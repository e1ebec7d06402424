#include "merger/source/series_fragment.h"

#include <gtest/gtest.h>

#include "merger/answers.h"

namespace mread::merger {
namespace {

using tests::samples;
using tests::xor_chunk;

std::string entries_of(const std::vector<tests::RawChunk>& chunks) {
  std::string entries;
  for (const auto& chunk : chunks)
    wire::append_chunk(entries, chunk.min_time_ms, chunk.max_time_ms, chunk.encoding, chunk.data);
  return entries;
}

const std::vector<tests::RawChunk> two_chunks = {xor_chunk(samples(1000, 1000, {1, 2})),
                                                 xor_chunk(samples(5000, 1000, {3}))};

TEST(PinCopy, KeepsTheBytesAndCountsThemAsLongAsAnybodyHoldsThem) {
  const AccountPtr account(new Account());
  std::string_view view;
  Pin pin = pin_copy(std::string(1000, 'a'), view, account);
  const Pin second = pin;
  EXPECT_EQ(view, std::string(1000, 'a'));
  EXPECT_GE(account->held(), 1000u);
  const uint64_t held = account->held();
  pin.reset();
  EXPECT_EQ(account->held(), held) << "the second one holds it";
  EXPECT_EQ(view, std::string(1000, 'a'));
}

TEST(Counted, APieceCountsOnceUntilItsLastHolderGoes) {
  const AccountPtr account(new Account());
  auto piece = std::make_shared<const std::string>(500, 'x');
  auto counted_piece = counted(piece, account);
  EXPECT_EQ(counted_piece.get(), piece.get()) << "the bytes are not copied";
  EXPECT_GE(account->held(), 500u);
  const uint64_t held = account->held();
  auto other = counted_piece;
  EXPECT_EQ(account->held(), held);
  counted_piece.reset();
  EXPECT_EQ(account->held(), held);
  other.reset();
  EXPECT_EQ(account->held(), 0u);
  EXPECT_EQ(piece.use_count(), 1);
}

TEST(FragmentChunks, AreListedFromTheirEntries) {
  const std::string entries = entries_of(two_chunks);
  Fragment fragment;
  fragment.entries = entries;
  std::vector<wire::ChunkView> chunks(1);
  fragment.list_chunks(chunks);
  ASSERT_EQ(chunks.size(), 3u) << "they are appended";
  EXPECT_EQ(chunks[1].min_time_ms, 1000);
  EXPECT_EQ(chunks[1].max_time_ms, 2000);
  EXPECT_EQ(chunks[1].data, two_chunks[0].data);
  EXPECT_EQ(chunks[2].data, two_chunks[1].data);
  EXPECT_EQ(std::string(chunks[1].wire) + std::string(chunks[2].wire), entries);
}

TEST(FragmentChunks, OfEntriesThatDoNotStandTogetherAreThoseThatWereParsed) {
  Fragment fragment;
  wire::ChunkView chunk;
  chunk.data = two_chunks[1].data;
  fragment.own_rare().chunks = {chunk};
  std::vector<wire::ChunkView> chunks;
  fragment.list_chunks(chunks);
  ASSERT_EQ(chunks.size(), 1u);
  EXPECT_EQ(chunks[0].data, two_chunks[1].data);
}

TEST(FragmentChunks, ASamplesAnswerHasNone) {
  const std::string entries = entries_of(two_chunks);
  Fragment fragment;
  fragment.entries = entries;
  fragment.is_samples = true;
  std::vector<wire::ChunkView> chunks;
  fragment.list_chunks(chunks);
  EXPECT_TRUE(chunks.empty());
}

TEST(FragmentRare, IsSharedByCopiesAndCountedOnce) {
  const AccountPtr account(new Account());
  Fragment fragment;
  EXPECT_EQ(fragment.replica(), "");
  EXPECT_EQ(fragment.histograms(), "");
  fragment.charge_rare(account);
  EXPECT_EQ(account->held(), 0u) << "there is none";
  fragment.own_rare().replica = "r";
  fragment.own_rare().chunks.resize(10);
  fragment.charge_rare(account);
  const uint64_t held = account->held();
  EXPECT_GE(held, sizeof(Fragment::Rare) + 10 * sizeof(wire::ChunkView));
  Fragment copy = fragment;
  EXPECT_EQ(copy.replica(), "r");
  copy.charge_rare(account);
  EXPECT_EQ(account->held(), held);
  fragment = {};
  EXPECT_EQ(account->held(), held);
  copy = {};
  EXPECT_EQ(account->held(), 0u);
}

TEST(FragmentRare, LabelsAreKeptByTheirOwnPinOrByThatOfTheBytes) {
  std::string_view view;
  Fragment fragment;
  fragment.pin = pin_copy("bytes", view, {});
  EXPECT_EQ(fragment.labels_pin(), fragment.pin);
  fragment.own_rare().replica = "r";
  EXPECT_EQ(fragment.labels_pin(), fragment.pin) << "the labels were not rewritten";
  fragment.own_rare().labels_pin = pin_copy("labels", view, {});
  EXPECT_NE(fragment.labels_pin(), fragment.pin);
}

}  // namespace
}  // namespace mread::merger
