#include "wire/bytes/large_memory.h"

#include <cstdint>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace mread::wire {

namespace {

constexpr size_t huge_page = 2U << 20;

}  // namespace

size_t large_memory_bytes(size_t bytes) {
  if (bytes < huge_page) return bytes;
  return bytes > SIZE_MAX - huge_page ? SIZE_MAX : (bytes + huge_page - 1) & ~(huge_page - 1);
}

std::shared_ptr<char[]> large_memory(size_t bytes) {
  if (bytes < huge_page) return std::make_shared_for_overwrite<char[]>(bytes);
  const size_t whole = large_memory_bytes(bytes);
  void* const memory = std::aligned_alloc(huge_page, whole);
  if (memory == nullptr) throw std::bad_alloc();
  // The last page may be needed only in part, so it uses small pages: no more memory is resident
  // than is used.
  if (bytes / huge_page > 0)
    madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE);  // A wish: it may fail.
  return {static_cast<char*>(memory), [](char* p) { std::free(p); }};
}

}  // namespace mread::wire
