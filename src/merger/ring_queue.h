#pragma once

#include <cassert>
#include <cstddef>
#include <memory>
#include <utility>

namespace mread::merger {

/// A queue whose elements are found by their place without a division, which std::deque and Boost's containers make. It
/// grows by doubling, which moves its elements, and keeps its memory. Not thread-safe.
template <class T>
class RingQueue {
 public:
  RingQueue() = default;
  RingQueue(RingQueue&& other) noexcept
      : slots_(std::exchange(other.slots_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        first_(std::exchange(other.first_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  RingQueue& operator=(RingQueue&&) = delete;
  ~RingQueue() {
    clear();
    std::allocator<T>().deallocate(slots_, capacity_);
  }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  T& operator[](size_t i) { return slots_[(first_ + i) & (capacity_ - 1)]; }
  const T& operator[](size_t i) const { return slots_[(first_ + i) & (capacity_ - 1)]; }
  T& front() { return slots_[first_]; }
  const T& front() const { return slots_[first_]; }
  T& back() { return (*this)[size_ - 1]; }
  const T& back() const { return (*this)[size_ - 1]; }

  void push_back(T&& value) {
    if (size_ == capacity_) grow();
    std::construct_at(&(*this)[size_], std::move(value));
    ++size_;
  }
  void pop_front() {
    assert(!empty());
    std::destroy_at(&front());
    first_ = (first_ + 1) & (capacity_ - 1);
    --size_;
  }
  void pop_back() {
    assert(!empty());
    std::destroy_at(&back());
    --size_;
  }
  void clear() {
    while (!empty()) pop_front();
  }

 private:
  void grow() {
    const size_t capacity = capacity_ == 0 ? 16 : 2 * capacity_;
    T* const slots = std::allocator<T>().allocate(capacity);
    const size_t size = size_;
    for (size_t i = 0; i < size; ++i) {
      std::construct_at(&slots[i], std::move(front()));
      pop_front();
    }
    std::allocator<T>().deallocate(slots_, capacity_);
    slots_ = slots;
    capacity_ = capacity;
    first_ = 0;
    size_ = size;
  }

  T* slots_ = nullptr;
  size_t capacity_ = 0;  // A power of two, or none.
  size_t first_ = 0;
  size_t size_ = 0;
};

}  // namespace mread::merger
