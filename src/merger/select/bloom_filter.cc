#include "merger/select/bloom_filter.h"

namespace mread::merger {

BloomFilter::BloomFilter(std::span<const uint64_t> hashes)
    : words_(hashes.size() * bits_each / 64 + 1) {
  for (const uint64_t hash : hashes) {
    for (int probe = 0; probe < probes; ++probe) {
      const uint64_t bit = place(hash, probe);
      words_[bit / 64] |= uint64_t{1} << (bit % 64);
    }
  }
}

bool BloomFilter::may_contain(uint64_t hash) const {
  for (int probe = 0; probe < probes; ++probe) {
    const uint64_t bit = place(hash, probe);
    if ((words_[bit / 64] >> (bit % 64) & 1) == 0) return false;
  }
  return true;
}

// The second hash is odd, so that the places differ.
uint64_t BloomFilter::place(uint64_t hash, int probe) const {
  const uint64_t second = (hash * 0x9e3779b97f4a7c15ULL >> 17) | 1;
  return (hash + static_cast<uint64_t>(probe) * second) % (words_.size() * 64);
}

}  // namespace mread::merger
