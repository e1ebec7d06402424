#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mread::merger {

/// A set of 64-bit hashes that never denies one that was put in, and wrongly affirms about 1 % of
/// others: ten bits each, seven of them set (B. H. Bloom, 1970; the bits' places by double hashing,
/// Kirsch and Mitzenmacher, 2006).
class BloomFilter {
 public:
  explicit BloomFilter(std::span<const uint64_t> hashes);
  bool may_contain(uint64_t hash) const;
  size_t bytes() const { return words_.size() * sizeof(uint64_t); }

 private:
  static constexpr int probes = 7;
  static constexpr size_t bits_each = 10;

  uint64_t place(uint64_t hash, int probe) const;

  std::vector<uint64_t> words_;
};

}  // namespace mread::merger
