#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace mread::merger {

/// A queue in blocks of 64 elements, which are found by their place without the division that
/// std::deque's and Boost's iterators make. Elements stay where they are. No block of memory is
/// large: the allocator keeps small ones for the next read, where large ones would go back to the
/// system and be cleared again. Not thread-safe.
template <class T>
class BlockQueue {
 public:
  BlockQueue() = default;
  BlockQueue(BlockQueue&& other) noexcept
      : blocks_(std::move(other.blocks_)),
        first_(std::exchange(other.first_, 0)),
        size_(std::exchange(other.size_, 0)),
        memory_(std::exchange(other.memory_, 0)) {
    other.blocks_.clear();
  }
  BlockQueue& operator=(BlockQueue&&) = delete;
  ~BlockQueue() { clear(); }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  /// Bytes of memory that it takes, for elements that are there or not.
  size_t memory() const { return memory_; }

  T& operator[](size_t i) { return *slot(i); }
  const T& operator[](size_t i) const { return *slot(i); }
  T& front() { return *slot(0); }
  const T& front() const { return *slot(0); }
  T& back() { return *slot(size_ - 1); }
  const T& back() const { return *slot(size_ - 1); }

  void push_back(T&& value) {
    if (first_ + size_ == blocks_.size() * block_size) {
      blocks_.push_back(std::make_unique_for_overwrite<Block>());
      memory_ += sizeof(Block) + sizeof(blocks_[0]);
    }
    std::construct_at(slot(size_), std::move(value));
    ++size_;
  }
  void pop_front() {
    assert(!empty());
    std::destroy_at(slot(0));
    ++first_;
    --size_;
    if (first_ % block_size == 0) drop_first_block();
  }
  void pop_back() {
    assert(!empty());
    std::destroy_at(slot(size_ - 1));
    --size_;
  }
  void clear() {
    while (!empty()) pop_back();
    blocks_.clear();
    blocks_.shrink_to_fit();
    first_ = 0;
    memory_ = 0;
  }

 private:
  static constexpr size_t block_size = 64;
  struct Block {
    alignas(T) std::byte bytes[block_size * sizeof(T)];
  };

  T* slot(size_t i) const {
    const size_t n = first_ + i;
    return reinterpret_cast<T*>(blocks_[n / block_size]->bytes) + n % block_size;
  }
  // The list of blocks is cut from time to time only.
  void drop_first_block() {
    constexpr size_t most_dropped = 64;
    const size_t dropped = first_ / block_size;
    blocks_[dropped - 1].reset();
    memory_ -= sizeof(Block) + sizeof(blocks_[0]);
    if (dropped < most_dropped) return;
    blocks_.erase(blocks_.begin(), blocks_.begin() + most_dropped);
    first_ -= most_dropped * block_size;
  }

  std::vector<std::unique_ptr<Block>> blocks_;
  size_t first_ = 0;  // Counted from the first block's beginning.
  size_t size_ = 0;
  size_t memory_ = 0;  // Of the blocks, and of their places in the list.
};

}  // namespace mread::merger
