#include "base/memory_reserve.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace mread {

MemoryReserve::~MemoryReserve() {
  while (release()) {
  }
}

void* MemoryReserve::allocate(size_t size) noexcept {
  void* memory = allocate_(std::max<size_t>(size, 1));
  while (memory == nullptr && size <= small_bytes && release()) memory = allocate_(size);
  return memory;
}

bool MemoryReserve::release() noexcept {
  for (auto& piece : pieces_) {
    void* const memory = piece.exchange(nullptr);
    if (memory == nullptr) continue;
    --held_;
    free_(memory);
    return true;
  }
  return false;
}

void MemoryReserve::refill() noexcept {
  if (held_ == pieces) return;
  for (auto& piece : pieces_) {
    if (piece != nullptr) continue;
    void* const memory = allocate_(piece_bytes);
    if (memory == nullptr) return;
    void* expected = nullptr;
    if (piece.compare_exchange_strong(expected, memory)) {
      ++held_;
    } else {
      free_(memory);
    }
  }
}

MemoryReserve& memory_reserve() {
  // Never destroyed: whatever ends after main() still allocates. Placed without operator new.
  alignas(MemoryReserve) static std::byte place[sizeof(MemoryReserve)];
  static MemoryReserve* const reserve = new (place) MemoryReserve(std::malloc, std::free);
  return *reserve;
}

}  // namespace mread
