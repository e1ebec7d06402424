#include "serve/memory/failing_new.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace mread::serve::failing_new {
namespace {

constexpr uint64_t never = UINT64_MAX;

std::atomic<uint64_t> left = never;  // Allocations until the one that throws.
std::atomic<size_t> smallest_bytes = 0;
std::atomic<bool> thrown = false;
std::atomic<Fails> mode = Fails::once;
thread_local bool is_exempt = false;

void count(size_t size) {
  if (is_exempt || size < smallest_bytes.load(std::memory_order_relaxed)) return;
  uint64_t before = left.load();
  for (bool is_changed = false; before != never && !is_changed;) {
    const uint64_t ended = mode == Fails::once ? never : 0;
    is_changed = left.compare_exchange_weak(before, before == 0 ? ended : before - 1);
  }
  if (before != 0) return;
  thrown = true;
  throw std::bad_alloc();
}

}  // namespace

void arm(uint64_t count, size_t smallest, Fails fails) {
  thrown = false;
  mode = fails;
  smallest_bytes = smallest;
  left = count;
}

bool disarm() {
  left = never;
  return thrown;
}

void exempt_this_thread() { is_exempt = true; }

void* allocate(size_t size) {
  count(size);
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

void* allocate_aligned(size_t size, std::align_val_t alignment) {
  count(size);
  const auto step = static_cast<size_t>(alignment);
  if (void* const memory = std::aligned_alloc(step, (size + step - 1) / step * step)) return memory;
  throw std::bad_alloc();
}

}  // namespace mread::serve::failing_new

namespace failing_new = mread::serve::failing_new;

void* operator new(size_t size) { return failing_new::allocate(size); }
void* operator new[](size_t size) { return failing_new::allocate(size); }
void* operator new(size_t size, std::align_val_t alignment) {
  return failing_new::allocate_aligned(size, alignment);
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return failing_new::allocate_aligned(size, alignment);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
