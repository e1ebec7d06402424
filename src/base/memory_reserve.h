#pragma once

#include <array>
#include <atomic>
#include <cstddef>

namespace mread {

/// Allocates memory, and keeps some aside for small allocations. Asio allocates small objects where
/// an exception would end the process or lose a coroutine. So a small allocation that fails is
/// tried again with a piece of the reserve freed, and a large one throws std::bad_alloc at once:
/// whoever made it can end its read.
///
/// Safe to use from several threads.
class MemoryReserve {
 public:
  /// An allocation of at most so many bytes is small.
  static constexpr size_t small_bytes = 1024;
  static constexpr size_t pieces = 64;
  static constexpr size_t piece_bytes = 16U << 10;

  /// `taken_from` gives null where there is no memory; `given_back` takes what it gave.
  MemoryReserve(void* (*taken_from)(size_t size), void (*given_back)(void* memory))
      : allocate_(taken_from), free_(given_back) {}
  ~MemoryReserve();
  MemoryReserve(const MemoryReserve&) = delete;
  MemoryReserve& operator=(const MemoryReserve&) = delete;

  /// Memory for `size` bytes; null where there is none.
  void* allocate(size_t size) noexcept;
  /// Sets the pieces aside that are missing, as far as there is memory.
  void refill() noexcept;
  /// How many pieces are set aside.
  size_t held() const noexcept { return held_; }

 private:
  bool release() noexcept;

  void* (*const allocate_)(size_t size);
  void (*const free_)(void* memory);
  std::array<std::atomic<void*>, pieces> pieces_{};
  std::atomic<size_t> held_ = 0;
};

/// The reserve of this process, over malloc. Empty until refill() is called.
MemoryReserve& memory_reserve();

}  // namespace mread
